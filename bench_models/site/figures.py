"""The trade-off figure of each suite whose budgets are known, in light and dark."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from bench_models.errors import BenchModelsError
from bench_models.outcomes import Measured, Outcome, reason_of
from bench_models.report.reading import Line, Report, read
from bench_models.report.write import FOLDER
from bench_models.sealed import write_atomically
from bench_models.site.current import Figure, Table
from bench_models.site.rendering import Picture
from bench_models.site.standings import ACCURACY, SIZE
from bench_models.stats.estimate import Estimate

LATENCY, SPEED_UP = "Latency.time_single_stream", "SpeedUp.track_speed_up"
_JUDGED = {"baseline", "kept", "broken", "open", "not measured"}
# What is exact has an interval of no width, at any level.
_EXACT = 0.95


def pictures(tables: Sequence[Table], folder: Path) -> dict[str, Picture]:
    """Draw the newest figures into files in ``folder``, and return them by the suite's module."""
    found = {}
    for table in tables:
        report = _report(table)
        if report is not None:
            found[table.suite] = _drawn(report, folder / f"figure-{table.suite}")
    return found


def _report(table: Table) -> Report | None:
    """Return the report to draw: the commit's own where it lies in ``results``, else what asv recorded.

    asv keeps no intervals of accuracies and speed-ups, so the latter has none.
    """
    judged = {row.standing for row in table.rows} <= _JUDGED
    if not judged or not {SIZE, ACCURACY, LATENCY} <= table.by_name.keys():
        return None
    file = Path(FOLDER) / f"{table.suite.replace('_', '-')}.json"
    try:
        kept = read(file) if file.is_file() else None
    except BenchModelsError:  # a report of another version, which nobody asked for
        kept = None
    if kept is not None and kept.commit == table.commit.sha:
        return kept
    return Report(
        suite=table.suite.replace("_", "-"),
        commit=table.commit.sha,
        cpu=table.machine,
        sentences=None,
        lines=tuple(_line(table, row.history.name, row.standing) for row in table.rows),
    )


def _line(table: Table, name: str, standing: str) -> Line:
    size, accuracy, latency = (table.by_name[benchmark] for benchmark in (SIZE, ACCURACY, LATENCY))
    baseline = table.rows[0].history.name
    faster = _number(table.by_name[SPEED_UP].values, name) if SPEED_UP in table.by_name else None
    right, best = _number(accuracy.values, name), _number(accuracy.values, baseline)
    stored, whole = _number(size.values, name), _number(size.values, baseline)
    return Line(
        name=name,
        standing=standing,
        errors=_errors((size, accuracy, latency), name),
        latency_s=latency.estimates.get(name),
        speed_up=None if faster is None else _exact(faster),
        accuracy=None if right is None else _exact(right),
        accuracy_drop_points=None if right is None or best is None else _exact(100 * (best - right)),
        size_bytes=None if stored is None else round(stored),
        size_reduction_pct=None if stored is None or not whole else 100 * (1 - stored / whole),
    )


def _number(values: Mapping[str, Outcome[float]], name: str) -> float | None:
    value = values[name]
    return value.value if isinstance(value, Measured) else None


def _exact(value: float) -> Estimate:
    return Estimate(value=value, low=value, high=value, level=_EXACT)


def _errors(figures: Sequence[Figure], name: str) -> tuple[str, ...]:
    outcomes = [figure.values[name] for figure in figures]
    return tuple(dict.fromkeys(reason_of(each) for each in outcomes if not isinstance(each, Measured)))


def _drawn(report: Report, stem: Path) -> Picture:
    """Write the figure in both themes."""
    from bench_models.report.figure.files import svg
    from bench_models.report.figure.themes import DARK, LIGHT

    names = {}
    for theme in (LIGHT, DARK):
        file = stem.with_name(f"{stem.name}-{theme.name}.svg")
        write_atomically(file, svg(report, theme))
        names[theme.name] = file.name
    return Picture(**names)
