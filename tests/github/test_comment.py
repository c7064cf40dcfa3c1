"""One comment on the right pull request, written from the figures alone; in doubt none, and the reason."""

import json
from collections.abc import Iterator
from string import ascii_letters, digits
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.github_server import GitHub, pull_request, serving
from support.reporting import decoded, green, packed, report, zipped
from support.untrusted_text import outside_code, untrusted

from bench_models.check.report.document import ORDER
from bench_models.errors import BenchModelsError
from bench_models.github.acceptance import LABEL, acceptance
from bench_models.github.actions import event_of
from bench_models.github.check_run import run_of
from bench_models.github.client import Api, ApiError
from bench_models.github.comment import AUTHOR, LONGEST, MARKER, comment, written

HEAD = "b" * 40
REPOSITORY = "owner/project"
EVENT: dict[str, Any] = {
    "workflow_run": {
        "id": 5,
        "event": "pull_request",
        "head_sha": HEAD,
        "head_branch": "change",
        "head_repository": {"full_name": "stranger/fork", "owner": {"login": "stranger"}},
        "html_url": "https://github.example/owner/project/actions/runs/5",
        "pull_requests": [],
        "repository": {"full_name": REPOSITORY},
    }
}
PULL = {
    "number": 7,
    "body": "",
    "labels": [],
    "base": {"sha": "a" * 40},
    "head": {"sha": HEAD, "repo": {"full_name": "stranger/fork"}},
}


def served_with(github: GitHub, archive: bytes, *pulls: dict[str, Any]) -> None:
    """Let the repository have a finished check with this artifact, and these pull requests."""
    artifact = {"id": 9, "name": "bench-models-report", "size_in_bytes": len(archive), "workflow_run": {"id": 5}}
    github.answers["GET pulls"] = list(pulls or (PULL,))
    github.answers["GET actions/runs/5/artifacts"] = {"total_count": 1, "artifacts": [artifact]}
    github.files["actions/artifacts/9/zip"] = archive


@pytest.fixture
def github() -> Iterator[GitHub]:
    """Yield a repository with a finished check of pull request 7."""
    with serving(GitHub(repository=REPOSITORY)) as served:
        served_with(served, packed())
        yield served


def commented(github: GitHub, event: dict[str, Any] | None = None) -> str:
    """Comment on a finished check."""
    api = Api(url=github.url, repository=REPOSITORY, token="x", sleep=lambda _: None)  # noqa: S106  # no password
    return comment(event_of(event or EVENT), api)


def refused(github: GitHub, event: dict[str, Any] | None = None) -> str:
    """Return why nothing is posted, after making sure of that."""
    with pytest.raises(BenchModelsError) as caught:
        commented(github, event)
    assert not github.changed
    return str(caught.value)


def test_comment_says_what_changed_and_where_to_read_on(github: GitHub) -> None:
    """The verdict, a row for each change, and the run."""
    assert "posted a comment on pull request 7" in commented(github)
    (posted,) = github.comments[7]
    text = posted["body"]
    assert text.startswith(MARKER)
    assert "**2 of 3 benchmarks regressed; no regression among 1.**" in text
    assert "| regressed | `suite.track_it` | `100 bytes` | `150 bytes` | +50.00 % | exact | 10 |" in text
    assert "suite.time_same" not in text
    assert "To accept what regressed or was lost, add the label" in text
    assert "(https://github.example/owner/project/actions/runs/5)" in text


def test_row_that_is_undecided_says_what_would_have_been_seen() -> None:
    """In that row; the first line tells the largest of all."""
    made = report()
    made["changes"][0] |= {"verdict": "undecided", "visible_pct": 4.26}
    lines = written(decoded(made), run_of(event_of(EVENT), REPOSITORY), acceptance(pull_request())).splitlines()
    (row,) = (line for line in lines if line.startswith("| undecided |"))
    assert row.endswith("`; a change of 4.3 % would most likely have been seen |")
    assert "1 is undecided: changes of up to 4.3 % would not have been seen there" in lines[2]


