"""What stands beside asv's results on the results branch: verdicts of checks, and accepted regressions.

Both are read like anything that went through a network and many hands: what is cut short, oversized or not what
its name says is named in a sentence and left aside, and the rest is used.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench_models.errors import BenchModelsError
from bench_models.reports.check.document import schema
from bench_models.sealed import write_atomically
from bench_models.service.acceptance import LONGEST_REASON
from bench_models.service.careful import aside, json_list, json_of, sorted_out, valid

SCHEMA_VERSION = 1
CHECKS = "checks"
ACCEPTED = "accepted.json"

_CHECK = {
    "type": "object",
    "additionalProperties": False,
    "required": ["schema_version", "at", "pull_request", "report"],
    "properties": {
        "schema_version": {"const": SCHEMA_VERSION},
        "at": {"type": "string"},
        "pull_request": {"type": ["integer", "null"], "minimum": 1},
        "report": {"type": "object"},
    },
}
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
class KeptCheck:
    """The verdict of one check; ``report`` follows ``reports/check/check.schema.json``."""

    at: datetime
    pull_request: int | None
    report: dict[str, Any]

    @property
    def head(self) -> str:
        """The commit that was judged."""
        return str(self.report["head"]["commit"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A regression that people took on purpose, with the reason that they gave; ``reason`` is one line of text."""

    commit: str
    pull_request: int
    reason: str
    by: str
    at: datetime


def read_checks(folder: Path, newest: int | None = None) -> tuple[tuple[KeptCheck, ...], tuple[str, ...]]:
    """Return the checks kept in ``folder`` (a clone's ``.asv``), oldest first, and a sentence on each bad file.

    Holding a report against its schema takes 10 ms, so a page that shows the ``newest`` few asks for those only.
    """
    opened, unreadable = sorted_out(sorted((folder / CHECKS).glob("*.json")), _opened)
    wanted = sorted(opened, key=_age)[-newest if newest else 0 :]
    kept, bad = sorted_out(wanted, _check)
    return tuple(kept), (*unreadable, *bad)


def keep_check(folder: Path, check: KeptCheck) -> Path:
    """Write a check whose report was validated, in place of an older one of the same commit."""
    data = {
        "schema_version": SCHEMA_VERSION,
        "at": _written(check.at),
        "pull_request": check.pull_request,
        "report": check.report,
    }
    file = folder / CHECKS / f"{check.head}.json"
    write_atomically(file, json.dumps(data, indent=1) + "\n")
    return file


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


def _opened(file: Path) -> tuple[Path, dict[str, Any]]:
    with aside(str(file)):
        data = valid(json_of(file), _CHECK)
        return file, data | {"at": _read(data["at"])}


def _age(opened: tuple[Path, dict[str, Any]]) -> tuple[datetime, str]:
    file, data = opened
    return data["at"], file.name


def _check(opened: tuple[Path, dict[str, Any]]) -> KeptCheck:
    file, data = opened
    with aside(str(file)):
        report = valid(data["report"], schema())
        check = KeptCheck(at=data["at"], pull_request=data["pull_request"], report=report)
        if check.head != file.stem:
            raise ValueError(f"it is about commit {check.head[:8]}, and a check is kept under its commit's name")
        return check


def _accepted(entry: Any) -> Accepted:  # noqa: ANN401  # whatever stands in the file
    data = valid(entry, _REGRESSION)
    if not data["reason"].isprintable():
        raise ValueError("its reason is more than one line of text")
    return Accepted(**data | {"at": _read(data["at"])})


def _entry(one: Accepted) -> dict[str, Any]:
    return {
        "commit": one.commit,
        "pull_request": one.pull_request,
        "reason": one.reason,
        "by": one.by,
        "at": _written(one.at),
    }


def _key(one: Accepted) -> tuple[str, int]:
    return one.commit, one.pull_request


def _order(one: Accepted) -> tuple[datetime, str, int]:
    return one.at, *_key(one)


def _written(at: datetime) -> str:
    return at.astimezone(UTC).strftime(_FORMAT)


def _read(text: str) -> datetime:
    return datetime.strptime(text, _FORMAT).replace(tzinfo=UTC)


_FORMAT = "%Y-%m-%dT%H:%M:%SZ"
