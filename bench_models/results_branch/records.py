"""What the results branch keeps beside asv's results, and where it lies in a clone.

Stored checks are the verdicts on merged pull requests; accepted regressions are those that people took on purpose. A
file or an entry that is cut short, oversized or not what its name says is named in a sentence and left aside, and the
rest is used.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, to_builtins

from bench_models.asv.folder import set_aside
from bench_models.asv.results import results_folder
from bench_models.check.report.document import Report
from bench_models.errors import BenchModelsError
from bench_models.results_branch.untrusted import (
    json_list,
    json_of,
    read_each,
    read_files,
    rebuilt,
    require_utc_seconds,
    typed,
)
from bench_models.storage import write_atomically

# asv would choke on other files among its results, so they stand beside them, in this folder.
FOLDER = ".asv"
RESULTS = "results"
CHECKS = "checks"
ACCEPTED = "accepted.json"
AA_CHECKS = "aa"
ASIDE = "aside"

# On the branch; a page shows the newest few of them.
MOST_CHECKS = 200
# A check of 150 benchmarks takes a tenth of it. What is stored stays on the branch for good.
LARGEST_REPORT_BYTES = 512 * 2**10
# A reason is a sentence: what is longer is cut.
LONGEST_REASON = 300

# No name begins with a dot, so that no path leaves its folder and no half-written file is taken for a whole one.
_NAME = r"[^/.\x00-\x1f][^/\x00-\x1f]*"
_MIRRORED = re.compile(
    rf"{RESULTS}/(?:{_NAME}/)?{_NAME}\.json|{CHECKS}/[0-9a-f]{{40}}\.json|{re.escape(ACCEPTED)}|"
    rf"{AA_CHECKS}/{_NAME}\.json"
)


class Accepted(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A regression that people took on purpose, with the reason that they gave; ``reason`` is one line of text."""

    commit: Annotated[str, Meta(pattern=r"\A[0-9a-f]{40}\Z")]
    pull_request: Annotated[int, Meta(ge=1)]
    reason: Annotated[str, Meta(min_length=1, max_length=LONGEST_REASON)]
    by: Annotated[str, Meta(pattern=r"\A[A-Za-z0-9\[\]_-]{1,60}\Z")]
    at: Annotated[datetime, Meta(tz=True)]

    def __post_init__(self) -> None:
        """Refuse another time than UTC, a reason with controls, or with what is hidden or turns text around."""
        require_utc_seconds(self.at)
        if not self.reason.isprintable():
            raise ValueError("its reason is more than one line of text")

    @property
    def key(self) -> tuple[str, int]:
        """What tells one accepted regression from another."""
        return self.commit, self.pull_request