def test_second_check_updates_the_comment(github: GitHub) -> None:
    """Its own: not that of somebody who copied the marker."""
    github.comments[7] = [
        {"id": 1, "body": f"{MARKER} mine", "user": {"login": "stranger", "type": "User"}},
        {"id": 2, "body": "another of the bot's", "user": {"login": AUTHOR, "type": "Bot"}},
        {"id": 3, "body": f"{MARKER} another bot's", "user": {"login": "helper[bot]", "type": "Bot"}},
    ]
    commented(github)
    served_with(github, packed(**green()))
    assert "updated the comment" in commented(github)
    first, second, third, ours = github.comments[7]
    assert first["body"] == f"{MARKER} mine"
    assert second["body"] == "another of the bot's"
    assert third["body"] == f"{MARKER} another bot's"
    assert "**No regression among 1 of 1 benchmark.**" in ours["body"]


def test_accepted_regression_says_why(github: GitHub) -> None:
    """As the pull request says now, not as the artifact does."""
    accepted = PULL | {"labels": [{"name": LABEL}], "body": "Accepted regression: @ada agreed, see #1"}
    served_with(github, packed(), accepted)
    commented(github)
    assert "the written reason is: `@ada agreed, see #1`" in github.comments[7][0]["body"]


def test_change_of_a_benchmark_that_nobody_judged_is_said_on_top(github: GitHub) -> None:
    """A green verdict is not about it; a report that is older than these words says nothing of it."""
    changed = ["a.time_@ada", "b.time_it"]
    served_with(github, packed(rewritten=changed))
    commented(github)
    said = "**The benchmark itself changed in `a.time_@ada`, `b.time_it`: its version differs"
    assert said in "\n".join(github.comments[7][0]["body"].splitlines()[:5])
    older = {key: value for key, value in report().items() if key not in {"rewritten", "added"}}
    served_with(github, zipped(json.dumps(older | {"suite_changes": [], "suites": "own"})))
    commented(github)
    assert "not judged" not in github.comments[7][0]["body"]


def test_files_of_the_suite_that_differ_are_named(github: GitHub) -> None:
    """The first few, as code; what older reports say of them was about another rule."""
    changed = ["suite/@ada.py", "suite/b.py", "suite/c.py", "suite/d.py"]
    served_with(github, packed(suite_changes=changed))
    commented(github)
    said = (
        "Files of the suite differ (`suite/@ada.py`, `suite/b.py`, `suite/c.py` and 1 more): each side ran its own, so"
    )
    assert said in github.comments[7][0]["body"]
    served_with(github, packed(suite_changes=changed, suites="head"))
    commented(github)
    assert "Files of the suite" not in github.comments[7][0]["body"]


def test_newer_commit_gets_no_old_verdict(github: GitHub) -> None:
    """Its own check will come."""
    served_with(github, packed(), PULL | {"head": {"sha": "c" * 40, "repo": {"full_name": "stranger/fork"}}})
    assert "no open pull requests have the checked commit" in refused(github)


def test_same_commit_in_another_fork_is_another_pull_request(github: GitHub) -> None:
    """Its number is not to be had by copying a branch."""
    served_with(github, packed(), PULL | {"head": {"sha": HEAD, "repo": {"full_name": "victim/fork"}}})
    assert "no open pull requests" in refused(github)


def test_branch_with_two_pull_requests_gets_the_one_that_was_checked(github: GitHub) -> None:
    """GitHub names it for branches of the repository itself; where it does not, nobody guesses."""
    served_with(github, packed(), PULL, PULL | {"number": 8})
    assert "pull requests have the checked commit" in refused(github)
    run = EVENT["workflow_run"] | {"pull_requests": [{"number": 8}]}
    assert "pull request 8" in commented(github, {"workflow_run": run})


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"repository": {"full_name": "victim/project"}}, "another repository"),
        ({"event": "push"}, "not made by a pull request"),
        ({"id": "x"}, "or on `workflow_run`"),
        ({"head_repository": None}, "the fork that the run 5 was for is gone"),
    ],
)
def test_event_of_anything_else_is_refused(github: GitHub, changed: dict[str, Any], said: str) -> None:
    """Before GitHub is asked for anything."""
    assert said in refused(github, {"workflow_run": EVENT["workflow_run"] | changed})
    assert not github.asked


