"""The leaderboard line: of the variants that lose at most a point of accuracy, the fastest and the smallest."""

from collections.abc import Sequence

from bench_models.metrics import SIZE, SPEED_UP
from bench_models.report.document import Report
from bench_models.report.recommendation import Candidate, candidates_of, in_points
from bench_models.text import show_points, with_interval

# What people allow who compress a classifier; `bench-models recommend` takes any other tolerance.
POINTS = 1.0


def leaders(candidates: Sequence[Candidate]) -> tuple[Candidate, Candidate] | None:
    """Return the fastest and the smallest candidate whose drop is at most ``POINTS``, or None where none is.

    The first candidate is the baseline, which leads nothing. Drops and speed-ups are compared by their points: a line
    that is followed over commits must not change with the width of intervals. What may be relied on is for
    ``recommend``, which goes by their ends.
    """
    # 91.0 - 90.0 of a hundred sentences may come out a hair above one point.
    within = [each for each in candidates[1:] if round(each.accuracy_drop_points.value, 6) <= POINTS]
    if not within:
        return None
    return (
        min(within, key=lambda each: (-each.speed_up.value, each.size_bytes)),
        min(within, key=lambda each: (each.size_bytes, -each.speed_up.value)),
    )


def leaderboard(report: Report) -> str:
    """Return the line in Markdown; nothing where no variant was timed and scored beside the baseline."""
    candidates = candidates_of(report.variants)
    if len(candidates) < 2 or candidates[0].name != report.variants[0].name:  # noqa: PLR2004  # the baseline, and one
        return ""
    found = leaders(candidates)
    if found is None:
        return f"No variant is within {in_points(POINTS)} of the baseline's accuracy."
    fastest, smallest = found
    speed_up = with_interval(fastest.speed_up, SPEED_UP.show)
    smaller = 100 * (1 - smallest.size_bytes / candidates[0].size_bytes)
    size = f"{SIZE.show(smallest.size_bytes)}, {smaller:.1f} % less than the baseline"
    if fastest is smallest:
        both = f"the fastest and the smallest is **{fastest.name}** with {speed_up} and {size}, {_lost(fastest)}"
    else:
        both = (
            f"the fastest is **{fastest.name}** with {speed_up}, {_lost(fastest)}, and the smallest is "
            f"**{smallest.name}** with {size}, {_lost(smallest)}"
        )
    machine = f"{report.machine.cpu}, {report.machine.cores} cores"
    return f"Within {in_points(POINTS)} of the baseline's accuracy, {both}. Measured on {machine}."


def _lost(candidate: Candidate) -> str:
    return f"which loses {with_interval(candidate.accuracy_drop_points, show_points)}"
