"""What only a model suite has: the standing of each variant's budget, and the trade-off figure in light and dark.

Imported only for histories that have variants: it needs the libraries of the ``models`` extra.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import get_args

from bench_models import suites
from bench_models.errors import BenchModelsError
from bench_models.metrics.budgets import status_of
from bench_models.outcomes import Measured, Outcome, reason_of
from bench_models.report.document import FOLDER, Standing, Summary, VariantReport, read
from bench_models.report.figure.render import svg
from bench_models.report.figure.themes import DARK, LIGHT
from bench_models.site.model import Column, Table
from bench_models.site.summary import BUDGET
from bench_models.stats.estimate import Estimate
from bench_models.storage import write_atomically
from bench_models.suites.suite import Suite

SIZE, ACCURACY = "Figures.track_size", "Figures.track_accuracy"
LATENCY, SPEED_UP = "Latency.time_single_stream", "SpeedUp.track_speed_up"
RELATIVE_LATENCY = "SpeedUp.track_relative_latency"
_DRAWN: dict[str, Standing] = {standing: standing for standing in get_args(Standing)}

Values = Mapping[str, Mapping[str, Outcome[float]]]


def judged(table: Table, benchmarks: Path) -> Table:
    """Return the table with each row's standing; ``benchmarks`` is the folder of the project's suites."""
    suite = suite_called(table.suite, benchmarks)
    if suite is None:
        return table
    values = {name: column.values for name, column in _columns(table).items()} | {BUDGET: table.budgets}
    found = standings(suite, values)
    return replace(table, rows=tuple(replace(row, standing=found.get(row.history.name, "")) for row in table.rows))


def suite_called(module: str, benchmarks: Path) -> Suite | None:
    """Return the suite whose benchmarks lie in ``module``, or None where they are not of a model suite.

    It is the checked-out one: publish from the newest commit.
    """
    names = {suites.module_name(name): name for name in suites.BUILT_IN}
    try:
        return suites.load(names.get(module) or str(benchmarks / f"{module}.py")) if module.isidentifier() else None
    except BenchModelsError:  # benchmarks of another kind
        return None


def standings(suite: Suite, values: Values) -> dict[str, str]:
    """Return each variant's standing in a word; ``values`` are by benchmark and variant."""
    return {variant: _standing(suite, variant, values) for variant in suite.names}


def _standing(suite: Suite, variant: str, values: Values) -> str:
    if not _measured(values, variant):
        return "not measured"
    if variant == suite.baseline.name:
        return "baseline"
    if suite[variant].budget is None:
        return "no budget"
    status = values.get(BUDGET, {}).get(variant)
    if not isinstance(status, Measured) or not _measured(values, suite.baseline.name):
        return "not judged"
    return status_of(status.value) or "not judged"


def _measured(values: Values, variant: str) -> bool:
    return all(isinstance(values.get(name, {}).get(variant), Measured) for name in (SIZE, ACCURACY))


def draw(table: Table, folder: Path) -> bool:
    """Draw the figure of a table into files in ``folder``; return whether its budgets and numbers are known."""
    summary = _summary(table)
    if summary is None:
        return False
    for theme in (LIGHT, DARK):
        write_atomically(folder / f"figure-{table.suite}-{theme.name}.svg", svg(summary, theme))
    return True


def _summary(table: Table) -> Summary | None:
    """Return what to draw: the commit's own report where it lies in ``results``, else what asv recorded.

    asv keeps no intervals of accuracies and speed-ups, so the latter has none.
    """
    known = {row.standing for row in table.rows} <= _DRAWN.keys()
    if not known or not {SIZE, ACCURACY, LATENCY} <= _columns(table).keys():
        return None
    name = table.suite.replace("_", "-")
    file = Path(FOLDER) / f"{name}.json"
    try:
        stored = read(file) if file.is_file() else None
    except BenchModelsError:  # a report of another version, which nobody asked for
        stored = None
    if stored is not None and stored.commit == table.commit.sha:
        return stored.summary
    return Summary(
        suite=name,
        commit=table.commit.sha,
        machine=table.machine,
        variants=tuple(_variant(table, row.history.name, _DRAWN[row.standing]) for row in table.rows),
    )


def _variant(table: Table, name: str, standing: Standing) -> VariantReport:
    columns = _columns(table)
    needed = [columns[benchmark].values[name] for benchmark in (SIZE, ACCURACY, LATENCY)]
    baseline = table.rows[0].history.name
    right, best = _number(columns[ACCURACY], name), _number(columns[ACCURACY], baseline)
    stored, whole = _number(columns[SIZE], name), _number(columns[SIZE], baseline)
    return VariantReport(
        name=name,
        standing=standing,
        errors=tuple(dict.fromkeys(reason_of(each) for each in needed if not isinstance(each, Measured))),
        latency_single_stream_s=columns[LATENCY].estimates.get(name),
        latency_offline_s_per_sentence=None,
        speed_up_single_stream_ratio=_exact_if_known(_number(columns.get(SPEED_UP), name)),
        speed_up_offline_ratio=None,
        parameters_count=None,
        size_bytes=None if stored is None else round(stored),
        naive_size_bytes=None,
        size_reduction_pct=None if stored is None or not whole else 100 * (1 - stored / whole),
        sparsity_share=None,
        accuracy_share=_exact_if_known(right),
        error_rate_share=None,
        accuracy_drop_points=None if right is None or best is None else exact(100 * (best - right)),
        correct_by_sentence=None,
        budgets=(),
    )


def _columns(table: Table) -> dict[str, Column]:
    """Return the columns by their benchmark's name in its module."""
    return {column.series.benchmark.removeprefix(f"{table.suite}."): column for column in table.columns}


def _number(column: Column | None, name: str) -> float | None:
    value = column.values[name] if column else None
    return value.value if isinstance(value, Measured) else None


def exact(value: float) -> Estimate:
    """Return an interval of no width, which an exact number has at any level."""
    return Estimate(value=value, low=value, high=value, level=0.95)


def _exact_if_known(value: float | None) -> Estimate | None:
    return None if value is None else exact(value)