@pytest.mark.parametrize(
    ("artifacts", "said"),
    [
        ([], "no artifact"),
        ([{"id": 9, "name": "other", "size_in_bytes": 1}], "no artifact"),
        ([{"id": 9, "name": "bench-models-report", "size_in_bytes": 1, "expired": True}], "no artifact"),
        ([{"id": 9, "name": "bench-models-report", "size_in_bytes": 10**9}], "too large"),
        ([{"id": 9, "name": "bench-models-report", "size_in_bytes": 1, "workflow_run": {"id": 6}}], "another run"),
    ],
)
def test_artifact_that_is_not_the_report_is_not_fetched(
    github: GitHub, artifacts: list[dict[str, Any]], said: str
) -> None:
    """Missing, expired, too large, or another run's."""
    github.answers["GET actions/runs/5/artifacts"] = {"artifacts": artifacts}
    assert said in refused(github)
    assert not any(each.path.endswith("/zip") for each in github.asked)


def repeated(github: GitHub, *artifacts: tuple[int, str, bytes]) -> dict[str, Any]:
    """Let the run have these reports, by number and minute; return the event of its second attempt, begun at 30."""
    about = {"name": "bench-models-report", "workflow_run": {"id": 5}, "size_in_bytes": 1}
    github.answers["GET actions/runs/5/artifacts"] = {
        "artifacts": [
            about | {"id": number, "created_at": f"2026-11-22T01:{minute}:00Z"} for number, minute, _ in artifacts
        ]
    }
    github.files |= {f"actions/artifacts/{number}/zip": archive for number, _, archive in artifacts}
    again = {"run_attempt": 2, "run_started_at": "2026-11-22T01:30:00Z"}
    return {"workflow_run": EVENT["workflow_run"] | again}


@pytest.mark.parametrize("newest_first", [True, False])
def test_run_that_was_repeated_in_part_has_its_newest_report_told(github: GitHub, *, newest_first: bool) -> None:
    """GitHub keeps one of each attempt under one name, in whatever order."""
    reports = [(9, "20", packed()), (12, "40", packed(**green()))]
    event = repeated(github, *(reports[::-1] if newest_first else reports))
    commented(github, event)
    assert "**No regression among 1 of 1 benchmark.**" in github.comments[7][0]["body"]


def test_attempt_that_left_no_report_has_no_verdict(github: GitHub) -> None:
    """That of the attempt before may be of other records."""
    event = repeated(github, (9, "20", packed(**green())))
    assert "the newest attempt of run 5 left no artifact" in refused(github, event)


def test_older_run_does_not_replace_the_verdict_of_a_newer_one(github: GitHub) -> None:
    """A check that took longer than the one after it; to repeat it by hand is to ask for its verdict."""
    newer = {"id": 6, "html_url": EVENT["workflow_run"]["html_url"].replace("/5", "/6")}
    github.answers["GET actions/runs/6/artifacts"] = {
        "artifacts": [{"id": 9, "name": "bench-models-report", "size_in_bytes": 1}]
    }
    commented(github, {"workflow_run": EVENT["workflow_run"] | newer})
    with pytest.raises(BenchModelsError, match="tells of run 6, which began after run 5: it stays"):
        commented(github)
    assert "updated" in commented(github, {"workflow_run": EVENT["workflow_run"] | {"run_attempt": 2}})


@pytest.mark.parametrize("archive", [None, b"no archive", packed(exit_status=0)])
def test_verdict_on_an_earlier_commit_does_not_stand_for_a_later_one(github: GitHub, archive: bytes | None) -> None:
    """Whose check left none: the comment says so, and the job is red all the same."""
    served_with(github, packed(**green()))
    commented(github)
    later = {"id": 6, "head_sha": "c" * 40, "html_url": "https://github.example/owner/project/actions/runs/6"}
    github.answers["GET pulls"] = [PULL | {"head": {"sha": "c" * 40, "repo": {"full_name": "stranger/fork"}}}]
    listed = [{"id": 10, "name": "bench-models-report", "size_in_bytes": 1}] if archive else []
    github.answers["GET actions/runs/6/artifacts"] = {"artifacts": listed}
    github.files["actions/artifacts/10/zip"] = archive or b""
    with pytest.raises(BenchModelsError):
        commented(github, {"workflow_run": EVENT["workflow_run"] | later})
    (ours,) = github.comments[7]
    assert "**There is no verdict on commit `cccccccc`:**" in ours["body"]
    assert "No regression" not in ours["body"]


def test_nobody_keeps_later_verdicts_away(github: GitHub) -> None:
    """By a benchmark that is called as a later run's address would be."""
    row = report()["changes"][0] | {"benchmark": "[the whole report](https://github.example/actions/runs/99)"}
    served_with(github, packed(changes=[row]))
    commented(github)
    assert "updated" in commented(github)


