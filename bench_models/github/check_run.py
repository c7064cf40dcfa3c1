"""The finished check of a pull request: its run, its report, and the verdict that is kept after the merge.

Nothing that an open or closed pull request does reaches the results branch: a job that may write begins with commits
of the branch that it was started for, asks which pull requests brought them, and takes the report of the check that
ran before the merge, on the very commit that was merged.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from bench_models.check.report.document import Report
from bench_models.checkout import git
from bench_models.errors import BenchModelsError
from bench_models.github.actions import Event, PullRequest, Repository, Run
from bench_models.github.client import Api, ApiError
from bench_models.results_branch.records import is_stored, store_verdict
from bench_models.results_branch.untrusted import LARGEST_ZIP_BYTES, open_artifact

ARTIFACT = "bench-models-report"
# The workflow's name; comment.yml follows the same one.
WORKFLOW = "check"
_ENDINGS = ("success", "failure")
# An artifact that is too old; any other refusal is about this job.
_GONE = (404, 410)


class _RunId(Struct, frozen=True, kw_only=True):
    """The run that left an artifact."""

    id: int


class _Artifact(Struct, frozen=True, kw_only=True):
    """An artifact of a run. GitHub writes all moments alike, so that they sort as text."""

    id: int
    name: str
    size_in_bytes: int
    expired: bool = False
    created_at: str | None = None
    workflow_run: _RunId | None = None


def run_of(event: Event, repository: str) -> Run:
    """Return the run that a ``workflow_run`` event is about; raises ``BenchModelsError`` if it is no such check."""
    run = event.workflow_run
    if run is None:
        raise BenchModelsError("the event is not one of a finished workflow: run this on `workflow_run`")
    if run.repository.name != repository:
        raise BenchModelsError(f"the run {run.id} is one of another repository, not of {repository}: nothing is posted")
    if run.event != "pull_request":
        raise BenchModelsError(f"the run {run.id} was not made by a pull request: there is nothing to comment on")
    if run.fork is None or not run.fork.owner.login:
        raise BenchModelsError(f"the fork that the run {run.id} was for is gone: there is nothing to comment on")
    return run


def pull_request_of(run: Run, api: Api) -> PullRequest:
    """Return the open pull request whose latest commit the run checked."""
    fork = run.fork or Repository(name="")
    asked = {"state": "open", "head": f"{fork.owner.login}:{run.branch}"}
    found = [
        pull
        for pull in api.pages("pulls", PullRequest, **asked)
        if (pull.head.commit, _name(pull.head.repository)) == (run.head, fork.name)
    ]
    if len(found) > 1:  # the same branch, to several bases; for branches of this repository the run says which
        found = [pull for pull in found if pull.number in run.numbers]
    if len(found) != 1:
        raise BenchModelsError(
            f"{len(found) or 'no'} open pull requests have the checked commit {run.head[:8]} as their latest: nothing "
            "is posted, as the check of a newer commit will be"
        )
    return found[0]


def report_about(run: Run, api: Api) -> Report:
    """Return a run's report, which is about the commit that the run checked and compares it with another one.

    Its texts are a stranger's. Raises ``BenchModelsError`` with whatever is wrong with it.
    """
    report = open_artifact(_archive(run, api))
    if report.head.commit != run.head:
        raise BenchModelsError("the artifact is refused: it reports on another commit than the run checked")
    if report.base.commit == run.head:
        raise BenchModelsError("the artifact is refused: it compares a commit with itself, which shows no change")
    return report


def keep_merged(root: Path, folder: Path, api: Api, branch: str, commits: Sequence[str]) -> Iterator[str]:
    """Keep the verdicts on pull requests that brought commits of a branch; yield a sentence on each, kept or refused.

    A verdict that is kept already is not asked for again. One that is refused does not keep another one out.
    """
    for pull in merged(api, branch, commits):
        if not is_stored(folder, pull.head.commit):
            try:
                kept = _keep(root, folder, api, pull)
            except BenchModelsError as error:
                if isinstance(error, ApiError) and error.status not in _GONE:
                    raise
                yield f"no verdict on pull request {pull.number}: {error}"
            else:
                yield from (f"the verdict on pull request {pull.number} is kept",) if kept else ()


def merged(api: Api, branch: str, commits: Sequence[str]) -> Iterator[PullRequest]:
    """Yield the pull requests that GitHub merged into a branch with one of these commits."""
    for commit in commits:
        for pull in api.pages(f"commits/{commit}/pulls", PullRequest):
            into = (pull.base.name, _name(pull.base.repository))
            if pull.merged_at and into == (branch, api.repository) and pull.merge_commit == commit:
                yield pull


def _archive(run: Run, api: Api) -> bytes:
    """Return the archive of a run's report: the newest, as a run that was repeated in part has one of each attempt."""
    listed = api.pages(f"actions/runs/{run.id}/artifacts", _Artifact, "artifacts", name=ARTIFACT)
    found = [each for each in listed if each.name == ARTIFACT and not each.expired]
    if not found:
        raise BenchModelsError(f"the run {run.id} has no artifact {ARTIFACT}: its jobs say why")
    artifact = max(found, key=lambda each: (each.created_at or "", each.id))
    if artifact.workflow_run and artifact.workflow_run.id != run.id:
        raise BenchModelsError(f"the artifact {ARTIFACT} is of another run than {run.id}: nothing is posted")
    if artifact.created_at and run.started and artifact.created_at < run.started:
        raise BenchModelsError(
            f"the newest attempt of run {run.id} left no artifact {ARTIFACT}, and an earlier one's says nothing of it: "
            "its jobs say why"
        )
    if artifact.size_in_bytes > LARGEST_ZIP_BYTES:
        raise BenchModelsError(f"the artifact {ARTIFACT} is too large: {LARGEST_ZIP_BYTES:,} bytes are allowed")
    return api.download(f"actions/artifacts/{artifact.id}/zip", LARGEST_ZIP_BYTES)


def _keep(root: Path, folder: Path, api: Api, pull: PullRequest) -> bool:
    run = _check_of(api, pull)
    if run is None:
        return False
    report, commit = report_about(run, api), str(pull.merge_commit)
    base = report.base.commit
    # Only the branch as it was before the merge: whoever writes a report may name any commit.
    if git("merge-base", "--is-ancestor", base, f"{commit}^", cwd=root) is None:
        raise BenchModelsError(f"the artifact is refused: {base[:8]} is not a commit that {commit[:8]} came after")
    store_verdict(folder, pull.number, report, datetime.fromisoformat(run.started or str(pull.merged_at)))
    return True


def _check_of(api: Api, pull: PullRequest) -> Run | None:
    """Return the newest finished check that began before the merge: one after it would compare merged with merged."""
    asked = {"head_sha": pull.head.commit, "event": "pull_request", "status": "completed"}
    listed = api.pages("actions/runs", Run, "workflow_runs", **asked)
    found = [run for run in listed if _is_check(run, pull, api.repository)]
    return max(found, key=lambda run: (run.created, run.id), default=None)


def _is_check(run: Run, pull: PullRequest, repository: str) -> bool:
    """Say whether a run checked this pull request; one of another fork with the same commit is another one's."""
    told = (run.name, run.event, run.head, run.repository.name, _name(run.fork))
    return (
        told == (WORKFLOW, "pull_request", pull.head.commit, repository, _name(pull.head.repository))
        and run.conclusion in _ENDINGS
        and run.created <= str(pull.merged_at)
        and (not run.numbers or pull.number in run.numbers)
    )


def _name(repository: Repository | None) -> str | None:
    return repository.name if repository else None
