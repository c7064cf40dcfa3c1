"""The finished check of a pull request: its run, its report, and the verdict that is kept after the merge.

Nothing that an open or closed pull request does reaches the results branch: a job that may write begins with commits
of the branch that it was started for, asks which pull requests brought them, and takes the report of the check that
ran before the merge, on the very commit that was merged.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bench_models.check.report.document import Report
from bench_models.checkout import git
from bench_models.errors import BenchModelsError
from bench_models.github.artifact import LARGEST_ZIP_BYTES, opened
from bench_models.github.client import Api, ApiError
from bench_models.results_branch.records import is_stored, store_verdict

ARTIFACT = "bench-models-report"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A finished run of the check: what GitHub itself says of it; ``started`` is when its newest attempt did."""

    id: int
    head: str
    branch: str
    owner: str
    repository: str
    url: str
    numbers: tuple[int, ...]
    attempt: int = 1
    started: str = ""
    conclusion: str = ""


def run_of(event: Mapping[str, Any], repository: str) -> Run:
    """Return the run that a ``workflow_run`` event is about; raises ``BenchModelsError`` if it is no such check."""
    try:
        run = event["workflow_run"]
        found = described(run)
        of, cause = run["repository"]["full_name"], run["event"]
    except (KeyError, TypeError, ValueError) as error:
        raise BenchModelsError(
            f"the event is none of a finished workflow ({error!r}): run this on `workflow_run`"
        ) from error
    if of != repository:
        raise BenchModelsError(
            f"the run {found.id} is one of another repository, not of {repository}: nothing is posted"
        )
    if cause != "pull_request":
        raise BenchModelsError(f"the run {found.id} was not made by a pull request: there is nothing to comment on")
    if not (found.owner and found.repository):
        raise BenchModelsError(f"the fork that the run {found.id} was for is gone: there is nothing to comment on")
    return found


def described(run: Mapping[str, Any]) -> Run:
    """Return a run as GitHub's API describes it; of a fork that is gone neither owner nor name is known."""
    repository = run["head_repository"] or {}
    return Run(
        id=int(run["id"]),
        head=str(run["head_sha"]),
        branch=str(run["head_branch"]),
        owner=str((repository.get("owner") or {}).get("login") or ""),
        repository=str(repository.get("full_name") or ""),
        url=str(run["html_url"]),
        numbers=tuple(int(each["number"]) for each in run.get("pull_requests") or ()),
        attempt=int(run.get("run_attempt") or 1),
        started=str(run.get("run_started_at") or ""),
        conclusion=str(run.get("conclusion") or ""),
    )


def pull_request_of(run: Run, api: Api) -> dict[str, Any]:
    """Return the open pull request whose latest commit the run checked."""
    asked = {"state": "open", "head": f"{run.owner}:{run.branch}"}
    found = [pull for pull in api.pages("pulls", **asked) if _is_of(pull, run)]
    if len(found) > 1:  # the same branch, to several bases; for branches of this repository the run says which
        found = [pull for pull in found if pull["number"] in run.numbers]
    if len(found) != 1:
        raise BenchModelsError(
            f"{len(found) or 'no'} open pull requests have the checked commit {run.head[:8]} as their latest: nothing "
            "is posted, as the check of a newer commit will be"
        )
    return found[0]


def report_of(run: Run, api: Api) -> bytes:
    """Return the archive of a run's report: the newest, as a run that was repeated in part has one of each attempt."""
    listed = api.pages(f"actions/runs/{run.id}/artifacts", "artifacts", name=ARTIFACT)
    found = [each for each in listed if each["name"] == ARTIFACT and not each.get("expired")]
    if not found:
        raise BenchModelsError(f"the run {run.id} has no artifact {ARTIFACT}: its jobs say why")
    artifact = max(found, key=_made)
    if int((artifact.get("workflow_run") or {}).get("id", run.id)) != run.id:
        raise BenchModelsError(f"the artifact {ARTIFACT} is of another run than {run.id}: nothing is posted")
    made, _ = _made(artifact)
    if made and run.started and made < run.started:
        raise BenchModelsError(
            f"the newest attempt of run {run.id} left no artifact {ARTIFACT}, and an earlier one's says nothing of it: "
            "its jobs say why"
        )
    if int(artifact["size_in_bytes"]) > LARGEST_ZIP_BYTES:
        raise BenchModelsError(f"the artifact {ARTIFACT} is too large: {LARGEST_ZIP_BYTES:,} bytes are allowed")
    return api.download(f"actions/artifacts/{int(artifact['id'])}/zip", LARGEST_ZIP_BYTES)


