"""The jobs of a check: the plan of its shards, and the verdict on them."""

import json
import logging
import math
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from bench_models.check import planning
from bench_models.check.record import FILE, Header, read
from bench_models.check.report.make import merge, report_on, write_check
from bench_models.check.run import require_pattern
from bench_models.check.sides.environments import Project
from bench_models.check.sides.side import Side, Tree
from bench_models.checkout import checkout_here, git
from bench_models.errors import BenchModelsError
from bench_models.github.acceptance import acceptance
from bench_models.github.actions import Event, add_summary, pull_request_in, require_commits, set_output
from bench_models.text import code
from bench_models.verdict.measurements import SIDES

REGRESSED = 1
_NAMED = 5
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The options of a plan: at most ``most`` shards, of about ``each`` benchmarks."""

    config: Path
    bench: str
    most: int
    each: int


def plan(wanted: Wanted, event: Event) -> Plan:
    """Plan the check of an event's pull request."""
    require_pattern(wanted.bench)
    checkout = checkout_here()
    base, head = compared(event, checkout.root)
    found = _planned(checkout.root, wanted.config, wanted.bench)
    working = len({benchmark.group for benchmark in found})
    count = max(1, min(wanted.most, math.ceil(len(found) / wanted.each), working))
    return Plan(
        base=base,
        head=head,
        benchmarks=len(found),
        shards=tuple(f"{index}/{count}" for index in range(1, count + 1)),
    )


def compared(event: Event, root: Path) -> tuple[str, str]:
    """Return where a pull request left its base branch, and its head: its author's work lies between."""
    pull = pull_request_in(event)
    base, head = pull.base.commit, pull.head.commit
    parting = git("merge-base", base, head, cwd=root)
    if parting is None:
        raise BenchModelsError(
            f"this clone does not show where {head[:8]} left {base[:8]}: fetch the whole history (`fetch-depth: 0` of "
            "actions/checkout)"
        )
    require_commits(parting, head)
    return parting, head


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
    names = ", ".join(code(name) for name in broken[:_NAMED])
    more = f" and {len(broken) - _NAMED} more" if len(broken) > _NAMED else ""
    return f"**This cannot be accepted:** what ran on BASE fails on HEAD, {names}{more}. Mend or remove it."


def _require_about(header: Header, event: Event, root: Path) -> None:
    """Refuse records of other commits than the pull request's, such as those of an earlier run."""
    pull = pull_request_in(event)
    base, head = pull.base.commit, pull.head.commit
    # A clone of one commit does not show where the pull request began: then its head has to do.
    parting = git("merge-base", base, head, cwd=root)
    if parting is not None:
        require_commits(parting, head)
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