class StoredCheck(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The verdict of one check, as a file on the branch: ``at`` is in UTC, to the second."""

    schema_version: Literal[1]
    at: Annotated[datetime, Meta(tz=True)]
    pull_request: Annotated[int, Meta(ge=1)] | None
    report: Report

    def __post_init__(self) -> None:
        """Refuse another time than UTC."""
        require_utc_seconds(self.at)

    @property
    def head(self) -> str:
        """The commit that was judged."""
        return self.report.head.commit


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirror:
    """The files of the clone at ``root`` that the branch mirrors; asv's results lie in ``results``."""

    root: Path
    results: Path

    @property
    def folder(self) -> Path:
        """Where all but asv's own results lie."""
        return self.root / FOLDER

    def files(self) -> dict[str, Path]:
        """Return the files that are there, by their path on the branch."""
        return {path: file for path, file in self._found().items() if mirrored(path)}

    def passed_over(self) -> tuple[str, ...]:
        """Return a sentence on each file beside them that has no place on the branch."""
        return tuple(
            f"{file} is passed over: the branch has no place for {path}, as a check is named by its whole commit, and "
            "no name begins with a dot"
            for path, file in self._found().items()
            if not mirrored(path)
        )

    def place(self, path: str) -> Path:
        """Return where a file of the branch lies here."""
        folder, _, rest = path.partition("/")
        return self.results / rest if folder == RESULTS else self.folder / path

    def set_aside(self) -> tuple[str, ...]:
        """Move aside what asv could not read, and return a sentence on each."""
        return set_aside(self.results, self.folder / ASIDE / RESULTS)

    def _found(self) -> dict[str, Path]:
        """Return all that lies where mirrored files do."""
        found = {f"{RESULTS}/{file.relative_to(self.results).as_posix()}": file for file in _json(self.results)}
        beside = (*_json(self.folder / CHECKS), *_json(self.folder / AA_CHECKS), self.folder / ACCEPTED)
        found |= {file.relative_to(self.folder).as_posix(): file for file in beside}
        return {path: file for path, file in found.items() if file.is_file()}


def mirror_of(root: Path) -> Mirror:
    """Return the mirrored files of a clone; raises ``BenchModelsError`` where there is no asv project."""
    return Mirror(root=root, results=results_folder(root))


def mirrored(path: str) -> bool:
    """Say whether a file of the branch has a place in a clone; others are left alone."""
    return _MIRRORED.fullmatch(path) is not None


def read_accepted(folder: Path) -> tuple[tuple[Accepted, ...], tuple[str, ...]]:
    """Return the regressions accepted in ``folder``, oldest first, and a sentence on each entry left aside."""
    file = folder / ACCEPTED
    try:
        entries = json_list(file)
    except BenchModelsError as error:
        return (), (str(error),)
    found: dict[tuple[str, int], Accepted] = {}

    def read(entry: object) -> None:
        one = typed(entry, Accepted)
        if found.setdefault(one.key, one) is not one:
            raise ValueError("it is there twice")

    _, bad = read_each(((f"entry {number} of {file}", each) for number, each in enumerate(entries, start=1)), read)
    return tuple(sorted(found.values(), key=_age)), bad


def add_accepted(folder: Path, entries: Iterable[Accepted]) -> tuple[Accepted, ...]:
    """Add what is not there yet, and return that.

    Raises ``BenchModelsError`` when the file is damaged as a whole: to write it again would lose what it held.
    """
    file = folder / ACCEPTED
    json_list(file)
    known = {one.key: one for one in read_accepted(folder)[0]}
    new: dict[tuple[str, int], Accepted] = {}
    for one in entries:
        if one.key not in known:
            new.setdefault(one.key, one)
    if new:
        write_json(file, sorted((known | new).values(), key=_age))
    return tuple(new.values())


def checked(report: Report, pull_request: int | None, at: datetime) -> StoredCheck:
    """Return the check of a pull request that was made at a moment."""
    at = at.astimezone(UTC).replace(microsecond=0)
    return StoredCheck(schema_version=1, at=at, pull_request=pull_request, report=report)


def read_checks(folder: Path, newest: int = MOST_CHECKS) -> tuple[tuple[StoredCheck, ...], tuple[str, ...]]:
    """Return the newest checks in ``folder`` (a clone's ``.asv``), oldest first, and a sentence on each bad file."""
    good, bad = read_files(folder / CHECKS, _check)
    return tuple(sorted(good, key=lambda check: (check.at, check.head))[-newest:]), bad


def store_check(folder: Path, check: StoredCheck) -> Path:
    """Write a check, in place of an older one of the same commit."""
    return write_json(folder / CHECKS / f"{check.head}.json", check)


def store_verdict(folder: Path, number: int, report: Report, at: datetime) -> Path:
    """Write the verdict on a pull request below ``folder`` (a clone's ``.asv``), from where ``ci keep`` pushes it."""
    try:
        figures = rebuilt(report)
    except (ValueError, RecursionError) as error:
        raise BenchModelsError(f"the report on pull request {number} has no figures to keep: {error}") from error
    size = len(json.dumps(to_builtins(figures)))
    if size > LARGEST_REPORT_BYTES:
        raise BenchModelsError(
            f"the figures of pull request {number} have {size:,} bytes, and {LARGEST_REPORT_BYTES:,} are kept: look at "
            "them in the artifact of its check"
        )
    return store_check(folder, checked(figures, number, at))


def is_stored(folder: Path, head: str) -> bool:
    """Say whether the verdict on a commit is stored: whole, and as it would be written now."""
    good, _ = read_each([(head, folder / CHECKS / f"{head}.json")], _check)
    return any(check.report == rebuilt(check.report) for check in good)


def _check(file: Path) -> StoredCheck:
    check = typed(json_of(file), StoredCheck)
    if check.head != file.stem:
        raise ValueError(f"it is about commit {check.head[:8]}, and a check is kept under its commit's name")
    return check


def write_json(file: Path, document: Any) -> Path:  # noqa: ANN401  # a struct, a list of them, or a dictionary
    """Write a document and return its file."""
    write_atomically(file, json.dumps(to_builtins(document), indent=1) + "\n")
    return file


def _age(one: Accepted) -> tuple[datetime, str, int]:
    return one.at, *one.key


def _json(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.json"))
