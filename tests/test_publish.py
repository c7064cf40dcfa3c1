"""publish.yml, rehearsed: what is new is measured, kept and shown, two runs at once lose nothing, damage is named."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from support.github_server import GitHub, serving
from support.publishers import MACHINE, clone_of, measure, on_branch
from support.rehearsal import Job, Rehearsal, bare
from support.tiny_project import commit_all, git

from bench_models.results_branch.sync import results_branch

WORKFLOW = ".github/workflows/publish.yml"
REPOSITORY = Path(__file__).resolve().parent.parent

_CONFIG = {
    "version": 1,
    "project": "tiny",
    "repo": ".",
    "branches": ["main"],
    "environment_type": "virtualenv",
    "pythons": ["3.11"],
    "build_command": [],
    "install_command": [],
    "uninstall_command": [],
    "results_dir": ".asv/results",
    "html_dir": ".asv/html",
    "env_dir": ".asv/env",
}

_SUITE = """
import os


def track_size():
    return 100


def _run():
    return float(os.environ["RUN"])


_run.__name__ = f"track_run_{os.environ['RUN']}"
globals()[_run.__name__] = _run


def track_moody():
    if os.path.exists(os.environ.get("MOOD", "")):
        raise ValueError("not today")
    return 1
"""


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    """Return a bare repository of a project with a suite that takes no time, and the workflow."""
    project = tmp_path / "project"
    (project / "benchmarks").mkdir(parents=True)
    (project / "benchmarks" / "__init__.py").write_text("", encoding="utf-8")
    (project / "benchmarks" / "suite.py").write_text(_SUITE, encoding="utf-8")
    (project / "asv.conf.json").write_text(json.dumps(_CONFIG), encoding="utf-8")
    (project / ".gitignore").write_text(".asv/\n__pycache__/\n", encoding="utf-8")
    (project / WORKFLOW).parent.mkdir(parents=True)
    shutil.copyfile(REPOSITORY / WORKFLOW, project / WORKFLOW)
    git("init", "--quiet", "--initial-branch=main", cwd=project)
    commit_all(project, "Begin")
    return bare(project, tmp_path)


def more_commits(remote: Path, count: int) -> list[str]:
    """Push empty commits to main and return the hashes of the newest, newest first."""
    clone = clone_of(remote, remote.parent / f"pusher{len(list(remote.parent.glob('pusher*')))}")
    for number in range(count):
        (clone / "notes.txt").write_text(str(number), encoding="utf-8")
        commit_all(clone, f"Change {number}")
    git("push", "--quiet", "origin", "main", cwd=clone)
    return git("rev-list", f"--max-count={count + 1}", "main", cwd=clone).split()


@pytest.fixture
def github() -> Iterator[GitHub]:
    """Return a stand-in for GitHub whose repository has no pull requests yet."""
    with serving(GitHub()) as server:
        yield server


def rehearsal(remote: Path, run: int, github: GitHub | None = None, **environment: str) -> Rehearsal:
    """Return a run of the workflow after a push to main."""
    if github:
        for commit in git("rev-list", "main", cwd=remote).split():
            github.answers.setdefault(f"GET commits/{commit}/pulls", [])
    pip = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    return Rehearsal(
        remote=remote,
        scratch=remote.parent / f"run{run}",
        run_id=run,
        api_url=github.url if github else "http://127.0.0.1:9",
        satisfied=("Install",),
        environment={**pip, "RUN": str(run), **environment},
    )


def accept_in(github: GitHub, commit: str) -> None:
    """Let a pull request that brought a commit accept its regression."""
    github.answers[f"GET commits/{commit}/pulls"] = [
        {
            "number": 7,
            "merged_at": "2026-11-22T01:00:00Z",
            "merge_commit_sha": commit,
            "labels": [{"name": "accept-regression"}],
            "body": "Accepted regression: Exact now.",
            "base": {"ref": "main", "sha": "9" * 40, "repo": {"full_name": "owner/project"}},
            "head": {"sha": "f" * 40, "repo": None},
        }
    ]
    github.answers["GET issues/7/events"] = []
    github.answers["GET actions/runs"] = {"workflow_runs": []}


def shown(jobs: dict[str, list[Job]]) -> dict[str, str]:
    """Return how each job ended."""
    return {name: job.status for name, (job,) in jobs.items()}


def results(remote: Path, commit: str) -> dict[str, Any]:
    """Return all values on the branch for a commit, by benchmark."""
    values: dict[str, Any] = {}
    for name, data in on_branch(remote).items():
        if Path(name).name.startswith(commit[:8]):
            assert data["commit_hash"] == commit
            values |= {benchmark: row[0] for benchmark, row in data["results"].items()}
    return values


def logs(jobs: dict[str, list[Job]]) -> str:
    """Return what all jobs printed."""
    return "\n".join(job.log for (job,) in jobs.values())


def site(job: Job) -> Path:
    """Return the folder of the site that a job made."""
    assert job.workspace is not None
    return job.workspace / ".asv" / "html"


@pytest.mark.slow
def test_publish_creates_the_branch_and_two_at_once_lose_nothing(remote: Path, github: GitHub) -> None:
    """The first run measures the newest commit; then two runs at once measure two commits more, in the same files."""
    first, *_ = more_commits(remote, 2)
    begun = rehearsal(remote, 1, github).workflow(WORKFLOW)
    assert set(shown(begun).values()) == {"success"}, logs(begun)
    assert results(remote, first) == {
        "suite.track_size": [100],
        "suite.track_run_1": [1.0],
        "suite.track_moody": [1],
    }
    assert len({Path(name).parent for name in on_branch(remote) if name.count("/") == 2}) == 1

    newest, second, _ = more_commits(remote, 2)
    accept_in(github, second)
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda run: rehearsal(remote, run, github).workflow(WORKFLOW), (2, 3)))

    for jobs in both:
        assert set(shown(jobs).values()) == {"success"}, logs(jobs)
        (published,) = jobs["site"]
        index = json.loads((site(published) / "index.json").read_text(encoding="utf-8"))
        assert {newest, second, first} <= set(index["revision_to_hash"].values())
    (accepted,) = on_branch(remote)["accepted.json"]
    assert (accepted["commit"], accepted["reason"]) == (second, "Exact now.")
    for commit in (newest, second):
        assert {"suite.track_run_2": [2.0], "suite.track_run_3": [3.0]}.items() <= results(remote, commit).items()


@pytest.mark.slow
def test_what_was_measured_is_kept_when_a_benchmark_fails(remote: Path, tmp_path: Path, github: GitHub) -> None:
    """The run is red, its results are published; the next run tries the failed one again and turns green."""
    mood = tmp_path / "mood"
    mood.touch()
    (newest,) = git("rev-list", "main", cwd=remote).split()
    failed = rehearsal(remote, 1, github, MOOD=str(mood)).workflow(WORKFLOW)

    assert shown(failed) == {"measure": "failure", "keep": "success", "site": "success", "deploy": "success"}
    kept = results(remote, newest)
    assert (kept["suite.track_size"], kept["suite.track_moody"]) == ([100], None)

    mood.unlink()
    again = rehearsal(remote, 1, github, MOOD=str(mood)).workflow(WORKFLOW)

    assert set(shown(again).values()) == {"success"}, logs(again)
    assert results(remote, newest)["suite.track_moody"] == [1]


def _cut_short(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:100])


def _duplicated(file: Path) -> None:
    file.with_name(f"{file.stem} (copy).json").write_bytes(file.read_bytes())


def _unknown_machine(file: Path) -> None:
    (file.parent / "machine.json").unlink()


def _damaged_machine(file: Path) -> None:
    (file.parent / "machine.json").write_text('{"mach', encoding="utf-8")


def _of_another_machine(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace(f'"machine": "{file.parent.name}"', '"machine": "third"'), encoding="utf-8")


def _no_numbers(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("[[7.0], []", '[["seven"], []'), encoding="utf-8")


def _list(file: Path) -> None:
    file.write_text("[]", encoding="utf-8")


DAMAGES: dict[Callable[[Path], None], str] = {
    _cut_short: "JSON",
    _duplicated: "it is a copy of",
    _unknown_machine: "its machine is unknown",
    _damaged_machine: "its machine is unknown",
    _of_another_machine: "machine name is not '_of_another_machine'",
    _no_numbers: "has the value 'seven'",
    _list: "left aside",
}


def test_damaged_results_are_named_and_the_rest_is_published(remote: Path, tmp_path: Path) -> None:
    """On the branch, where some tool or hand left them; each is of a machine that has the name of its damage."""
    clone = clone_of(remote, tmp_path / "clone")
    newest, older = more_commits(remote, 1)
    measure(clone, newest, {"suite.time_it": 1.0})
    for damage in DAMAGES:
        damage(measure(clone, older, {"suite.time_it": 7.0}, machine=damage.__name__))
    results_branch(clone).push("Keep results, some of them damaged")

    keep = {"keep": [Job(status="success")]}
    (job,) = rehearsal(remote, 1).job(WORKFLOW, "site", keep)

    assert job.status == "success", job.log
    for said in (job.steps["Fetch all results"].log, job.summary):
        for damage, words in DAMAGES.items():
            named = [line for line in said.splitlines() if f"{damage.__name__}/{older[:8]}-venv-py3.11" in line]
            assert any(words in line for line in named), (damage, said)
    index = json.loads((site(job) / "index.json").read_text(encoding="utf-8"))
    assert newest in index["revision_to_hash"].values()
    assert set(index["machines"]) >= {MACHINE}


def test_site_without_results_says_how_to_make_them(remote: Path) -> None:
    """Before the first push: there is no results branch, and still a site."""
    (job,) = rehearsal(remote, 1).job(WORKFLOW, "site", {"keep": [Job(status="success")]})

    assert job.status == "success", job.log
    assert "There is no branch results yet" in job.steps["Fetch all results"].log
    assert "There are no results yet" in (site(job) / "bench-models" / "index.html").read_text(encoding="utf-8")


def test_asv_itself_ends_at_such_files(remote: Path, tmp_path: Path) -> None:
    """So the step that moves them aside is needed; without it there is no site at all."""
    for damage in (_damaged_machine, _no_numbers):
        clone = clone_of(remote, tmp_path / damage.__name__)
        newest, older = git("rev-list", "main", cwd=clone).split() * 2
        measure(clone, newest, {"suite.time_it": 1.0})
        damage(measure(clone, older, {"suite.time_it": 7.0}, machine="other"))
        assert subprocess.run([sys.executable, "-m", "asv", "publish"], cwd=clone, check=False).returncode != 0
