"""Each variant of a suite at the newest published commit, compared with the baseline of the same run."""

from collections.abc import Sequence
from pathlib import Path

from bench_models.asv.results import Recorded, recorded_in
from bench_models.errors import BenchModelsError
from bench_models.outcomes import Measured
from bench_models.site.model import Cell, Column, Commit, History, Row, Table
from bench_models.stats.estimate import Estimate

# The verdict on a variant's budget, which has a column of its own.
BUDGET = "Figures.track_budget"
# The error rate repeats the accuracy, and the relative latency the speed-up; the naive size is there to compare with
# other tables.
_ELSEWHERE = (".track_error_rate", ".track_disagreement", ".track_naive_size", BUDGET, ".track_relative_latency")
# It compares with the baseline by itself.
_RATIO = ".track_speed_up"


def tables(
    histories: Sequence[History], commits: Sequence[Commit], files: dict[str, tuple[Path, ...]], kept: Path
) -> tuple[Table, ...]:
    """Return the table of each suite that has variants; ``kept`` is asv's results folder."""
    found = []
    for suite in sorted({history.suite for history in histories if history.variant is not None}):
        newest = _newest(suite, commits, files, kept)
        if newest is not None:
            found.append(_table(suite, [each for each in histories if each.suite == suite and each.variant], *newest))
    return tuple(found)


def _newest(
    suite: str, commits: Sequence[Commit], files: dict[str, tuple[Path, ...]], kept: Path
) -> tuple[Commit, Recorded] | None:
    for commit in sorted(commits, key=lambda each: each.revision, reverse=True):
        try:
            recorded = recorded_in(files.get(commit.sha, ()), commit.sha, suite, kept=kept)
        except BenchModelsError:  # the page names the file among those left aside
            continue
        if recorded is not None:
            return commit, recorded
    return None


def _table(suite: str, histories: list[History], commit: Commit, recorded: Recorded) -> Table:
    names = [history.name for history in histories]
    # Benchmarks that have the variant for their only parameter.
    single = [one for each in histories for one in each.series if len(one.parameters) == 1]
    series = {one.benchmark: one for one in single if not one.benchmark.endswith(_ELSEWHERE)}
    columns = tuple(
        Column(
            series=each,
            values={name: recorded.value(benchmark, name) for name in names},
            estimates=_timings(recorded, benchmark, names),
        )
        for benchmark, each in series.items()
    )
    return Table(
        suite=suite,
        commit=commit,
        machine=recorded.machine,
        rows=tuple(
            Row(history=each, cells=tuple(_cell(column, each.name, names[0]) for column in columns))
            for each in histories
        ),
        columns=columns,
        budgets={name: recorded.value(f"{suite}.{BUDGET}", name) for name in names},
    )


def _timings(recorded: Recorded, benchmark: str, names: Sequence[str]) -> dict[str, Estimate]:
    """Return the times of the variants that were timed, each with an interval of its own processes."""
    found = {name: recorded.timing(benchmark, name) for name in names}
    return {name: outcome.value.estimate for name, outcome in found.items() if isinstance(outcome, Measured)}


def _cell(column: Column, name: str, baseline: str) -> Cell:
    value, show = column.values[name], column.series.show
    if not isinstance(value, Measured):
        return Cell(text=type(value).__name__.lower())
    estimate = column.estimates.get(name)
    shown = estimate.value if estimate else value.value
    beneath = [f"{show(estimate.low)} to {show(estimate.high)}"] if estimate else []
    if name != baseline and not column.series.benchmark.endswith(_RATIO):
        beneath.append(_comparison(column, name, baseline))
    return Cell(text=show(shown), beneath=tuple(filter(None, beneath)), sort=shown)


def _comparison(column: Column, name: str, baseline: str) -> str:
    """Compare a variant's number with the baseline's, in words."""
    own, reference = column.estimates.get(name), column.estimates.get(baseline)
    if own and reference:
        return f"{reference.value / own.value:.2f}\N{MULTIPLICATION SIGN} as fast"
    value, start = column.values[name], column.values[baseline]
    if not isinstance(value, Measured) or not isinstance(start, Measured):
        return ""
    if value.value == start.value:
        return "the same"
    if column.series.better == "higher":
        return signed((value.value - start.value) * 100, "points")
    return signed((value.value / start.value - 1) * 100, "%") if start.value else ""


def signed(number: float, unit: str) -> str:
    """Return a difference with its sign, and with more digits where it is small."""
    digits = 3 if f"{abs(number):.1f}" == "0.0" else 1
    return f"{number:+.{digits}f} {unit}".replace("-", "\N{MINUS SIGN}")
