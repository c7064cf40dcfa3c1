"""The jobs of a check: the plan of its shards, whether a shard must be measured again, and the verdict on them.

A new label or description does not change what was measured, so a shard of an earlier run is used again. But a record
that broke off would turn the check red until somebody pushes, and one of other benchmarks, or of an older bench-models,
could turn it green: it is used only if it is complete, and of the very same question.
"""

import json
import logging
import math
import os
import re
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import bench_models
from bench_models.check import planning
from bench_models.check.record import FILE, Header, read
from bench_models.check.report.make import merge, report_on, write_check
from bench_models.check.run import require_pattern
from bench_models.check.sides.environments import Project
from bench_models.check.sides.side import Side, Tree
from bench_models.checkout import checkout_here, git, in_short
from bench_models.errors import BenchModelsError
from bench_models.github.acceptance import acceptance
from bench_models.github.actions import Event, add_summary, pull_request_in, set_output
from bench_models.provenance import key_of
from bench_models.results_branch.records import write_json
from bench_models.text import code
from bench_models.verdict.measurements import SIDES

ASKED = "asked.json"
_COMMIT = re.compile(r"[0-9a-f]{40}")
# Options that say where the answer goes, not what is asked.
_ELSEWHERE = ("output", "again", "run", "strict")
REGRESSED = 1
Outcome = Literal["passed", "accepted", "regressed", "unmeasured", "undecided"]
_OUTCOMES: Mapping[int, Outcome] = {0: "passed", REGRESSED: "regressed", 2: "unmeasured", 3: "undecided"}

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The commits and the shards of a check that is about to run."""

    base: str
    head: str
    benchmarks: int
    shards: tuple[str, ...]

    @property
    def outputs(self) -> dict[str, str]:
        """The plan as the outputs of a step; a shard has a name that may be part of an artifact's."""
        rows = [{"share": share, "name": share.replace("/", "-of-")} for share in self.shards]
        return {"base": self.base, "head": self.head, "shards": json.dumps(rows)}


def plan(event: Event, *, config: Path, bench: str, most: int, each: int) -> Plan:
    """Plan the check of an event's pull request: at most ``most`` shards, of about ``each`` benchmarks."""
    require_pattern(bench)
    root = checkout_here().root
    parting, base, head = _ends(event, root)
    if parting is None:
        raise BenchModelsError(
            f"this clone does not show where {head[:8]} left {base[:8]}: fetch the whole history (`fetch-depth: 0` of "
            "actions/checkout)"
        )
    found = _planned(root, config, bench)
    working = len({benchmark.group for benchmark in found})
    count = max(1, min(most, math.ceil(len(found) / each), working))
    shards = tuple(f"{index}/{count}" for index in range(1, count + 1))
    return Plan(base=parting, head=head, benchmarks=len(found), shards=shards)


def _ends(event: Event, root: Path) -> tuple[str | None, str, str]:
    """Return where a pull request left its base branch, that branch, and its head: its author's work lies between.

    The first is None in a clone that does not show it. Raises ``BenchModelsError`` where the base branch has the head
    already: HEAD against itself is always unchanged.
    """
    pull = pull_request_in(event)
    base, head = pull.base.commit, pull.head.commit
    parting = git("merge-base", base, head, cwd=root)
    if parting == head:
        raise BenchModelsError(
            f"the base branch has {head[:8]} already, so there is nothing to compare: was the pull request merged?"
        )
    return parting, base, head


def _planned(root: Path, config: Path, bench: str) -> list[planning.Planned]:
    """Import the checked-out suite in a process of its own; what cannot be imported is named, and counts nothing."""
    project = Project(root=root, config=config)
    loaded = project.load(root)
    project.require_suite(root)
    tree = Tree(
        name="head",
        place="head",
        python=Path(sys.executable),
        code=root / (loaded.repo_subdir or "."),
        suite=project.suite(root),
        timeout_s=float(loaded.default_benchmark_timeout),
        apart=False,
    )
    with TemporaryDirectory() as scratch:
        side = Side(tree, Path(scratch), dict(os.environ))
        try:
            side.start()
            found = side.discovered()
        finally:
            side.end()
    for module, error in found.broken.items():
        log.warning("%s cannot be imported here, and its benchmarks are not counted: %s", module, error)
    return [each for each in planning.plan(dict.fromkeys(SIDES, found), tree.timeout_s) if planning.chosen(each, bench)]


