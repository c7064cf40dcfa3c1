"""An accepted regression is kept once, with its reason as one harmless line, and with who accepted it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from support.github_server import GitHub, serving

from bench_models.github.acceptance import accepted_in
from bench_models.github.client import Api
from bench_models.results_branch.records import LONGEST_REASON, Accepted, add_accepted, read_accepted

MERGE, EARLIER = "a" * 40, "b" * 40
LABELS = [{"name": "accept-regression"}]
BODY = "Exact heads.\r\n\r\nAccepted regression: The head is exact now.\r\n"
PULL: dict[str, Any] = {
    "number": 12,
    "base": {"sha": EARLIER},
    "head": {"sha": "c" * 40},
    "merged_at": "2026-11-22T01:00:00Z",
    "merge_commit_sha": MERGE,
    "labels": LABELS,
    "body": BODY,
}
EVENTS = [
    {"event": "labeled", "label": {"name": "bug"}, "actor": {"login": "early"}, "created_at": "2026-11-20T01:00:00Z"},
    {
        "event": "labeled",
        "label": {"name": "accept-regression"},
        "actor": {"login": "maintainer"},
        "created_at": "2026-11-21T01:00:00Z",
    },
    {"event": "closed", "actor": {"login": "late"}, "created_at": "2026-11-22T01:00:00Z"},
]
ACCEPTED = Accepted(
    commit=MERGE,
    pull_request=12,
    reason="The head is exact now.",
    by="maintainer",
    at=datetime(2026, 11, 21, 1, tzinfo=UTC),
)


@pytest.fixture
def github() -> Iterator[GitHub]:
    """Return a repository with one merged pull request, of two commits."""
    answers = {f"GET commits/{commit}/pulls": [PULL] for commit in (MERGE, EARLIER)}
    with serving(GitHub(answers=answers | {"GET issues/12/events": EVENTS})) as server:
        yield server


def api(github: GitHub) -> Api:
    """Return what asks the stand-in."""
    return Api(url=github.url, repository=github.repository, token="a-token", sleep=lambda _: None)  # noqa: S106


def changed(**changes: object) -> dict[str, Any]:
    """Return answers in which the pull request differs."""
    return {f"GET commits/{commit}/pulls": [PULL | changes] for commit in (MERGE, EARLIER)}


def test_regression_is_kept_once_with_who_accepted_it(github: GitHub, tmp_path: Path) -> None:
    """Under the commit that brought it, however many commits it had and however often one looks."""
    for _ in range(2):
        found = accepted_in(api(github), [EARLIER, MERGE])
        assert found == (ACCEPTED,)
        add_accepted(tmp_path, found)
    assert read_accepted(tmp_path) == ((ACCEPTED,), ())


def test_rebased_pull_request_counts_for_its_newest_commit(github: GitHub) -> None:
    """Its merge commit is none of the branch's."""
    github.answers |= changed(merge_commit_sha="f" * 40)
    (found,) = accepted_in(api(github), [EARLIER, MERGE])
    assert found.commit == EARLIER


@pytest.mark.parametrize(
    "changes",
    [
        {"labels": []},
        {"labels": [{"name": "accept-regression-not"}]},
        {"body": None},
        {"body": "Accepted regression:\n"},
        {"body": "Accepted regression: \u200b\u202e\n"},
        {"body": "No accepted regression: none"},
        {"merged_at": None},
    ],
)
def test_without_label_reason_or_merge_nothing_is_accepted(github: GitHub, changes: dict[str, object]) -> None:
    """Both are needed, and what cannot be seen is no reason."""
    github.answers |= changed(**changes)
    assert accepted_in(api(github), [MERGE]) == ()


def test_commit_without_a_pull_request_accepts_nothing(github: GitHub) -> None:
    """Pushed directly."""
    github.answers["GET commits/" + "c" * 40 + "/pulls"] = []
    assert accepted_in(api(github), ["c" * 40]) == ()


@pytest.mark.parametrize("actor", [None, {"login": "<img src=x>"}, {"login": "a" * 61}, {}])
def test_labeller_who_is_gone_or_has_no_login_is_a_ghost(github: GitHub, actor: dict[str, str] | None) -> None:
    """As GitHub calls them."""
    github.answers["GET issues/12/events"] = [EVENTS[1] | {"actor": actor}]
    (found,) = accepted_in(api(github), [MERGE])
    assert found.by == "ghost"


@pytest.mark.parametrize(
    "hostile",
    ["x" * 10_000, "one\u2028two \a\x1b[31m", "\u202egnp.exe", "a\tb\x00c", "<script>alert(1)</script> @everyone"],
)
def test_hostile_reason_becomes_one_line_that_is_read_back(github: GitHub, tmp_path: Path, hostile: str) -> None:
    """No control characters, nothing that turns text around, bounded; markup stays text for whoever shows it."""
    github.answers |= changed(body=f"Accepted regression: {hostile}\n")
    (found,) = accepted_in(api(github), [MERGE])

    assert found.reason.isprintable()
    assert 0 < len(found.reason) <= LONGEST_REASON
    add_accepted(tmp_path, [found])
    assert ((found,), ()) == read_accepted(tmp_path)
