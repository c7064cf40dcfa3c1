"""The leaderboard line of a model suite at each commit, as a history: the frontier itself may regress.

Imported only for histories that have variants, as model_suite.py: it needs the libraries of the ``models`` extra.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from bench_models.metrics.budgets import status_of
from bench_models.report.document import Standing
from bench_models.report.leaderboard import POINTS, leaders
from bench_models.report.recommendation import Candidate, in_points
from bench_models.site.asv_graphs import GraphReader, file_of, newest_first
from bench_models.site.model import Commit, History, Line, Point, Series
from bench_models.site.model_suite import ACCURACY, RELATIVE_LATENCY, SIZE, SPEED_UP, exact
from bench_models.site.summary import BUDGET
from bench_models.text import show_size, show_times

NAME = "Leaderboard"
_WITHIN = f"within {in_points(POINTS)}"

# What was recorded of each variant at a commit, by the benchmark's name in its module.
_Recorded = Mapping[str, Mapping[str, float]]


def leaderboard(suite: str, histories: Sequence[History], reader: GraphReader) -> History | None:
    """Return the figures of the fastest and of the smallest variant that loses at most a point, by commit.

    The first of ``histories`` is the baseline's, which leads where no other does. A commit at which whoever led before
    was not measured is left out: asv does not tell what was not asked for. A rise of latency or size is a regression
    where asv's configuration calls it one for whoever leads now. None where no other ever leads.
    """
    names = [each.name for each in histories]
    settings = {line.of_asv: line for each in histories for line in _lines(each, f"{suite}.{SPEED_UP}")}
    fastest: dict[str, list[Point]] = defaultdict(list)
    smallest: dict[str, list[Point]] = defaultdict(list)
    for (setting, commit), recorded in _recorded(suite, histories).items():
        candidates = _candidates(names, recorded)
        led = {points[setting][-1].of for points in (fastest, smallest) if setting in points}
        if not {names[0], *led} <= {each.name for each in candidates}:
            continue
        first, least = (each or candidates[0] for each in leaders(candidates))
        fastest[setting].append(Point(commit=commit, value=first.speed_up.value, of=first.name))
        smallest[setting].append(Point(commit=commit, value=least.size_bytes, of=least.name))
    if not any(point.of != names[0] for points in (*fastest.values(), *smallest.values()) for point in points):
        return None
    inverse = {setting: [replace(each, value=1 / each.value) for each in points] for setting, points in fastest.items()}

    def series(
        title: str, found: Mapping[str, list[Point]], show: Callable[[float], str], judged_as: str | None
    ) -> Series:
        def line(setting: str, points: list[Point]) -> Line:
            entry = f"{suite}.{judged_as}({points[-1].of!r})" if judged_as else None
            return reader.line(settings[setting], tuple(points), entry)

        return Series(
            benchmark="",
            title=title,
            parameters=(),
            better="lower" if judged_as else "higher",  # asv takes rises for regressions
            show=show,
            lines=newest_first(line(*each) for each in found.items()),
        )

    return History(
        suite=suite,
        variant=NAME,
        file=file_of(suite, None).replace("history-", "leaderboard-", 1),
        series=(
            series(f"Speed-up of the fastest {_WITHIN}", fastest, show_times, None),
            series(f"Size of the smallest {_WITHIN}", smallest, show_size, SIZE),
            series(f"Relative latency of the fastest {_WITHIN}", inverse, show_times, RELATIVE_LATENCY),
        ),
    )


def _lines(history: History, benchmark: str) -> tuple[Line, ...]:
    """Return the lines of a benchmark that has the variant for its only parameter."""
    found = [each.lines for each in history.series if each.benchmark == benchmark and len(each.parameters) == 1]
    return found[0] if found else ()


def _recorded(suite: str, histories: Sequence[History]) -> dict[tuple[str, Commit], dict[str, dict[str, float]]]:
    """Return what was recorded in each of asv's settings at each commit, oldest first."""
    found: dict[tuple[str, Commit], dict[str, dict[str, float]]] = defaultdict(lambda: defaultdict(dict))
    for history in histories:
        for name in (SPEED_UP, SIZE, ACCURACY, BUDGET):
            for line in _lines(history, f"{suite}.{name}"):
                for point in line.points:
                    found[line.of_asv, point.commit][history.name][name] = point.value
    return dict(sorted(found.items(), key=lambda each: each[0][1].revision))


def _candidates(names: Sequence[str], recorded: _Recorded) -> list[Candidate]:
    """Return the variants of which all is known; asv keeps no intervals of these figures."""
    known = [name for name in names if {SPEED_UP, SIZE, ACCURACY} <= recorded.get(name, {}).keys()]
    best = recorded[known[0]][ACCURACY] if known else 0.0
    return [
        Candidate(
            name=name,
            standing=_standing(recorded[name].get(BUDGET)),
            speed_up=exact(recorded[name][SPEED_UP]),
            accuracy=exact(recorded[name][ACCURACY]),
            accuracy_drop_points=exact(100 * (best - recorded[name][ACCURACY])),
            size_bytes=recorded[name][SIZE],
        )
        for name in known
        if recorded[name][SPEED_UP] > 0
    ]


def _standing(status: float | None) -> Standing:
    """Return how a budget stood; where no verdict was recorded, or one of another version, nobody may lead by it."""
    return (None if status is None else status_of(status)) or "not measured"
