"""Stored checks: the verdicts on merged pull requests, which stand beside asv's results on the results branch.

They are read like anything that went through a network and many hands: what is cut short, oversized or not what
its name says is named in a sentence and left aside, and the rest is used.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bench_models.check.report.document import schema
from bench_models.errors import BenchModelsError
from bench_models.results_branch import timestamps
from bench_models.results_branch.json_io import aside, json_of, sorted_out, valid
from bench_models.results_branch.sanitized_report import rebuilt
from bench_models.storage import write_atomically

SCHEMA_VERSION = 1
CHECKS = "checks"
# On the branch; a page shows the newest few of them.
MOST_CHECKS = 200
# A check of 150 benchmarks takes a tenth of it. What is stored stays on the branch for good.
LARGEST_REPORT_BYTES = 512 * 2**10

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


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCheck:
    """The verdict of one check; ``report`` follows ``check/report/check.schema.json``."""

    at: datetime
    pull_request: int | None
    report: dict[str, Any]

    @property
    def head(self) -> str:
        """The commit that was judged."""
        return str(self.report["head"]["commit"])


def read_checks(folder: Path, newest: int | None = None) -> tuple[tuple[StoredCheck, ...], tuple[str, ...]]:
    """Return the checks kept in ``folder`` (a clone's ``.asv``), oldest first, and a sentence on each bad file.

    Holding a report against its schema takes 10 ms, so a page that shows the ``newest`` few asks for those only.
    """
    opened, unreadable = sorted_out(sorted((folder / CHECKS).glob("*.json")), _opened)
    wanted = sorted(opened, key=_age)[-newest if newest else 0 :]
    kept, bad = sorted_out(wanted, _check)
    return tuple(kept), (*unreadable, *bad)


def stored_check(folder: Path, head: str) -> StoredCheck | None:
    """Return the check of a commit, if there is one and it is whole."""
    file = folder / CHECKS / f"{head}.json"
    good, _ = sorted_out([file] if file.exists() else [], lambda each: _check(_opened(each)))
    return good[0] if good else None


def store_check(folder: Path, check: StoredCheck) -> Path:
    """Write a check whose report was validated, in place of an older one of the same commit."""
    data = {
        "schema_version": SCHEMA_VERSION,
        "at": timestamps.written(check.at),
        "pull_request": check.pull_request,
        "report": check.report,
    }
    file = folder / CHECKS / f"{check.head}.json"
    write_atomically(file, json.dumps(data, indent=1) + "\n")
    return file


def store_verdict(folder: Path, number: int, report: dict[str, Any], at: datetime) -> Path:
    """Write the verdict on a pull request below ``folder`` (a clone's ``.asv``), from where ``ci-keep`` pushes it."""
    try:
        figures = rebuilt(report)
    except (ValueError, RecursionError) as error:
        raise BenchModelsError(f"the report on pull request {number} has no figures to keep: {error}") from error
    size = len(json.dumps(figures))
    if size > LARGEST_REPORT_BYTES:
        raise BenchModelsError(
            f"the figures of pull request {number} have {size:,} bytes, and {LARGEST_REPORT_BYTES:,} are kept: look at "
            "them in the artifact of its check"
        )
    return store_check(folder, StoredCheck(at=at, pull_request=number, report=figures))


def is_stored(folder: Path, head: str) -> bool:
    """Say whether the verdict on a commit is kept already: whole, and as it would be written now."""
    kept = stored_check(folder, head)
    return kept is not None and kept.report == rebuilt(kept.report)


def _opened(file: Path) -> tuple[Path, dict[str, Any]]:
    with aside(str(file)):
        data = valid(json_of(file), _CHECK)
        return file, data | {"at": timestamps.read(data["at"])}


def _age(opened: tuple[Path, dict[str, Any]]) -> tuple[datetime, str]:
    file, data = opened
    return data["at"], file.name


def _check(opened: tuple[Path, dict[str, Any]]) -> StoredCheck:
    file, data = opened
    with aside(str(file)):
        report = valid(data["report"], schema())
        check = StoredCheck(at=data["at"], pull_request=data["pull_request"], report=report)
        if check.head != file.stem:
            raise ValueError(f"it is about commit {check.head[:8]}, and a check is kept under its commit's name")
        return check
