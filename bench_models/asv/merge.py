"""Merges two versions of an asv result file, by commit, benchmark and combination of parameters.

A row is a list that may end early, and its columns are named once a file; another version of asv may have others.
A column holds one thing for the benchmark, or a list with an entry for each combination of its parameters.
"""

import json
import math
import re
from collections.abc import Mapping
from itertools import product
from typing import Any

from asv.results import Results

Row = Mapping[str, Any]

_HASH = re.compile(r"[0-9a-f]{40}")
_ERRORS = (AttributeError, IndexError, KeyError, TypeError, ValueError, RecursionError)

_EACH = ("result", "samples")
_EACH_STATISTIC = "stats_"
# asv would run for weeks; a damaged file may claim more than fits into memory.
_MOST_COMBINATIONS = 100_000


def merged(ours: bytes, theirs: bytes) -> bytes:
    """Merge two versions of a result file: of each benchmark the later measurement counts, unless only it failed.

    Columns are matched by name. Where one version is damaged the other is returned; where both are, or where they are
    about different commits, ours.
    """
    mine, other = _whole(ours), _whole(theirs)
    if mine is None:
        return ours if other is None else theirs
    if other is None or mine["commit_hash"] != other["commit_hash"]:
        return ours
    rows, others = named(mine), named(other)
    both = {name: joined(row, others[name]) for name, row in rows.items() if name in others}
    columns = list(dict.fromkeys((*mine["result_columns"], *other["result_columns"])))
    together = mine | {
        "result_columns": columns,
        "results": written(others | rows | both, columns),
        "durations": other.get("durations", {}) | mine.get("durations", {}),
    }
    return json.dumps(together, separators=(",", ":")).encode()


def _whole(content: bytes) -> dict[str, Any] | None:
    """Return a version of a result file, or None where asv could not read it; additions of a newer asv are allowed."""
    try:
        data: dict[str, Any] = json.loads(content)
        if data["version"] != Results.api_version or not isinstance(data.get("durations", {}), dict):
            raise ValueError(f"it is of version {data['version']!r}")
        require_commit(data["commit_hash"], data["date"])
        require_names(data["params"])
        named(data)
    except _ERRORS:
        return None
    return data


def named(data: Mapping[str, Any]) -> dict[str, Row]:
    """Return the rows of a file by benchmark; raises ``ValueError`` for what asv would not write as results."""
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
    """Return rows as lists in the order of the columns, without the empty cells at their end."""
    return {name: _cut([row.get(column) for column in columns]) for name, row in rows.items()}


def joined(ours: Row, theirs: Row) -> Row:
    """Return one row of two: of each combination of parameters the later measurement, unless only the earlier worked.

    ``None`` is a failure; a skip is not one. A benchmark with another version is another benchmark, and is not merged.
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


def require_commit(commit: str, date: object) -> None:
    """Refuse what is not a commit with its date."""
    if not _HASH.fullmatch(commit) or not isinstance(date, int):
        raise ValueError(f"{commit!r} of {date!r} is not a commit with its date")


def require_names(params: Mapping[str, Any]) -> None:
    """Refuse parameters of a machine or a result that are neither text nor whole numbers."""
    for key, value in params.items():
        if not isinstance(value, str | int | None):
            raise ValueError(f"{key} is {str(value)[:40]!r}")  # noqa: TRY004  # damage, like any other


def _with(later: Row, earlier: Row, good: Mapping[int, int], count: int) -> Row:
    """Return the later row with the good entries of the earlier one, in all columns with an entry a combination."""
    row = dict(later)
    for column in {**later, **earlier}:
        if column in _EACH or column.startswith(_EACH_STATISTIC):
            old, new = _listed(earlier.get(column)), _listed(later.get(column))
            entries = [_at(old, good[to]) if to in good else _at(new, to) for to in range(count)]
            row[column] = entries if any(entry is not None for entry in entries) else None
    return row


def _places(row: Row) -> dict[tuple[str, ...], int] | None:
    """Return the index of each combination of parameters, or None where the lists have another length."""
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
    while cells and cells[-1] is None:
        cells.pop()
    return cells
