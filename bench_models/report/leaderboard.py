"""The leaderboard line: of variants that lose at most a point of accuracy, the fastest and the smallest."""

from collections.abc import Sequence

from bench_models.metrics import SIZE, SPEED_UP
from bench_models.report.document import Report
from bench_models.report.recommendation import Candidate, candidates_of, in_points, loses
from bench_models.text import show_points, with_interval

# What people allow who compress a classifier; `bench-models recommend` takes any other tolerance.
POINTS = 1.0


def leaders(candidates: Sequence[Candidate]) -> tuple[Candidate | None, Candidate | None]:
    """Return the fastest and the smallest candidate whose drop is at most ``POINTS``, each None where none is.

    The first candidate is the baseline: whoever leads is faster than it, or smaller, by its metric's margin, and
    breaks no budget. Drops and
    speed-ups are compared by their points: a line that is followed over commits must not change with the width of
    intervals. What may be relied on is for ``recommend``, which goes by their ends.
    """
    baseline = candidates[0]
    # 91.0 - 90.0 of a hundred sentences may come out a hair above one point.
    within = [
        each
        for each in candidates[1:]
        if round(each.accuracy_drop_points.value, 6) <= POINTS and each.standing in {"kept", "open", "no budget"}
    ]
    # By more than what nobody cares about: the same weights in another kind of file are a few bytes more or less.
    faster = [each for each in within if each.speed_up.value >= 1 + SPEED_UP.margin_pct / 100]
    smaller = [each for each in within if each.size_bytes <= baseline.size_bytes * (1 - SIZE.margin_pct / 100)]
    return (
        min(faster, key=lambda each: (-each.speed_up.value, each.size_bytes), default=None),
        min(smaller, key=lambda each: (each.size_bytes, -each.speed_up.value), default=None),
    )


def leaderboard(report: Report) -> str:
    """Return the line in Markdown; nothing where no variant was timed and scored beside the baseline."""
    candidates = candidates_of(report.variants)
    if len(candidates) < 2 or candidates[0].name != report.variants[0].name:  # noqa: PLR2004  # the baseline, and one
        return ""
    fastest, smallest = leaders(candidates)
    said = []
    if fastest:
        said.append(f"the fastest is **{fastest.name}** with {with_interval(fastest.speed_up, SPEED_UP.show)}")
    if smallest:
        which = "the smallest, too," if smallest is fastest else f"the smallest is **{smallest.name}**"
        less = f"{100 * (1 - smallest.size_bytes / candidates[0].size_bytes):.1f} % less than the baseline"
        said.append(f"{which} with {SIZE.show(smallest.size_bytes)}, {less}")
    within = f"Within {in_points(POINTS)} of the baseline's accuracy"
    if not said:
        faster, smaller = f"{SPEED_UP.margin_pct:g} % faster", f"{SIZE.margin_pct:g} % smaller"
        return f"{within}, no variant is at least {faster} or {smaller} without breaking its budget."
    drops = dict.fromkeys(each for each in (fastest, smallest) if each)
    lost = " and ".join(f"{each.name} {_lost(each)}" for each in drops)
    machine = f"{report.machine.cpu}, {report.machine.cores} cores"
    return f"{within}, {', and '.join(said)}; {lost}. Measured on {machine}."


def _lost(candidate: Candidate) -> str:
    drop = candidate.accuracy_drop_points
    return f"loses {with_interval(drop, show_points)}" if drop.value >= 0 else loses(drop.value)
