"""A step in the history is told once, in one issue, unless it was accepted; a history without one tells nothing."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from support.checking import Run
from support.github_server import GitHub, serving
from support.publishers import measure, remote_with
from support.tiny_project import commit_all, git

from bench_models.asv.history import Series, histories
from bench_models.github.client import Api
from bench_models.github.regression_issue import Regression, body, regressions, tell
from bench_models.results_branch.records import Accepted, add_accepted
from bench_models.stats.change_points import ChangePoint

COMMITS = [f"{number:040x}" for number in range(20)]
FLAT = Series(
    machine="cpu-2-cores",
    environment="venv-py3.11",
    benchmark="suite.time_flat",
    parameters=(),
    unit="seconds",
    threshold=0.05,
    values=dict.fromkeys(COMMITS, 1.0),
)
RISEN = replace(
    FLAT, benchmark="suite.time_it", parameters=("int8",), values={c: 1.0 + (i >= 12) for i, c in enumerate(COMMITS)}
)


@pytest.fixture
def github() -> Iterator[GitHub]:
    """Return a repository without issues."""
    answers: dict[str, Any] = {"GET issues": [], "POST issues": {"number": 5}, "PATCH issues/5": {"number": 5}}
    with serving(GitHub(answers=answers)) as server:
        yield server


def api(github: GitHub) -> Api:
    """Return what asks the stand-in."""
    return Api(url=github.url, repository=github.repository, token="a-token", sleep=lambda _: None)  # noqa: S106


def found(*series: Series, accepted: tuple[str, ...] = ()) -> list[Regression]:
    """Return the steps in some histories."""
    return regressions(series, COMMITS, accepted)


def test_step_is_told_in_one_issue(github: GitHub) -> None:
    """With the benchmark, both levels, the change and the commit; the flat one is not named."""
    assert tell(api(github), found(FLAT, RISEN)) == "opened issue 5"

    (asked,) = github.changed
    assert (asked.method, asked.path, asked.body["labels"]) == ("POST", "issues", ["performance-step"])
    for words in ("`suite.time_it int8`", "`1 seconds`", "`2 seconds`", "+100.0 %", f"`{COMMITS[12][:8]}`"):
        assert words in asked.body["body"]
    assert "time_flat" not in asked.body["body"]


@pytest.mark.parametrize("state", ["open", "closed"])
def test_step_that_was_told_is_not_told_again(github: GitHub, state: str) -> None:
    """Nor when people closed the issue, nor when it is seen to begin a commit later."""
    told = found(RISEN)
    github.answers["GET issues"] = [{"number": 5, "state": state, "body": body(told, ())}]
    later = replace(RISEN, values=RISEN.values | {COMMITS[12]: 1.01})

    assert tell(api(github), told) is None
    assert tell(api(github), found(later)) is None
    assert github.changed == []


def test_new_step_joins_the_open_issue(github: GitHub) -> None:
    """Instead of a second issue; what was told stays in it."""
    github.answers["GET issues"] = [{"number": 5, "state": "open", "body": body(found(RISEN), ())}]
    other = replace(RISEN, benchmark="suite.track_size")

    assert tell(api(github), found(RISEN, other)) == "updated issue 5"

    (asked,) = github.changed
    assert (asked.method, asked.path, set(asked.body)) == ("PATCH", "issues/5", {"body"})
    assert "suite.time_it" in asked.body["body"]
    assert "suite.track_size" in asked.body["body"]
    github.answers["GET issues"][0]["body"] = asked.body["body"]
    assert tell(api(github), found(RISEN, other)) is None


def test_new_step_after_a_closed_issue_opens_another(github: GitHub) -> None:
    """With the new step alone."""
    github.answers["GET issues"] = [{"number": 4, "state": "closed", "body": body(found(RISEN), ())}]
    other = replace(RISEN, benchmark="suite.track_size")

    assert tell(api(github), found(RISEN, other)) == "opened issue 5"
    assert "suite.time_it" not in github.changed[0].body["body"]


def test_accepted_regression_is_no_alarm() -> None:
    """Neither at its own commit nor where the step seems to begin a commit away."""
    assert found(RISEN, accepted=(COMMITS[12],)) == []
    assert found(RISEN, accepted=(COMMITS[13],)) == []
    assert len(found(RISEN, accepted=(COMMITS[3],))) == 1


def test_names_cannot_plant_anything_in_the_issue() -> None:
    """They are code, in one line of a table."""
    planted = replace(RISEN, benchmark="suite.`x` @all | <img src=x>\n# big", parameters=("[a](b)",))
    change_point = ChangePoint(position=12, before=1.0, after=2.0)
    text = body([Regression(series=planted, change_point=change_point, commit=COMMITS[12], near=())], ())

    row = text.split("\n")[2]
    assert row.count("|") == 7
    assert "`suite.'x' @all \N{BROKEN BAR} <img src=x> # big [a](b)`" in row


def test_threshold_and_what_is_judged_come_from_the_configuration(tmp_path: Path) -> None:
    """As for asv's own page of regressions."""
    _, (clone,) = remote_with(tmp_path, 1)
    config = clone / "asv.conf.json"
    config.write_text(
        config.read_text(encoding="utf-8")[:-1]
        + ', "regressions_first_commits": {".*track_accuracy": null}, "regressions_thresholds": {".*time_.*": 0.2}}',
        encoding="utf-8",
    )
    measure(clone, "a" * 40, {"suite.time_it": 1.0, "suite.track_accuracy": 0.9, "suite.track_size": 5.0})

    series = {each.benchmark: each.threshold for each in histories(clone, {"a" * 40})}
    assert series == {"suite.time_it": 0.2, "suite.track_size": 0.05}


def test_command_opens_an_issue_for_a_made_history(tmp_path: Path, github: GitHub, bench_models: Run) -> None:
    """From asv's files to the issue; the next night, and after acceptance, there is nothing new to tell."""
    _, (clone,) = remote_with(tmp_path, 1)
    for number in range(10):
        (clone / "notes.txt").write_text(str(number), encoding="utf-8")
        commit = commit_all(clone, f"Change {number}")
        measure(clone, commit, {"suite.time_it": 1.0 + (number >= 6), "suite.time_flat": 1.0})

    def night() -> str:
        there = {"GITHUB_API_URL": github.url, "GITHUB_REPOSITORY": github.repository, "GITHUB_TOKEN": "a-token"}
        done = bench_models("ci", "steps", cwd=clone, **there)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "1 steps up in the newest 11 commits: opened issue 5" in night()
    (asked,) = github.changed
    begun = git("rev-list", "--max-count=4", "main", cwd=clone).split()[-1]
    assert f"`{begun[:8]}`" in asked.body["body"]

    github.answers["GET issues"] = [{"number": 5, "state": "open", "body": asked.body["body"]}]
    assert "nothing new" in night()

    github.answers["GET issues"] = []
    at = datetime(2026, 11, 22, tzinfo=UTC)
    add_accepted(clone / ".asv", [Accepted(commit=begun, pull_request=1, reason="Meant.", by="me", at=at)])
    assert "0 steps up" in night()
    assert len(github.changed) == 1
