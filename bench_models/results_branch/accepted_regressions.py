"""Accepted regressions, in one file beside asv's results on the results branch.

They are read like anything that went through a network and many hands: an entry that is damaged or there twice is
named in a sentence and left aside, and the rest is used.
"""

import json
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta, Struct, to_builtins

from bench_models.errors import BenchModelsError
from bench_models.results_branch.json_io import aside, json_list, sorted_out, typed
from bench_models.sealed import write_atomically

ACCEPTED = "accepted.json"
# A reason is a sentence: what is longer is cut.
LONGEST_REASON = 300


class Accepted(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A regression that people took on purpose, with the reason that they gave; ``reason`` is one line of text."""

    commit: Annotated[str, Meta(pattern=r"\A[0-9a-f]{40}\Z")]
    pull_request: Annotated[int, Meta(ge=1)]
    reason: Annotated[str, Meta(min_length=1, max_length=LONGEST_REASON)]
    by: Annotated[str, Meta(pattern=r"\A[A-Za-z0-9\[\]_-]{1,60}\Z")]
    at: Annotated[datetime, Meta(tz=True)]

    def __post_init__(self) -> None:
        """Refuse a reason with controls, or with what is hidden or turns text around."""
        if not self.reason.isprintable():
            raise ValueError("its reason is more than one line of text")


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
            one = typed(entry, Accepted)
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
        write_atomically(file, json.dumps(to_builtins(everything), indent=1) + "\n")
    return tuple(new.values())


def _key(one: Accepted) -> tuple[str, int]:
    return one.commit, one.pull_request


def _order(one: Accepted) -> tuple[datetime, str, int]:
    return one.at, *_key(one)
