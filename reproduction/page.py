"""The page: each published table beside what was found here."""

import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tabulate import tabulate

from bench_models.machine import Machine
from bench_models.outcomes import Failed, Measured, Outcome, reason_of
from bench_models.runtimes.session import THREADS
from bench_models.stats.estimate import Estimate
from bench_models.stats.proportions import LEVEL
from bench_models.text import show_ms, show_size
from reproduction.latencies import TOKENS, Latency
from reproduction.measure import Reproduced, Sizes
from reproduction.saved_folder import TRAINING_ARGUMENTS
from reproduction.table import Row, Table

MIB = 2**20

_NOT_MEASURED = "not measured"
_MISSING = "-"
_WIDTH = 120  # of a line, so that a reviewer can read a diff of the page


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A figure that follows from the architecture, as it was printed and as it is."""

    row: str
    figure: str
    published: str
    ours: str

    @property
    def equal(self) -> bool:
        """Whether every printed digit is the same."""
        return self.published == self.ours


def markdown(found: Sequence[Reproduced], machine: Machine, versions: dict[str, str], calls: int) -> str:
    """Return the page as Markdown."""
    parts = [
        "# Published tables, reproduced",
        paragraph(_summary(found)),
        f"Written by:\n\n    python -m reproduction --calls {calls}",
        *(_section(each) for each in found),
        "## How it was measured",
        _origin(machine, versions, calls),
    ]
    return "\n\n".join(parts) + "\n"


def unequal(found: Sequence[Reproduced]) -> list[Cell]:
    """Return the figures that should follow from the architecture, and differ in a printed digit."""
    return [cell for each in found for cell in cells(each.table, each.sizes) if not cell.equal]


def _summary(found: Sequence[Reproduced]) -> str:
    total = sum(len(cells(each.table, each.sizes)) for each in found)
    different = unequal(found)
    equal = total - len(different)
    folders = [f"table {each.table.letter}" for each in found if each.table.counted == "saved folder"]
    assumed = (
        f" The sizes of {' and '.join(folders)} hang on which files a folder had, as said there." if folders else ""
    )
    named = "; ".join(
        f"{cell.figure} of {cell.row}: {cell.published} published, {cell.ours} here" for cell in different
    )
    return (
        f"**Of {total} published parameter counts, sizes and size reductions {equal} are equal to what is counted here "
        f"in every printed digit{f'; not equal: {named}' if named else ''}.** They are counted on models with random "
        f"weights, to which the steps of this project were applied.{assumed} What the authors call MB is MiB (2^20 "
        "bytes). Speed-ups are measured on one device, all rows of a table in turn. An accuracy for which no weights "
        "could be had is named as not measured."
    )


def _origin(machine: Machine, versions: dict[str, str], calls: int) -> str:
    lines = [
        f"A latency is the median of {calls} calls with one sentence of {TOKENS} tokens, in eager PyTorch on "
        f"the CPU, with {THREADS} thread.",
        "A speed-up is the median over the rounds of the baseline's time divided by the variant's, with a "
        f"{LEVEL:.0%} interval by order statistics. It covers this run on this machine; other CPUs have "
        "other kernels. A published one that was not printed is the ratio of the printed latencies.",
        "An accuracy is over the whole test split, with Wilson's interval.",
        f"Machine: {machine.cpu}, {machine.cores} cores, {machine.system}, {' '.join(machine.cpu_flags)}.",
        f"Python {machine.python}, {', '.join(f'{name} {version}' for name, version in versions.items())}.",
    ]
    return "\n".join(item(line) for line in lines)


def _section(found: Reproduced) -> str:
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


def cells(table: Table, sizes: Sequence[Sizes]) -> list[Cell]:
    """Return each printed parameter count, size and size reduction of a table beside ours."""
    found = []
    for row, ours in zip(table.rows, sizes, strict=True):
        for figure, published, value in _figures(row, ours, sizes[0]):
            if published is not None:
                found.append(Cell(row=row.name, figure=figure, published=published, ours=as_printed(published, value)))
    return found


def as_printed(published: str, value: float) -> str:
    """Return a number with the digits, the separators and the unit of a printed one."""
    digits = re.sub(r"[^\d.]", "", published)
    decimals = len(digits.partition(".")[2])
    if published.endswith(" %"):
        return f"{100 * value:.{decimals}f} %"
    return f"{value:{',' if ',' in published else ''}.{decimals}f}"


def _figures(row: Row, ours: Sizes, baseline: Sizes) -> Iterator[tuple[str, str | None, float]]:
    yield "parameters", row.parameters, ours.parameters
    yield "size, MiB", row.size, ours.size_bytes / MIB
    yield "size reduction", row.reduction, 1 - ours.size_bytes / baseline.size_bytes


def paragraph(text: str, indent: str = "") -> str:
    """Return a text in lines; addresses and words with hyphens stay whole."""
    return textwrap.fill(text, width=_WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def item(text: str) -> str:
    """Return a text as an item of a list."""
    return paragraph(f"* {text}", indent="  ")
