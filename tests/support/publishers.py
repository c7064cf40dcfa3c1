"""Clones that publish to one bare remote, and asv's files as it writes them."""

import json
from pathlib import Path
from typing import Any

from bench_models.results_branch.sync import results_branch
from support.tiny_project import commit_all, git

CONFIG = {"version": 1, "project": "tiny", "repo": ".", "branches": ["main"], "results_dir": ".asv/results"}
MACHINE = "cpu-2-cores"
COLUMNS = ["result", "params", "version", "started_at", "duration", "stats_ci_99_a", "stats_ci_99_b"]


def remote_with(folder: Path, clones: int) -> tuple[Path, list[Path]]:
    """Make a bare repository with one commit, and clones of it."""
    first = folder / "first"
    first.mkdir(parents=True)
    git("init", "--quiet", "--initial-branch=main", cwd=first)
    (first / "asv.conf.json").write_text(json.dumps(CONFIG), encoding="utf-8")
    (first / ".gitignore").write_text(".asv/\n", encoding="utf-8")
    commit_all(first, "Begin")
    remote = folder / "remote.git"
    git("clone", "--quiet", "--bare", str(first), str(remote), cwd=folder)
    return remote, [clone_of(remote, folder / f"clone{number}") for number in range(clones)]


def clone_of(remote: Path, folder: Path) -> Path:
    """Return a new clone."""
    git("clone", "--quiet", str(remote), str(folder), cwd=remote.parent)
    return folder


def result(commit: str, values: dict[str, float], began: int = 1, machine: str = MACHINE) -> dict[str, Any]:
    """Return a result file's content: values of benchmarks without parameters."""
    return {
        "version": 2,
        "commit_hash": commit,
        "env_name": "venv-py3.11",
        "date": 1_700_000_000_000,
        "params": {"machine": machine, "python": "3.11", "cpu": "Imaginary 9000", "os": "Linux"},
        "python": "3.11",
        "requirements": {},
        "env_vars": {},
        "result_columns": COLUMNS,
        "results": {name: [[value], [], "1", began, 0.5, [value], [value * 1.1]] for name, value in values.items()},
        "durations": {},
    }


def measure(clone: Path, commit: str, values: dict[str, float], began: int = 1, machine: str = MACHINE) -> Path:
    """Write what asv would after measuring a commit; return the result file."""
    results = clone / ".asv" / "results"
    folder = results / machine
    folder.mkdir(parents=True, exist_ok=True)
    about = {"machine": machine, "cpu": "Imaginary 9000", "os": "Linux", "arch": "x86_64", "num_cpu": "2", "ram": "8"}
    (folder / "machine.json").write_text(json.dumps(about | {"version": 1}), encoding="utf-8")
    known = {
        name: {"name": name, "params": [], "param_names": [], "version": "1", "type": "time", "unit": "seconds"}
        for name in values
    }
    (results / "benchmarks.json").write_text(json.dumps(known | {"version": 2}), encoding="utf-8")
    file = folder / f"{commit[:8]}-venv-py3.11.json"
    data = result(commit, values, began, machine)
    if file.exists():  # asv adds to what it measured before, too
        data["results"] = json.loads(file.read_text(encoding="utf-8"))["results"] | data["results"]
    file.write_text(json.dumps(data), encoding="utf-8")
    return file


def on_branch(remote: Path) -> dict[str, Any]:
    """Return the files of the results branch."""
    names = git("ls-tree", "-r", "--name-only", "results", cwd=remote).splitlines()
    return {name: json.loads(git("show", f"results:{name}", cwd=remote)) for name in names}


def publish(clone: Path, commits: list[str], number: int) -> None:
    """Measure some commits and push after each, as a job of its own would."""
    branch = results_branch(clone)
    branch.fetch()
    for began, commit in enumerate(commits):
        measure(clone, commit, {f"suite.time_{number}": 1.0 + began}, began=100 * number + began)
        branch.push(f"Keep {commit[:8]} of {number}")
