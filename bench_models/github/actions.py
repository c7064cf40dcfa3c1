"""What GitHub tells a step of a workflow, and how the step answers: variables, the event, outputs, the summary.

The types are of the documents that events and the API have in common, with the keys that are read; others are ignored.
"""

import json
import os
import secrets
from pathlib import Path

from msgspec import Struct, ValidationError, convert, field

from bench_models.errors import BenchModelsError
from bench_models.text import fault_of

# GitHub drops the summary of a step whole when it is larger.
SUMMARY_BYTES = 2**20
_CUT = "\n\nThe summary ends here, as GitHub takes 1 MiB of it; the report in the artifact is whole.\n"


class Account(Struct, frozen=True, kw_only=True):
    """A person, an organization or a bot."""

    login: str = ""
    type: str = ""


class Repository(Struct, frozen=True, kw_only=True):
    """A repository; its name is ``owner/name``."""

    name: str = field(name="full_name")
    owner: Account = Account()


class Branch(Struct, frozen=True, kw_only=True):
    """One side of a pull request; ``repository`` is None where a fork is gone."""

    commit: str = field(name="sha")
    name: str = field(name="ref", default="")
    repository: Repository | None = field(name="repo", default=None)


class Label(Struct, frozen=True, kw_only=True):
    """A label."""

    name: str | None


class PullRequest(Struct, frozen=True, kw_only=True):
    """A pull request."""

    number: int
    base: Branch
    head: Branch
    body: str | None = None
    labels: tuple[Label, ...] = ()
    merged_at: str | None = None
    merge_commit: str | None = field(name="merge_commit_sha", default=None)


class Numbered(Struct, frozen=True, kw_only=True):
    """A pull request that a run names."""

    number: int


class Run(Struct, frozen=True, kw_only=True):
    """A run of a workflow; ``fork`` is None where it is gone, and ``started`` is when the newest attempt did."""

    id: int
    event: str
    head: str = field(name="head_sha")
    branch: str | None = field(name="head_branch")
    fork: Repository | None = field(name="head_repository")
    repository: Repository
    url: str = field(name="html_url")
    name: str | None = None
    pull_requests: tuple[Numbered, ...] | None = None
    attempt: int = field(name="run_attempt", default=1)
    created: str = field(name="created_at", default="")
    started: str | None = field(name="run_started_at", default=None)
    conclusion: str | None = None

    @property
    def numbers(self) -> tuple[int, ...]:
        """The pull requests that GitHub names: none for a branch of a fork."""
        return tuple(each.number for each in self.pull_requests or ())


class Event(Struct, frozen=True, kw_only=True):
    """What set the workflow off."""

    action: str = ""
    label: Label | None = None
    sender: Account | None = None
    pull_request: PullRequest | None = None
    workflow_run: Run | None = None


def variable(name: str) -> str:
    """Return a variable that every step has, such as ``GITHUB_REPOSITORY``."""
    value = os.environ.get(name)
    if not value:
        raise BenchModelsError(f"{name} is not set: this command is a step of a GitHub workflow, whose runner sets it")
    return value


def event() -> Event:
    """Return what set the workflow off."""
    file = Path(variable("GITHUB_EVENT_PATH"))
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        why = fault_of(error)
        raise BenchModelsError(f"GITHUB_EVENT_PATH={file} is not an event ({why}): the runner writes it") from error
    if not isinstance(found, dict):
        raise BenchModelsError(f"GITHUB_EVENT_PATH={file} does not hold a JSON object: the runner writes it")
    return event_of(found)


def event_of(found: object) -> Event:
    """Return an event that GitHub describes in JSON."""
    try:
        return convert(found, Event)
    except ValidationError as error:
        raise BenchModelsError(
            f"the event is not one of a pull request or of a finished workflow ({error}): run this on `pull_request` "
            "or on `workflow_run`"
        ) from error


def set_output(name: str, value: str) -> None:
    """Set an output of this step, for later steps and jobs to read; the value may have several lines."""
    # What the value holds could end a fixed mark, and set other outputs.
    mark = secrets.token_hex(16)
    _append("GITHUB_OUTPUT", f"{name}<<{mark}\n{value}\n{mark}\n")


def add_summary(markdown: str) -> None:
    """Add to the summary of this step's job, as far as there is room for it."""
    file = Path(variable("GITHUB_STEP_SUMMARY"))
    taken = file.stat().st_size if file.exists() else 0
    _append("GITHUB_STEP_SUMMARY", shortened(markdown, SUMMARY_BYTES - taken))


def shortened(markdown: str, limit_bytes: int) -> str:
    """Return text that takes at most so many bytes, cut at the end of a line, and saying so."""
    if len(markdown.encode()) <= limit_bytes:
        return markdown
    room = max(limit_bytes - len(_CUT.encode()), 0)
    whole = markdown.encode()[:room].rpartition(b"\n")[0].decode()
    return (whole + _CUT)[: max(limit_bytes, 0)]


def _append(name: str, text: str) -> None:
    file = Path(variable(name))
    try:
        with file.open("a", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:
        why = fault_of(error)
        raise BenchModelsError(f"{name}={file} cannot be written to ({why}): it is the runner's to make") from error


def pull_request_in(event: Event) -> PullRequest:
    """Return the pull request that an event is about."""
    if event.pull_request is None:
        raise BenchModelsError("the event is not one of a pull request: run this on `pull_request`")
    return event.pull_request
