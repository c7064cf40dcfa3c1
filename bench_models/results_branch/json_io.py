"""Reads JSON that went through a network and many hands: bounded and validated; what is damaged is named."""

import json
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from msgspec import ValidationError, convert

from bench_models.errors import BenchModelsError

LARGEST_BYTES = 4 * 2**20

_DAMAGES = (OSError, ValueError, TypeError, RecursionError)
_Item = TypeVar("_Item")
_Read = TypeVar("_Read")


def read_each(
    items: Iterable[tuple[str, _Item]], read: Callable[[_Item], _Read]
) -> tuple[list[_Read], tuple[str, ...]]:
    """Return what can be read of named items, and a sentence on each that cannot."""
    good, bad = [], []
    for name, item in items:
        try:
            good.append(read(item))
        except _DAMAGES as error:
            bad.append(f"{name} is left aside: {error}")
    return good, tuple(bad)


def read_files(folder: Path, read: Callable[[Path], _Read]) -> tuple[list[_Read], tuple[str, ...]]:
    """Return what can be read of the JSON files in a folder, and a sentence on each that cannot."""
    return read_each(((str(file), file) for file in sorted(folder.glob("*.json"))), read)


def json_list(file: Path) -> list[Any]:
    """Return the list that a file holds, empty without a file; raises ``BenchModelsError`` where it holds no list."""
    try:
        data = json_of(file) if file.exists() else []
        if not isinstance(data, list):
            raise TypeError(f"it holds a {type(data).__name__}, and a list is expected")
    except _DAMAGES as error:
        raise BenchModelsError(f"{file} is left aside: {error}") from error
    return data


def json_of(file: Path) -> Any:  # noqa: ANN401  # whatever stands in the file
    """Return what a file holds; raises ``ValueError`` where that is too much, or not JSON."""
    size = file.stat().st_size
    if size > LARGEST_BYTES:
        raise ValueError(f"it has {size:,} bytes, and {LARGEST_BYTES:,} are allowed")
    return parsed(file.read_text(encoding="utf-8"))


def parsed(text: str) -> Any:  # noqa: ANN401  # whatever stands in it
    """Return what a text in JSON says; raises ``ValueError`` where it is not JSON, or says NaN as Python does."""
    return json.loads(text, parse_constant=_refuse)


def typed(data: Any, kind: type[_Read]) -> _Read:  # noqa: ANN401  # JSON
    """Return JSON as a document of a type; raises ``ValueError`` with the first thing that does not follow it."""
    try:
        return convert(data, kind)
    except ValidationError as error:
        raise ValueError(str(error)[:200]) from error


def require_utc_seconds(at: datetime) -> None:
    """Refuse a moment that is not a whole second of UTC: texts of such moments sort as the moments do."""
    if at.utcoffset() != timedelta(0) or at.microsecond:
        raise ValueError(f"{at.isoformat()} is not a whole second of UTC")


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is not a number of JSON")
