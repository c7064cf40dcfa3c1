"""GitHub Actions: a step's variables, its event, its outputs and its summary."""

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench_models.check.process import SIDES
from bench_models.errors import BenchModelsError

# GitHub drops the summary of a step whole when it is larger.
SUMMARY_BYTES = 2**20
_CUT = "\n\nThe summary ends here, as GitHub takes 1 MiB of it; the report in the artifact is whole.\n"


def variable(name: str) -> str:
    """Return a variable that every step has, such as ``GITHUB_REPOSITORY``."""
    value = os.environ.get(name)
    if not value:
        raise BenchModelsError(f"{name} is not set: this command is a step of a GitHub workflow, whose runner sets it")
    return value


def event() -> dict[str, Any]:
    """Return what set the workflow off, as GitHub describes it."""
    file = Path(variable("GITHUB_EVENT_PATH"))
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BenchModelsError(
            f"GITHUB_EVENT_PATH={file} is no event ({error}): it is the runner's to write"
        ) from error
    if not isinstance(found, dict):
        raise BenchModelsError(f"GITHUB_EVENT_PATH={file} holds no JSON object: it is the runner's to write")
    return found


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
        raise BenchModelsError(f"{name}={file} cannot be written to ({error}): it is the runner's to make") from error


def sides(event: Mapping[str, Any]) -> tuple[str, str]:
    """Return the newest commit of the pull request's base branch, and its own latest."""
    try:
        base, head = (str(event["pull_request"][side]["sha"]) for side in SIDES)
    except (KeyError, TypeError) as error:
        raise BenchModelsError(
            f"the event is none of a pull request ({error!r} is missing): run this `on: pull_request`"
        ) from error
    return base, head


def require_commits(parting: str, head: str) -> None:
    """Refuse a pull request whose commits its base branch has already: HEAD against itself is always unchanged."""
    if parting == head:
        raise BenchModelsError(
            f"the base branch has {head[:8]} already, so there is nothing to compare: was the pull request merged?"
        )
