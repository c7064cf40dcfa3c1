"""The trade-off figure of each suite whose budgets are known, in light and dark."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import get_args

from bench_models.errors import BenchModelsError
from bench_models.outcomes import Measured, Outcome, reason_of
from bench_models.report.document import Standing, Summary, VariantReport, read
from bench_models.report.write import FOLDER
from bench_models.site.current import Figure, Table
from bench_models.site.rendering import Picture
from bench_models.site.standings import ACCURACY, SIZE
from bench_models.stats.estimate import Estimate
from bench_models.storage import write_atomically

LATENCY, SPEED_UP = "Latency.time_single_stream", "SpeedUp.track_speed_up"
_JUDGED: dict[str, Standing] = {standing: standing for standing in get_args(Standing)}
# What is exact has an interval of no width, at any level.
_EXACT = 0.95


def pictures(tables: Sequence[Table], folder: Path) -> dict[str, Picture]:
    """Draw the newest figures into files in ``folder``, and return them by the suite's module."""
    found = {}
    for table in tables:
        summary = _summary(table)
        if summary is not None:
            found[table.suite] = _drawn(summary, folder / f"figure-{table.suite}")
    return found


def _summary(table: Table) -> Summary | None:
    """Return the report to draw: the commit's own where it lies in ``results``, else what asv recorded.

    asv keeps no intervals of accuracies and speed-ups, so the latter has none.
    """
    judged = {row.standing for row in table.rows} <= _JUDGED.keys()
    if not judged or not {SIZE, ACCURACY, LATENCY} <= table.by_name.keys():
        return None
    file = Path(FOLDER) / f"{table.suite.replace('_', '-')}.json"
    try:
        kept = read(file) if file.is_file() else None
    except BenchModelsError:  # a report of another version, which nobody asked for
        kept = None
    if kept is not None and kept.commit == table.commit.sha:
        return kept.summary
    return Summary(
        suite=table.suite.replace("_", "-"),
        commit=table.commit.sha,
        machine=table.machine,
        variants=tuple(_variant(table, row.history.name, _JUDGED[row.standing]) for row in table.rows),
    )


def _variant(table: Table, name: str, standing: Standing) -> VariantReport:
    size, accuracy, latency = (table.by_name[benchmark] for benchmark in (SIZE, ACCURACY, LATENCY))
    baseline = table.rows[0].history.name
    faster = _number(table.by_name[SPEED_UP].values, name) if SPEED_UP in table.by_name else None
    right, best = _number(accuracy.values, name), _number(accuracy.values, baseline)
    stored, whole = _number(size.values, name), _number(size.values, baseline)
    return VariantReport(
        name=name,
        standing=standing,
        errors=_errors((size, accuracy, latency), name),
        latency_single_stream_s=latency.estimates.get(name),
        latency_offline_s_per_sentence=None,
        speed_up_single_stream_ratio=None if faster is None else _exact(faster),
        speed_up_offline_ratio=None,
        parameters_count=None,
        size_bytes=None if stored is None else round(stored),
        naive_size_bytes=None,
        size_reduction_pct=None if stored is None or not whole else 100 * (1 - stored / whole),
        sparsity_share=None,
        accuracy_share=None if right is None else _exact(right),
        error_rate_share=None,
        accuracy_drop_points=None if right is None or best is None else _exact(100 * (best - right)),
        correct_by_sentence=None,
        budgets=(),
    )


def _number(values: Mapping[str, Outcome[float]], name: str) -> float | None:
    value = values[name]
    return value.value if isinstance(value, Measured) else None


def _exact(value: float) -> Estimate:
    return Estimate(value=value, low=value, high=value, level=_EXACT)


def _errors(figures: Sequence[Figure], name: str) -> tuple[str, ...]:
    outcomes = [figure.values[name] for figure in figures]
    return tuple(dict.fromkeys(reason_of(each) for each in outcomes if not isinstance(each, Measured)))


def _drawn(summary: Summary, stem: Path) -> Picture:
    """Write the figure in both themes."""
    from bench_models.report.figure.render import svg
    from bench_models.report.figure.themes import DARK, LIGHT

    names = {}
    for theme in (LIGHT, DARK):
        file = stem.with_name(f"{stem.name}-{theme.name}.svg")
        write_atomically(file, svg(summary, theme))
        names[theme.name] = file.name
    return Picture(**names)