def _made(artifact: Mapping[str, Any]) -> tuple[str, int]:
    """Return when an artifact was made: GitHub writes all moments alike, so that they sort as text."""
    return str(artifact.get("created_at") or ""), int(artifact["id"])


def _is_of(pull: Mapping[str, Any], run: Run) -> bool:
    head = pull["head"]
    return head["sha"] == run.head and (head.get("repo") or {}).get("full_name") == run.repository


def report_about(run: Run, api: Api) -> Report:
    """Return a run's report, which is about the commit that the run checked and compares it with another one.

    Its texts are a stranger's. Raises ``BenchModelsError`` with whatever is wrong with it.
    """
    report = opened(report_of(run, api))
    if report.head.commit != run.head:
        raise BenchModelsError("the artifact is refused: it reports on another commit than the run checked")
    if report.base.commit == run.head:
        raise BenchModelsError("the artifact is refused: it compares a commit with itself, which shows no change")
    return report


# The workflow's name; comment.yml follows the same one.
WORKFLOW = "check"
_ENDINGS = ("success", "failure")
# An artifact that is too old; any other refusal is about this job.
_GONE = (404, 410)


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """A merged pull request: the commit that brought it, and its own latest one, which was checked."""

    number: int
    commit: str
    head: str
    repository: str | None
    at: str


def keep_merged(root: Path, folder: Path, api: Api, branch: str, commits: Sequence[str]) -> Iterator[str]:
    """Keep the verdicts on pull requests that brought commits of a branch; yield a sentence on each, kept or refused.

    What is kept already is not asked for again. One that is refused does not keep another one out.
    """
    for pull in merged(api, branch, commits):
        if not is_stored(folder, pull.head):
            try:
                kept = _keep(root, folder, api, pull)
            except BenchModelsError as error:
                if isinstance(error, ApiError) and error.status not in _GONE:
                    raise
                yield f"no verdict on pull request {pull.number}: {error}"
            else:
                yield from (f"the verdict on pull request {pull.number} is kept",) if kept else ()


def merged(api: Api, branch: str, commits: Sequence[str]) -> Iterator[Merged]:
    """Yield the pull requests that GitHub merged into a branch, each with the commit of it that the merge made."""
    for commit in commits:
        for pull in api.pages(f"commits/{commit}/pulls"):
            if _was_merged(pull, branch, commit, api.repository):
                yield Merged(
                    number=int(pull["number"]),
                    commit=commit,
                    head=str(pull["head"]["sha"]),
                    repository=_name(pull["head"]["repo"]),
                    at=str(pull["merged_at"]),
                )


def _was_merged(pull: Mapping[str, Any], branch: str, commit: str, repository: str) -> bool:
    base = pull["base"]
    into = (base["ref"], _name(base["repo"]))
    return bool(pull["merged_at"]) and into == (branch, repository) and pull["merge_commit_sha"] == commit


def _keep(root: Path, folder: Path, api: Api, pull: Merged) -> bool:
    run = _check_of(api, pull)
    if run is None:
        return False
    report = report_about(run, api)
    base = report.base.commit
    # Only the branch as it was before the merge: whoever writes a report may name any commit.
    if git("merge-base", "--is-ancestor", base, f"{pull.commit}^", cwd=root) is None:
        raise BenchModelsError(f"the artifact is refused: {base[:8]} is not a commit that {pull.commit[:8]} came after")
    store_verdict(folder, pull.number, report, datetime.fromisoformat(run.started or pull.at))
    return True


def _check_of(api: Api, pull: Merged) -> Run | None:
    """Return the newest finished check that began before the merge: one after it would compare merged with merged."""
    asked = {"head_sha": pull.head, "event": "pull_request", "status": "completed"}
    listed = api.pages("actions/runs", "workflow_runs", **asked)
    found = [run for run in listed if _is_check(run, pull, api.repository)]
    newest = max(found, key=lambda run: (str(run["created_at"]), int(run["id"])), default=None)
    return None if newest is None else described(newest)


def _is_check(run: Mapping[str, Any], pull: Merged, repository: str) -> bool:
    """Say whether a run checked this pull request; one of another fork with the same commit is another one's."""
    told = (run["name"], run["event"], run["head_sha"], _name(run["repository"]), _name(run["head_repository"]))
    numbers = [int(each["number"]) for each in run.get("pull_requests") or ()]
    return (
        told == (WORKFLOW, "pull_request", pull.head, repository, pull.repository)
        and run["conclusion"] in _ENDINGS
        and str(run["created_at"]) <= pull.at
        and (not numbers or pull.number in numbers)
    )


def _name(repository: Mapping[str, Any] | None) -> str | None:
    return None if repository is None else str(repository.get("full_name"))
