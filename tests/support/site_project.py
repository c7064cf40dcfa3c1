"""A project with a history to publish: real empty commits, and results written by asv's own classes."""

import datetime as dt
import json
import math
import random
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from asv.results import Results
from asv.runner import BenchmarkResult
from asv.util import write_json

from bench_models.check.report.make import report_on
from bench_models.results_branch.records import Accepted, add_accepted, checked, store_check
from support.observing import recorded, timed

MACHINE = "runner"
FIGURES = ("size", "accuracy", "error_rate", "parameters", "sparsity", "naive_size", "budget")
SCENARIOS = ("single_stream", "offline")
RATIOS = ("speed_up", "relative_latency")
START = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A repository with results, and its commits, oldest first."""

    root: Path
    commits: tuple[str, ...]
    variants: tuple[str, ...]

    @property
    def asv(self) -> Path:
        """The folder that the results branch mirrors."""
        return self.root / ".asv"

    @property
    def html(self) -> Path:
        """Where the site goes."""
        return self.asv / "html"

    def result(self, commit: str) -> Path:
        """Return the result file of a commit."""
        (file,) = (self.asv / "results" / MACHINE).glob(f"{commit[:8]}-*.json")
        return file


def make(root: Path, *, commits: int, variants: tuple[str, ...], suite: str = "tiny") -> Project:
    """Return a project whose variant ``variants[1]`` becomes slower by a quarter after two thirds of its commits."""
    hashes = _commit(root, commits)
    (root / "asv.conf.json").write_text(json.dumps(_CONFIG), encoding="utf-8")
    kept = root / ".asv" / "results"
    (kept / MACHINE).mkdir(parents=True)
    machine = {"machine": MACHINE, "arch": "x86_64", "cpu": "Imaginary 9000", "num_cpu": "2", "os": "Linux", "ram": "8"}
    write_json(str(kept / MACHINE / "machine.json"), machine, 1)
    described = benchmarks(suite, variants)
    describe(kept, described)
    dice = random.Random(7)
    for index, commit in enumerate(hashes):
        slow = index >= commits * 2 // 3
        _record(kept, machine, commit, index, [(each, _values(each, variants, dice, slow=slow)) for each in described])
    return Project(root=root, commits=hashes, variants=variants)


_CONFIG = {
    "version": 1,
    "project": "tiny <project>",
    "project_url": "https://github.com/example/tiny",
    "show_commit_url": "https://github.com/example/tiny/commit/",
    "repo": ".",
    "branches": ["main"],
    "environment_type": "existing",
    "results_dir": ".asv/results",
    "html_dir": ".asv/html",
    "env_dir": ".asv/env",
    "plugins": [".bench_models.site.plugin"],
    "regressions_first_commits": {".*track_(accuracy|agreement|budget|sparsity|speed_up)": None},
}


def describe(kept: Path, described: list[dict[str, Any]]) -> None:
    """Write asv's list of benchmarks."""
    write_json(str(kept / "benchmarks.json"), {each["name"]: each for each in described}, 2)


def benchmarks(suite: str, variants: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return what asv's discovery says of the benchmarks of a suite like ours."""
    names = [f"{suite}.Figures.track_{name}" for name in FIGURES] + [
        f"{suite}.Latency.time_{name}" for name in SCENARIOS
    ]
    names += [f"{suite}.SpeedUp.track_{name}" for name in RATIOS]
    units = ["bytes", "share", "share", "parameters", "share", "bytes", "status", "seconds", "seconds", "x", "x"]
    return [
        {
            "name": name,
            "code": "",
            "params": [[repr(variant) for variant in variants]],
            "param_names": ["variant"],
            "type": "time" if ".time_" in name else "track",
            "unit": unit,
            "version": "1",
            "timeout": 60.0,
            "rounds": 2,
            "repeat": 10,
        }
        for name, unit in zip(names, units, strict=True)
    ]


def _values(benchmark: dict[str, Any], variants: tuple[str, ...], dice: random.Random, *, slow: bool) -> list[Any]:
    leaf = benchmark["name"].rpartition("_")[2] if "size" not in benchmark["name"] else "size"
    return [_value(leaf, benchmark["type"], place, dice, slow=slow and place == 1) for place, _ in enumerate(variants)]


def _value(leaf: str, kind: str, place: int, dice: random.Random, *, slow: bool) -> list[float] | float:
    if kind == "time":
        middle = (0.0112 if leaf == "stream" else 0.31) / (1 + 0.35 * place) * (1.25 if slow else 1.0)
        return [middle * math.exp(dice.gauss(0, 0.004)) for _ in range(20)]
    right = 0.912 - 0.004 * place
    faster = (1 + 0.35 * place) / (1.25 if slow else 1.0)
    return {
        "size": 90_900_000.0 / (1 + place),
        "accuracy": right,
        "rate": 1 - right,
        "parameters": 22_713_986.0 - 1000 * place,
        "sparsity": min(0.9, 0.05 * place),
        "budget": 0.0,
        "up": faster,
        "latency": 1 / faster,
    }[leaf]


def _record(
    kept: Path, machine: dict[str, str], commit: str, index: int, measured: list[tuple[dict[str, Any], list[Any]]]
) -> None:
    at = START + dt.timedelta(hours=6 * index)
    result = Results(machine, {}, commit, int(at.timestamp() * 1000), "3.11", "existing-py3.11", {})
    for benchmark, values in measured:
        timed = isinstance(values[0], list)
        outcome = BenchmarkResult(
            result=[1.0 if timed else value for value in values],
            samples=[value if timed else None for value in values],
            number=[1 if timed else None for _ in values],
            errcode=0,
            stderr="",
            profile=None,
        )
        result.add_result(benchmark, outcome, started_at=at, record_samples=timed)
    result.save(str(kept))


def _commit(root: Path, count: int) -> tuple[str, ...]:
    """Make so many empty commits at once, as one stream into git."""
    root.mkdir(parents=True)
    _git(root, "init", "--quiet", "--initial-branch=main")
    lines = []
    for index in range(count):
        at = int((START + dt.timedelta(hours=6 * index)).timestamp())
        message = f"Change number {index}"
        lines += ["commit refs/heads/main", f"committer T <t@example.org> {at} +0000", f"data {len(message)}", message]
    subprocess.run(["git", "fast-import", "--quiet"], cwd=root, input="\n".join(lines) + "\n", text=True, check=True)
    return tuple(reversed(_git(root, "rev-list", "main").split()))


def _git(root: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True, text=True).stdout


def add_checks(project: Project) -> None:
    """Keep a red check and a green one, and accept what became slower, with a hostile reason."""
    slow = project.commits[len(project.commits) * 2 // 3]
    at = START + dt.timedelta(days=300)
    for minutes, (head, change) in enumerate(((project.commits[-1], 0.0), (slow, math.log(1.25)))):
        record = recorded(timed("tiny.Latency.time_single_stream", change=change), timed("tiny.Latency.time_offline"))
        report = report_on(replace(record, header=replace(record.header, head=head)))
        store_check(project.asv, checked(report, 12, at + dt.timedelta(minutes=minutes)))
    reason = "the new tokenizer costs time <img src=x onerror=alert(1)>"
    add_accepted(project.asv, [Accepted(commit=slow, pull_request=12, reason=reason, by="octocat", at=at)])
