"""Reads JSON that went through many hands: bounded, validated, and what is wrong is named."""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from msgspec import ValidationError, convert

from bench_models.errors import BenchModelsError

LARGEST_BYTES = 4 * 2**20

_Item = TypeVar("_Item")
_Read = TypeVar("_Read")


@contextmanager
def aside(what: str) -> Iterator[None]:
    """Turn whatever is wrong with ``what`` into a sentence that says so."""
    try:
        yield
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise BenchModelsError(f"{what} is left aside: {error}") from error


def sorted_out(items: Iterable[_Item], read: Callable[[_Item], _Read]) -> tuple[list[_Read], tuple[str, ...]]:
    """Return what can be read of ``items``, and a sentence on each that cannot."""
    good, bad = [], []
    for item in items:
        try:
            good.append(read(item))
        except BenchModelsError as error:
            bad.append(str(error))
    return good, tuple(bad)


def json_list(file: Path) -> list[Any]:
    """Return the list that a file holds; raises ``BenchModelsError`` when it holds anything else."""
    with aside(str(file)):
        data = json_of(file)
        if not isinstance(data, list):
            raise TypeError(f"it holds a {type(data).__name__}, and a list is expected")
        return data


def json_of(file: Path) -> Any:  # noqa: ANN401  # whatever stands in the file
    """Return what a file holds; raises ``ValueError`` when that is too much, or no JSON."""
    size = file.stat().st_size
    if size > LARGEST_BYTES:
        raise ValueError(f"it has {size:,} bytes, and {LARGEST_BYTES:,} are allowed")
    return parsed(file.read_text(encoding="utf-8"))


def parsed(text: str) -> Any:  # noqa: ANN401  # whatever stands in it
    """Return what a text in JSON says; raises ``ValueError`` where it is none, or says NaN as Python does."""
    return json.loads(text, parse_constant=_no_number)


def typed(data: Any, kind: type[_Read]) -> _Read:  # noqa: ANN401  # JSON
    """Return JSON as a document of a type; raises ``ValueError`` with the first thing that does not follow it."""
    try:
        return convert(data, kind)
    except ValidationError as error:
        raise ValueError(str(error)[:200]) from error


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is no number of JSON")
