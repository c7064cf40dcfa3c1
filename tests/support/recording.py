"""A repository for which asv has recorded figures of the tiny suite, without running anything."""

import datetime as dt
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from asv.results import Results
from asv.runner import BenchmarkResult

from bench_models.checkout import Checkout
from bench_models.metrics.latency import SpeedUp, Turns
from support.tiny_project import commit_all, git

MACHINE = "here"
# Of a row that is twice as fast as the baseline, in as many pairs as the tiny suite takes.
PAIRS = SpeedUp(
    run="a",
    single_stream=(Turns(baseline=(0.02, 0.02), variant=(0.01, 0.01)),) * 2,
    offline=(Turns(baseline=(0.2,), variant=(0.1,)),) * 2,
)


def asv_repository(root: Path) -> Checkout:
    """Make a repository in which asv has recorded nothing yet, on a machine that it calls "here"."""
    root.mkdir()
    git("init", "--quiet", "--initial-branch=main", cwd=root)
    (root / "asv.conf.json").write_text(
        '{"version": 1, "project": "p", "repo": ".", "results_dir": "kept"}', encoding="utf-8"
    )
    (root / ".gitignore").write_text("kept/\n", encoding="utf-8")
    (root / "kept" / MACHINE).mkdir(parents=True)
    (root / "kept" / MACHINE / "machine.json").write_text('{"machine": "here", "version": 1}', encoding="utf-8")
    return Checkout(root=root, commit=commit_all(root, "Begin"))


def results_at(commit: str) -> Results:
    """Return asv's results of a commit, in which there are none yet."""
    return Results({"machine": MACHINE}, {}, commit, 0, "3.11", "py", {})


def add(result: Results, rows: Sequence[str], name: str, values: list[Any]) -> None:
    """Add a benchmark's figure of each row, or its samples."""
    timed = isinstance(values[0], list)
    result.add_result(
        {"name": f"tiny.{name}", "version": "1", "params": [list(map(repr, rows))]},
        BenchmarkResult(
            result=[1.0] * len(values) if timed else values,
            samples=values if timed else [None] * len(values),
            number=[1 if timed else None] * len(values),
            errcode=0,
            stderr="",
            profile=None,
        ),
        started_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        record_samples=True,
    )


def describe(root: Path, **rows: Sequence[str]) -> None:
    """Write what asv found of benchmarks when it looked for them last: their names, and the rows of each."""
    found: dict[str, Any] = {
        f"tiny.{name.replace('__', '.')}": {
            "name": f"tiny.{name.replace('__', '.')}",
            "params": [list(map(repr, names))],
        }
        for name, names in rows.items()
    }
    (root / "kept" / "benchmarks.json").write_text(json.dumps(found | {"version": 2}), encoding="utf-8")
