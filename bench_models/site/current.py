"""What each variant of a suite is like at the newest published commit, against the baseline of the same run."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench_models.asv.results import Recorded, recorded_in
from bench_models.errors import BenchModelsError
from bench_models.outcomes import Measured, Outcome, reason_of
from bench_models.site.histories import Commit, History, Series
from bench_models.site.standings import BUDGET, standings, suite_called
from bench_models.stats.estimate import Estimate

if TYPE_CHECKING:
    from bench_models.suites.suite import Suite


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A number as people read it, with what stands beneath it, and as a script sorts it."""

    text: str
    beneath: tuple[str, ...] = ()
    sort: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One variant; its standing is empty where nothing is known of budgets."""

    history: History
    standing: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One benchmark of all variants: what was measured of each, with an interval where there were samples."""

    series: Series
    values: dict[str, Outcome[float]]
    estimates: dict[str, Estimate]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A suite at one commit on one machine; ``failures`` says why a cell is empty."""

    suite: str
    commit: Commit
    machine: str
    titles: tuple[str, ...]
    rows: tuple[Row, ...]
    figures: tuple[Figure, ...]
    failures: tuple[str, ...]

    @property
    def by_name(self) -> dict[str, Figure]:
        """The figures by their benchmark's name in its module."""
        return {figure.series.benchmark.removeprefix(f"{self.suite}."): figure for figure in self.figures}

    @property
    def judged(self) -> bool:
        """Whether the budgets of its variants are known."""
        return any(row.standing for row in self.rows)


# The error rate says again what the accuracy says, and the relative latency what the speed-up says; the naive size is
# there for comparison with other tables, and the verdict on the budget has a column of its own.
_ELSEWHERE = (
    ".track_error_rate",
    ".track_disagreement",
    ".track_naive_size",
    ".track_budget",
    ".track_relative_latency",
)
# It is against the baseline by itself.
_RATIO = ".track_speed_up"


def tables(
    histories: Sequence[History],
    commits: Sequence[Commit],
    files: dict[str, tuple[Path, ...]],
    *,
    kept: Path,
    benchmarks: Path,
) -> tuple[Table, ...]:
    """Return the table of each suite that has variants; ``kept`` and ``benchmarks`` are asv's folders."""
    found = []
    for suite in sorted({history.suite for history in histories if history.variant is not None}):
        newest = _newest(suite, commits, files, kept)
        if newest is not None:
            variants = [each for each in histories if each.suite == suite and each.variant]
            found.append(_table(variants, *newest, suite_called(suite, benchmarks)))
    return tuple(found)


def _newest(
    suite: str, commits: Sequence[Commit], files: dict[str, tuple[Path, ...]], kept: Path
) -> tuple[Commit, Recorded] | None:
    for commit in sorted(commits, key=lambda each: each.revision, reverse=True):
        try:
            recorded = recorded_in(files.get(commit.sha, ()), commit.sha, suite, kept=kept)
        except BenchModelsError:  # the survey names the file
            continue
        if recorded is not None:
            return commit, recorded
    return None


def _table(histories: list[History], commit: Commit, recorded: Recorded, suite: "Suite | None") -> Table:
    figures = _figures(histories, recorded)
    by_name = {figure.series.benchmark.removeprefix(f"{histories[0].suite}."): figure.values for figure in figures}
    names = [history.name for history in histories]
    by_name |= {BUDGET: {name: recorded.value(f"{histories[0].suite}.{BUDGET}", name) for name in names}}
    standing = standings(suite, by_name) if suite else {}
    reasons = [
        f"{figure.series.title} of {name}: {reason_of(value)}"
        for figure in figures
        for name, value in figure.values.items()
        if not isinstance(value, Measured)
    ]
    return Table(
        suite=histories[0].suite,
        commit=commit,
        machine=recorded.machine,
        titles=tuple(figure.series.title for figure in figures),
        rows=tuple(
            Row(
                history=each,
                standing=standing.get(each.name, ""),
                cells=tuple(_cell(figure, each.name, histories[0].name) for figure in figures),
            )
            for each in histories
        ),
        figures=figures,
        failures=tuple(reasons),
    )


def _figures(histories: list[History], recorded: Recorded) -> tuple[Figure, ...]:
    """Return the benchmarks that have the variant for their only parameter."""
    single = [one for each in histories for one in each.series if len(one.parameters) == 1]
    series = {one.benchmark: one for one in single if not one.benchmark.endswith(_ELSEWHERE)}
    names = [history.name for history in histories]
    return tuple(
        Figure(
            series=each,
            values={name: recorded.value(benchmark, name) for name in names},
            estimates=timings(recorded, benchmark, names),
        )
        for benchmark, each in series.items()
    )


def timings(recorded: Recorded, benchmark: str, names: Sequence[str]) -> dict[str, Estimate]:
    """Return the times of the variants that were timed, each with an interval of its own processes."""
    found = {name: recorded.timing(benchmark, name) for name in names}
    return {name: outcome.value.estimate for name, outcome in found.items() if isinstance(outcome, Measured)}


def _cell(figure: Figure, name: str, baseline: str) -> Cell:
    value = figure.values[name]
    if not isinstance(value, Measured):
        return Cell(text=type(value).__name__.lower())
    estimate = figure.estimates.get(name)
    shown = estimate.value if estimate else value.value
    beneath = [_interval(figure, estimate)] if estimate else []
    if name != baseline and not figure.series.benchmark.endswith(_RATIO):
        beneath.append(_against(figure, name, baseline))
    return Cell(text=figure.series.show(shown), beneath=tuple(filter(None, beneath)), sort=shown)


def _interval(figure: Figure, estimate: Estimate) -> str:
    return f"{figure.series.show(estimate.low)} to {figure.series.show(estimate.high)}"


def _against(figure: Figure, name: str, baseline: str) -> str:
    """Say what became of the baseline's number."""
    own, reference = figure.estimates.get(name), figure.estimates.get(baseline)
    if own and reference:
        return f"{reference.value / own.value:.2f}\N{MULTIPLICATION SIGN} as fast"
    value, start = figure.values[name], figure.values[baseline]
    if not isinstance(value, Measured) or not isinstance(start, Measured):
        return ""
    if value.value == start.value:
        return "the same"
    if figure.series.better == "higher":
        return signed((value.value - start.value) * 100, "points")
    return signed((value.value / start.value - 1) * 100, "%") if start.value else ""


def signed(number: float, unit: str) -> str:
    """Return a difference with its sign, and more digits where it is small."""
    digits = 3 if f"{abs(number):.1f}" == "0.0" else 1
    return f"{number:+.{digits}f} {unit}".replace("-", "\N{MINUS SIGN}")
