"""The two commits that a ``pull_request`` event names."""

from collections.abc import Mapping
from typing import Any

from bench_models.errors import BenchModelsError
from bench_models.verdict.measurements import SIDES


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
