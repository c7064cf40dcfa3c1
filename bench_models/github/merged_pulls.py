"""Stores the verdicts on merged pull requests, asked of GitHub after the merge.

Nothing that an open or closed pull request does reaches the results branch: a job that may write begins with commits
of the branch that it was started for, asks which pull requests brought them, and takes the report of the check that
ran before the merge, on the very commit that was merged.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bench_models.checkout import git
from bench_models.errors import BenchModelsError
from bench_models.github.check_run import Run, described, report_about
from bench_models.github.client import Api, ApiError
from bench_models.results_branch.records import is_stored, store_verdict

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
