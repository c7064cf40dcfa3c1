"""The verdict of a finished check is kept for the history; what is refused there pushes nothing."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from github_server import GitHub, serving
from publishers import on_branch, remote_with
from rehearsal import Job, Rehearsal, bare
from reporting import packed, zipped
from tiny_project import commit_all, git

from bench_models.service.keeping import LARGEST_REPORT_BYTES

WORKFLOW = ".github/workflows/comment.yml"
REPOSITORY = Path(__file__).resolve().parent.parent.parent
HEAD = "b" * 40
EVENT: dict[str, Any] = {
    "repository": {"default_branch": "main"},
    "workflow_run": {
        "id": 5,
        "event": "pull_request",
        "conclusion": "failure",
        "head_sha": HEAD,
        "head_branch": "change",
        "head_repository": {"full_name": "stranger/fork", "owner": {"login": "stranger"}},
        "html_url": "https://github.example/owner/project/actions/runs/5",
        "pull_requests": [],
        "repository": {"full_name": "owner/project"},
    },
}
PULL = {"number": 7, "body": "", "labels": [], "head": {"sha": HEAD, "repo": {"full_name": "stranger/fork"}}}


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    """Return a bare repository with the workflow."""
    _, (project,) = remote_with(tmp_path, 1)
    (project / WORKFLOW).parent.mkdir(parents=True)
    shutil.copyfile(REPOSITORY / WORKFLOW, project / WORKFLOW)
    commit_all(project, "Add the workflow")
    (tmp_path / "bare").mkdir()
    return bare(project, tmp_path / "bare")


@pytest.fixture
def github() -> Iterator[GitHub]:
    """Return a repository with one open pull request."""
    with serving(GitHub(answers={"GET pulls": [PULL]})) as served:
        yield served


def kept(remote: Path, github: GitHub, archive: bytes) -> Job:
    """Rehearse the job that keeps, after a check that left this artifact."""
    artifact = {"id": 9, "name": "bench-models-report", "size_in_bytes": len(archive), "workflow_run": {"id": 5}}
    github.answers["GET actions/runs/5/artifacts"] = {"total_count": 1, "artifacts": [artifact]}
    github.files["actions/artifacts/9/zip"] = archive
    rehearsal = Rehearsal(
        remote=remote,
        scratch=remote.parent / "run",
        event_name="workflow_run",
        event=EVENT,
        api_url=github.url,
        satisfied=("Install bench-models",),
    )
    (job,) = rehearsal.job(WORKFLOW, "keep")
    return job


def test_verdict_is_kept_under_its_commit(remote: Path, github: GitHub) -> None:
    """A second check of the commit replaces the first; the branch is made if it is not there."""
    for status in (1, 0):
        job = kept(remote, github, packed(exit_status=status))
        assert job.status == "success", job.log

        ((name, check),) = on_branch(remote).items()
        assert name == f"checks/{HEAD}.json"
        assert (check["pull_request"], check["report"]["exit_status"]) == (7, status)


@pytest.mark.parametrize(
    ("archive", "why"),
    [
        (zipped("{"), "the artifact is refused"),
        (zipped("{}", "../../results/benchmarks.json"), "the artifact is refused"),
        (packed(head={"commit": "d" * 40, "name": "main"}), "another commit than the run checked"),
        (packed(sentence="x" * 20_001), "the artifact is refused"),
        (packed(rewritten=["x" * 10_000] * 60), f"{LARGEST_REPORT_BYTES:,} are kept"),
    ],
    ids=["cut-short", "path", "other-commit", "long-text", "large"],
)
def test_what_is_refused_is_named_and_pushes_nothing(remote: Path, github: GitHub, archive: bytes, why: str) -> None:
    """Whatever a stranger's check left in its artifact."""
    job = kept(remote, github, archive)

    assert job.status == "failure"
    assert why in job.steps["Keep the verdict"].log
    assert git("branch", "--list", "results", cwd=remote) == ""
    assert not github.changed
