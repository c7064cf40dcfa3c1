"""A published table and what was found for it, as a section of the page."""

from collections.abc import Sequence

from tabulate import tabulate

from bench_models.outcomes import Failed, Measured, Outcome, reason_of
from bench_models.reproduction.cells import MIB, cells
from bench_models.reproduction.folders import TRAINING_ARGUMENTS
from bench_models.reproduction.latencies import Latency
from bench_models.reproduction.measuring import Reproduced
from bench_models.reproduction.prose import item, paragraph
from bench_models.reproduction.table import Row, Table
from bench_models.stats.estimate import Estimate
from bench_models.units import show_ms, show_size

_NOT_MEASURED = "not measured"
_MISSING = "-"


def section(found: Reproduced) -> str:
    """Return what is wrong with the table, both kinds of figures, and why some could not be measured."""
    table = found.table
    parts = [
        f"## {table.letter}. {table.title}",
        paragraph(table.wrong),
        paragraph(f"What follows from the architecture; size is the bytes of the {table.counted}:"),
        _architecture(found),
        _files(found),
        paragraph(
            "What is measured; the artifact is the serialized weights, with all that was packed, scales included:"
        ),
        _measured(found),
        _troubles(found),
    ]
    return "\n\n".join(part for part in parts if part)


def _grid(headers: Sequence[str], lines: Sequence[Sequence[str]], left: Sequence[int]) -> str:
    """Return a Markdown table; all columns but those ``left`` are of numbers, and shown as they are given."""
    sides = ["left" if column in left else "right" for column in range(len(headers))]
    return tabulate(lines, headers=headers, tablefmt="pipe", colalign=sides, disable_numparse=True)


def _architecture(found: Reproduced) -> str:
    lines = [
        (cell.row, cell.figure, cell.published, cell.ours, "equal" if cell.equal else "**not equal**")
        for cell in cells(found.table, found.sizes)
    ]
    return _grid(("model", "figure", "published", "here", "verdict"), lines, left=(0, 1, 4))


def _files(found: Reproduced) -> str:
    """Return the files of each saved folder, and what they come to without the one that nobody ships."""
    names = sorted({name for sizes in found.sizes for name in sizes.files})
    if not names:
        return ""
    rows = list(zip(found.table.rows, found.sizes, strict=True))
    lines = [[name, *(_bytes(sizes.files.get(name)) for _, sizes in rows)] for name in names]
    listed = _grid(("file, bytes", *(row.name for row, _ in rows)), lines, left=(0,))
    bare = [
        f"{row.name} {(sizes.size_bytes - sizes.files[TRAINING_ARGUMENTS]) / MIB:.2f} ({row.size} published)"
        for row, sizes in rows
        if TRAINING_ARGUMENTS in sizes.files
    ]
    said = (
        "Which files were counted is not published. These are the ones that a folder of transformers 4 had; weights, "
        "configuration and arguments are written by the version installed here. Beside a model that was just trained "
        "its Trainer leaves the arguments of the training, and one that was loaded, cast and saved again has none. "
        f"Without {TRAINING_ARGUMENTS} the sizes in MiB are: {', '.join(bare)}. A last digit that this changes follows "
        "from that file, and not from the architecture."
    )
    return f"{listed}\n\n{paragraph(said)}"


def _bytes(size: int | None) -> str:
    return _MISSING if size is None else f"{size:,}"


def _measured(found: Reproduced) -> str:
    lines = [
        (
            row.name,
            show_size(sizes.artifact_bytes),
            _MISSING if row.latency is None else f"{row.latency} {found.table.latency_unit}",
            show_ms(latency.seconds),
            _published_speed_up(found.table, row),
            _speed_up(latency),
            row.accuracy or _MISSING,
            _accuracy(outcome, row),
        )
        for row, sizes, latency, outcome in zip(
            found.table.rows, found.sizes, found.latencies, found.accuracies, strict=True
        )
    ]
    headers = ("model", "artifact here", "latency published", "here", "speed-up published", "here (interval)")
    return _grid((*headers, "accuracy published", "here (interval)"), lines, left=(0,))


def _published_speed_up(table: Table, row: Row) -> str:
    """Return the printed speed-up, or else the ratio of the printed latencies."""
    baseline = table.rows[0]
    if row.speed_up is not None:
        return row.speed_up
    if row is baseline or row.latency is None or baseline.latency is None:
        return _MISSING
    return f"{float(baseline.latency) / float(row.latency):.2f}"


def _speed_up(latency: Latency) -> str:
    ratio = latency.speed_up
    interval = "" if ratio.exact else f" ({ratio.ends('.2f')})"
    return f"{ratio.value:.2f}{interval}"


def _accuracy(outcome: Outcome[Estimate], row: Row) -> str:
    if not isinstance(outcome, Measured):
        return _NOT_MEASURED
    # Printed as a share or in percent: ours follows.
    scale, digits = (1, 4) if row.accuracy is not None and float(row.accuracy) <= 1 else (100, 2)
    ours = outcome.value.scaled(scale)
    return f"{ours.value:.{digits}f} ({ours.ends(f'.{digits}f')})"


def _troubles(found: Reproduced) -> str:
    """Say each reason once, with the rows whose accuracy it keeps from being measured."""
    rows: dict[str, list[str]] = {}
    for row, outcome in zip(found.table.rows, found.accuracies, strict=True):
        if not isinstance(outcome, Measured):
            verb = "could not be measured" if isinstance(outcome, Failed) else "is not measured"
            rows.setdefault(f"{verb}: {reason_of(outcome)}", []).append(row.name)
    return "\n".join(item(f"The accuracy of {'; '.join(names)} {reason}.") for reason, names in rows.items())
