"""Finds accepted regressions of merged pull requests: who accepted which, and the reason given."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from bench_models.github.acceptance import LABEL, acceptance
from bench_models.github.client import Api
from bench_models.results_branch.records import Accepted

_LOGIN = re.compile(r"[A-Za-z0-9\[\]_-]{1,60}")
# What GitHub calls somebody whose account is gone.
_NOBODY = "ghost"


def accepted_in(api: Api, commits: Iterable[str]) -> tuple[Accepted, ...]:
    """Return the accepted regressions of the pull requests that brought these commits, each once."""
    commits = tuple(commits)
    found: dict[int, Accepted] = {}
    for commit in commits:
        for pull_request in api.pages(f"commits/{commit}/pulls"):
            number = int(pull_request["number"])
            if pull_request.get("merged_at") and number not in found:
                one = _accepted(api, pull_request, _arrival(pull_request, commit, commits))
                found |= {number: one} if one else {}
    return tuple(found.values())


def _accepted(api: Api, pull_request: Mapping[str, Any], commit: str) -> Accepted | None:
    said = acceptance(pull_request)
    if not (said.labelled and said.reason):
        return None
    number = int(pull_request["number"])
    by, at = _labelled(api, number, str(pull_request["merged_at"]))
    return Accepted(commit=commit, pull_request=number, reason=said.reason, by=by, at=_date(at))


def _labelled(api: Api, number: int, merged_at: str) -> tuple[str, str]:
    """Return who set the label last, and when: they accepted it, not who wrote the reason."""
    by, at = _NOBODY, merged_at
    for event in api.pages(f"issues/{number}/events"):
        if event.get("event") == "labeled" and (event.get("label") or {}).get("name") == LABEL:
            login = str((event.get("actor") or {}).get("login", ""))
            by, at = (login if _LOGIN.fullmatch(login) else _NOBODY), str(event["created_at"])
    return by, at


def _arrival(pull_request: Mapping[str, Any], commit: str, commits: tuple[str, ...]) -> str:
    """Return the commit that brought a pull request; of several that were rebased, its last one."""
    merged = str(pull_request.get("merge_commit_sha"))
    return merged if merged in commits else commit


def _date(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC).replace(microsecond=0)
