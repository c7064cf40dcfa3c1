"""Plans the check of a pull request: its two commits and its shards."""

import json
import logging
import math
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench_models.check import planning
from bench_models.check.run import require_pattern
from bench_models.check.sides.environments import Project
from bench_models.check.sides.side import Side, Tree
from bench_models.checkout import checkout_here, git
from bench_models.errors import BenchModelsError
from bench_models.github.pull_request import require_commits, sides
from bench_models.verdict.measurements import SIDES

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A check to come."""

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
    """What is asked of a plan: at most ``most`` shards, of about ``each`` benchmarks."""

    config: Path
    bench: str
    most: int
    each: int


def plan(wanted: Wanted, event: Mapping[str, Any]) -> Plan:
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


def compared(event: Mapping[str, Any], root: Path) -> tuple[str, str]:
    """Return where a pull request left its base branch, and its head: what lies between is the author's work."""
    base, head = sides(event)
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
