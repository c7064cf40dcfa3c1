"""Rows of asv's result files by column name, and two measurements of one benchmark merged.

A row is a list that may end early, and its columns are named once a file; another version of asv may have others.
A column holds one thing for the benchmark, or a list with an entry for each combination of its parameters.
"""

import math
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

Row = Mapping[str, Any]

_EACH = ("result", "samples")
_EACH_STATISTIC = "stats_"
# asv would run for weeks; a damaged file may claim more than fits into memory.
_MOST_COMBINATIONS = 100_000


def named(data: Mapping[str, Any]) -> dict[str, Row]:
    """Return the rows of a file by benchmark; raises ``ValueError`` for what asv would not take for results."""
    columns, results = data["result_columns"], data["results"]
    if not _are_names(columns) or len({*columns}) != len(columns) or "result" not in columns:
        raise ValueError(f"its columns are {str(columns)[:80]}")
    rows: dict[str, Row] = {}
    for name, cells in results.items():
        if not isinstance(cells, list) or len(cells) > len(columns):
            raise ValueError(f"{name} has the row {str(cells)[:80]}")
        rows[name] = dict.fromkeys(columns) | dict(zip(columns, cells, strict=False))
        require_numbers(name, _listed(rows[name]["result"]))
    return rows


def written(rows: Mapping[str, Row], columns: list[str]) -> dict[str, list[Any]]:
    """Return rows as a file with these columns holds them: without what is empty at their end."""
    return {name: _cut([row.get(column) for column in columns]) for name, row in rows.items()}


def joined(ours: Row, theirs: Row) -> Row:
    """Return one row of two: of each combination of parameters the later measurement, or else the one that worked.

    Failed is ``None``, and skipped is not a failure. Under another version a benchmark is another one, and nothing of
    it is joined.
    """
    earlier, later = (theirs, ours) if _began(ours) >= _began(theirs) else (ours, theirs)
    before, after = _places(earlier), _places(later)
    if earlier.get("version") != later.get("version") or before is None or after is None:
        return later
    kept = {there: before[here] for here, there in after.items() if here in before}
    old, new = _listed(earlier["result"]), _listed(later["result"])
    good = {to: at for to, at in kept.items() if _at(new, to) is None and _is_number(_at(old, at))}
    return _with(later, earlier, good, len(after)) if good else later


def require_numbers(name: str, values: list[Any]) -> None:
    """Raise ``ValueError`` unless these are numbers as asv writes them: None for failed, NaN for skipped."""
    for value in values:
        if value is not None and (type(value) not in {int, float} or math.isinf(value)):
            raise ValueError(f"{name} has the value {str(value)[:40]!r}")


def _with(later: Row, earlier: Row, good: Mapping[int, int], count: int) -> Row:
    """Return the later row with some entries of the earlier one, in all columns that have one for each combination."""
    row = dict(later)
    for column in {**later, **earlier}:
        if column in _EACH or column.startswith(_EACH_STATISTIC):
            old, new = _listed(earlier.get(column)), _listed(later.get(column))
            entries = [_at(old, good[to]) if to in good else _at(new, to) for to in range(count)]
            row[column] = entries if any(entry is not None for entry in entries) else None
    return row


def _places(row: Row) -> dict[tuple[str, ...], int] | None:
    """Return where each combination of parameters stands; None where the lists are not as long as they should be."""
    params, results = row.get("params") or [], row["result"]
    if not isinstance(params, list) or not all(_are_names(values) for values in params):
        return None
    count = math.prod(len(values) for values in params)
    if count > _MOST_COMBINATIONS or (results is not None and len(results) != count):
        return None
    places = {combination: place for place, combination in enumerate(product(*params))}
    return places if len(places) == count else None


def _began(row: Row) -> float:
    began = row.get("started_at")
    return float(began) if isinstance(began, int | float) and _is_number(began) else 0.0


def _is_number(value: object) -> bool:
    return type(value) in {int, float} and not math.isnan(value)  # type: ignore[arg-type]  # the type was looked at


def _are_names(values: object) -> bool:
    return isinstance(values, list) and all(isinstance(value, str) for value in values)


def _listed(cell: Any) -> list[Any]:  # noqa: ANN401  # JSON
    if cell is not None and not isinstance(cell, list):
        raise ValueError(f"a column holds {str(cell)[:40]!r}, and a list is expected")
    return cell or []


def _at(cells: list[Any], place: int) -> Any:  # noqa: ANN401  # JSON
    return cells[place] if place < len(cells) else None


def _cut(cells: list[Any]) -> list[Any]:
    return cells[: max(_filled(cells), default=0)]


def _filled(cells: list[Any]) -> Iterator[int]:
    return (number for number, cell in enumerate(cells, start=1) if cell is not None)
