"""Accepted regressions, in one file beside asv's results on the results branch.

They are read like anything that went through a network and many hands: an entry that is damaged or there twice is
named in a sentence and left aside, and the rest is used.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bench_models.errors import BenchModelsError
from bench_models.results_branch import timestamps
from bench_models.results_branch.json_io import aside, json_list, sorted_out, valid
from bench_models.storage import write_atomically

ACCEPTED = "accepted.json"
# A reason is a sentence: what is longer is cut.
LONGEST_REASON = 300

_REGRESSION = {
    "type": "object",
    "additionalProperties": False,
    "required": ["commit", "pull_request", "reason", "by", "at"],
    "properties": {
        "commit": {"type": "string", "pattern": r"\A[0-9a-f]{40}\Z"},
        "pull_request": {"type": "integer", "minimum": 1},
        "reason": {"type": "string", "minLength": 1, "maxLength": LONGEST_REASON},
        "by": {"type": "string", "pattern": r"\A[A-Za-z0-9\[\]_-]{1,60}\Z"},
        "at": {"type": "string"},
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A regression that people took on purpose, with the reason that they gave; ``reason`` is one line of text."""

    commit: str
    pull_request: int
    reason: str
    by: str
    at: datetime


def read_accepted(folder: Path) -> tuple[tuple[Accepted, ...], tuple[str, ...]]:
    """Return the regressions accepted in ``folder``, oldest first, and a sentence on each entry left aside."""
    file = folder / ACCEPTED
    if not file.exists():
        return (), ()
    try:
        entries = json_list(file)
    except BenchModelsError as error:
        return (), (str(error),)
    found: dict[tuple[str, int], Accepted] = {}

    def read(numbered: tuple[int, Any]) -> None:
        number, entry = numbered
        with aside(f"entry {number} of {file}"):
            one = _accepted(entry)
            if _key(one) in found:
                raise ValueError("it is there twice")
            found[_key(one)] = one

    _, bad = sorted_out(enumerate(entries, start=1), read)
    return tuple(sorted(found.values(), key=_order)), bad


def add_accepted(folder: Path, entries: Iterable[Accepted]) -> tuple[Accepted, ...]:
    """Add what is not there yet, and return that.

    Raises ``BenchModelsError`` when the file is damaged as a whole: to write it again would lose what it held.
    """
    file = folder / ACCEPTED
    if file.exists():
        json_list(file)
    known = {_key(one): one for one in read_accepted(folder)[0]}
    new: dict[tuple[str, int], Accepted] = {}
    for one in entries:
        if _key(one) not in known:
            new.setdefault(_key(one), one)
    if new:
        everything = sorted((known | new).values(), key=_order)
        write_atomically(file, json.dumps([_entry(one) for one in everything], indent=1) + "\n")
    return tuple(new.values())


def _accepted(entry: Any) -> Accepted:  # noqa: ANN401  # whatever stands in the file
    data = valid(entry, _REGRESSION)
    if not data["reason"].isprintable():
        raise ValueError("its reason is more than one line of text")
    return Accepted(**data | {"at": timestamps.read(data["at"])})


def _entry(one: Accepted) -> dict[str, Any]:
    return {
        "commit": one.commit,
        "pull_request": one.pull_request,
        "reason": one.reason,
        "by": one.by,
        "at": timestamps.written(one.at),
    }


def _key(one: Accepted) -> tuple[str, int]:
    return one.commit, one.pull_request


def _order(one: Accepted) -> tuple[datetime, str, int]:
    return one.at, *_key(one)
