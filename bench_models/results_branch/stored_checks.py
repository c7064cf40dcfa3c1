"""Stored checks: the verdicts on merged pull requests, which stand beside asv's results on the results branch.

They are read like anything that went through a network and many hands: what is cut short, oversized or not what
its name says is named in a sentence and left aside, and the rest is used.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct, to_builtins

from bench_models.check.report.document import Report
from bench_models.errors import BenchModelsError
from bench_models.results_branch.json_io import aside, json_of, sorted_out, typed
from bench_models.results_branch.sanitized_report import rebuilt
from bench_models.sealed import write_atomically

CHECKS = "checks"
# On the branch; a page shows the newest few of them.
MOST_CHECKS = 200
# A check of 150 benchmarks takes a tenth of it. What is stored stays on the branch for good.
LARGEST_REPORT_BYTES = 512 * 2**10


class StoredCheck(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The verdict of one check, as a file on the branch: ``at`` is in UTC and has no parts of a second."""

    schema_version: Literal[1]
    at: Annotated[datetime, Meta(tz=True)]
    pull_request: Annotated[int, Meta(ge=1)] | None
    report: Report

    @property
    def head(self) -> str:
        """The commit that was judged."""
        return self.report.head.commit


def checked(report: Report, pull_request: int | None, at: datetime) -> StoredCheck:
    """Return the check of a pull request that was made at a moment."""
    at = at.astimezone(UTC).replace(microsecond=0)
    return StoredCheck(schema_version=1, at=at, pull_request=pull_request, report=report)


def read_checks(folder: Path, newest: int = MOST_CHECKS) -> tuple[tuple[StoredCheck, ...], tuple[str, ...]]:
    """Return the newest checks in ``folder`` (a clone's ``.asv``), oldest first, and a sentence on each bad file."""
    good, bad = sorted_out(sorted((folder / CHECKS).glob("*.json")), _read)
    return tuple(sorted(good, key=lambda check: (check.at, check.head))[-newest:]), bad


def store_check(folder: Path, check: StoredCheck) -> Path:
    """Write a check, in place of an older one of the same commit."""
    file = folder / CHECKS / f"{check.head}.json"
    write_atomically(file, json.dumps(to_builtins(check), indent=1) + "\n")
    return file


def store_verdict(folder: Path, number: int, report: Report, at: datetime) -> Path:
    """Write the verdict on a pull request below ``folder`` (a clone's ``.asv``), from where ``ci-keep`` pushes it."""
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
    file = folder / CHECKS / f"{head}.json"
    good, _ = sorted_out([file] if file.exists() else [], _read)
    return any(check.report == rebuilt(check.report) for check in good)


def _read(file: Path) -> StoredCheck:
    with aside(str(file)):
        check = typed(json_of(file), StoredCheck)
        if check.head != file.stem:
            raise ValueError(f"it is about commit {check.head[:8]}, and a check is kept under its commit's name")
        return check