def judge(shards: Path, output: Path, event: Event, *, strict: bool) -> int:
    """Join the shards below a folder, write report and summary, and return the status that the check ends with.

    Only a regression and a loss can be accepted: of what was not measured nobody knows what they would agree to.
    """
    try:
        record = merge([read(file.parent) for file in _records(shards)])
        _require_about(record.header, event, Path.cwd())
        status = write_check(record, output, strict=strict)
        broken = [str(row) for row in report_on(record).of("regressed") if row.head is None]
    except BenchModelsError as error:
        add_summary(f"**The check has no verdict:** {code(str(error), 1000)}\n")
        set_output("outcome", "unmeasured")
        raise
    outcome, about = _OUTCOMES[status], ""
    if outcome == "regressed":
        accepted = acceptance(pull_request_in(event), event)
        outcome = "accepted" if accepted.given and not broken else outcome
        about = f"{_not_acceptable(broken) if broken else accepted.sentence}\n\n"
    add_summary(about + (output / "report.md").read_text(encoding="utf-8"))
    set_output("outcome", outcome)
    return 0 if outcome == "accepted" else status


def _not_acceptable(broken: list[str]) -> str:
    """Say that nobody can accept a benchmark that no longer runs."""
    names = in_short([code(name) for name in broken])
    return f"**This cannot be accepted:** what ran on BASE fails on HEAD, {names}. Mend or remove it."


def _require_about(header: Header, event: Event, root: Path) -> None:
    """Refuse records of other commits than the pull request's, such as those of an earlier run."""
    # A clone of one commit does not show where the pull request began: then its head has to do.
    parting, _, head = _ends(event, root)
    for name, measured, expected in (("HEAD", header.head, head), ("BASE", header.base, parting)):
        if expected is not None and measured != expected:
            raise BenchModelsError(
                f"the shards compare other commits: their {name} is {measured[:8]}, and the pull request's is "
                f"{expected[:8]}; measure them again, with `base` and `head` as `part: plan` says"
            )


def _records(shards: Path) -> list[Path]:
    found = sorted(shards.rglob(FILE))
    if not found:
        raise BenchModelsError(f"no shard left a record in {shards}: the log of its `measure` job says why")
    return found


def question(options: Mapping[str, object]) -> dict[str, str]:
    """Return what a command line asks of a shard, and the code that answers."""
    asked = {name: str(value) for name, value in sorted(options.items()) if name not in _ELSEWHERE}
    return asked | {"code": _code()}


def note(folder: Path, asked: Mapping[str, str]) -> bool:
    """Write down which question a record answers, if it is complete; say whether it is."""
    whole = _is_whole(folder)
    if whole:
        write_json(folder / ASKED, asked)
    return whole


def answered(folder: Path, asked: Mapping[str, str]) -> bool:
    """Say whether a folder holds the whole record of this question; names of branches may mean other commits by now."""
    fixed = all(_COMMIT.fullmatch(asked[side]) for side in ("base", "head"))
    with suppress(OSError, ValueError, RecursionError):
        return fixed and json.loads((folder / ASKED).read_text(encoding="utf-8")) == asked and _is_whole(folder)
    return False


def forget(folder: Path) -> None:
    """Remove a record that answers another question."""
    for name in (ASKED, FILE):
        (folder / name).unlink(missing_ok=True)


def _is_whole(folder: Path) -> bool:
    try:
        return read(folder).ending == "complete"
    except BenchModelsError:
        return False


def _code() -> str:
    """Return a digest of this package: what measures, chooses and counts."""
    root = Path(bench_models.__file__).parent
    return key_of(*((str(file.relative_to(root)), file.read_text("utf-8")) for file in sorted(root.rglob("*.py"))))