@pytest.mark.parametrize(("conclusion", "said"), [("failure", True), ("success", False)])
def test_run_that_failed_is_never_told_as_green(github: GitHub, conclusion: str, *, said: bool) -> None:
    """A shard's job may be red while a report of other records is not."""
    served_with(github, packed(**green()))
    commented(github, {"workflow_run": EVENT["workflow_run"] | {"conclusion": conclusion}})
    assert ("**The run is red all the same:**" in github.comments[7][0]["body"]) == said


@pytest.mark.parametrize(
    "archive",
    [
        b"no archive",
        zipped("{}", "../report.json"),
        zipped("{}", "/report.json"),
        zipped(json.dumps(report()), more="x"),
        zipped(b" " * 5 * 2**20),
        zipped("[" * 100_000),
        packed(sentence=7),
        packed(exit_status=0),
        packed(exit_status=3),
        packed(exit_status=0, changes=[]),
        packed(**green() | {"ending": "crashed"}),
        packed(**green() | {"exit_status": 1}),
        packed(head={"commit": "c" * 40, "name": "HEAD", "uncommitted": []}),
    ],
)
def test_hostile_artifact_posts_nothing(github: GitHub, archive: bytes) -> None:
    """And the log says why."""
    served_with(github, archive)
    assert "the artifact is refused" in refused(github)


@pytest.mark.parametrize(("status", "said"), [(403, "`permissions`"), (404, "no such thing"), (502, "again later")])
@pytest.mark.parametrize("path", ["GET pulls", "GET actions/artifacts/9/zip", "GET issues/7/comments"])
def test_refusal_of_the_api_is_a_sentence(github: GitHub, status: int, said: str, path: str) -> None:
    """Wherever it comes."""
    github.first[path] = [(status, {})] * 9
    assert said in refused(github)


def test_refusal_to_post_is_a_sentence(github: GitHub) -> None:
    """The job lacks a permission."""
    github.first["POST"] = [(403, {})]
    with pytest.raises(ApiError, match="POST issues/7/comments with 403"):
        commented(github)


@st.composite
def hostile_reports(draw: st.DrawFn) -> dict[str, Any]:
    """Draw reports that follow the schema and hold strangers' text wherever a check would write its own."""
    made = report(sentence=draw(untrusted), rewritten=[draw(untrusted)], began=draw(untrusted))
    made["broken_modules"] = {draw(untrusted): {draw(untrusted): draw(untrusted)}}
    number = st.none() | st.floats(-1e18, 1e18)
    for change in made["changes"]:
        change |= {
            "benchmark": draw(untrusted),
            "parameters": [draw(untrusted)],
            "unit": draw(untrusted),
            "reason": draw(untrusted),
            "verdict": draw(st.sampled_from((*ORDER, "missing"))),
            "base": draw(number),
            "head": draw(number),
        }
    return made


@settings(deadline=None)  # other tests run beside this one
@given(hostile_reports(), untrusted)
def test_nothing_that_is_planted_survives(made: dict[str, Any], reason: str) -> None:
    """Outside code there is nothing but our own words, numbers, our marker and the link to the run."""
    accepted = acceptance(pull_request(labels=[{"name": LABEL}], body=f"Accepted regression: {reason}"))
    text = outside_code(written(decoded(made), run_of(event_of(EVENT), REPOSITORY), accepted))
    allowed = f"<html_block>{MARKER}", f"<link_open {{'href': '{EVENT['workflow_run']['html_url']}'}}>"
    for each in allowed:
        assert text.count(each) == 1
        text = text.replace(each, "")
    ours = set(f"{ascii_letters}{digits} \n.,:;*%+-'()")
    assert set(text.replace("Accepted regression: <reason>", "")) <= ours


@pytest.mark.parametrize("letter", ["b", "\N{CJK UNIFIED IDEOGRAPH-4E00}"])
def test_comment_fits_whatever_is_in_the_report(letter: str) -> None:
    """A thousand long rows, of which fifty are shown; some letters are as wide as two."""
    made, long = report(), letter * 9000
    row = made["changes"][0] | {"benchmark": long, "reason": long, "unit": long, "base": 1e18}
    text = written(
        decoded(made | {"changes": [row] * 1000}), run_of(event_of(EVENT), REPOSITORY), acceptance(pull_request())
    )
    assert len(text) <= LONGEST
    assert "950 more rows are in the report." in text
