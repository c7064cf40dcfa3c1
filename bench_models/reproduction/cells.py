"""A printed figure beside ours, in as many digits as were printed."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench_models.reproduction.sizes import Sizes
from bench_models.reproduction.table import Row, Table

MIB = 2**20


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
