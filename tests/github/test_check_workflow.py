"""check.yml, rehearsed: its own steps, in order, on a pull request of a small repository.

Only two things differ from GitHub: bench-models is the one of the tests' environment instead of being installed
by pip (the step is named in ``satisfied``), and no suite of models is trained (the variable ``SUITES`` is empty).
"""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.github_server import GitHub, serving
from support.rehearsal import Job, Rehearsal, bare
from support.reporting import zipped
from support.small_suite import CODE, HARMLESS, LARGER, SLOWER, change, pull_request, write_project
from support.tiny_project import commit_all, git

from bench_models.github.acceptance import LABEL

pytestmark = pytest.mark.slow

CHECK = ".github/workflows/check.yml"
COMMENT = ".github/workflows/comment.yml"
INSTALL = "Install bench-models"
REASON = "Accepted regression: the answer is exact now"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a repository with this one's workflows and actions."""
    folder = write_project(tmp_path / "project", CHECK, COMMENT, ".github/actions")
    text = (folder / CHECK).read_text(encoding="utf-8")
    assert text.count("SUITES: rotten-tomatoes\n") == 1
    (folder / CHECK).write_text(text.replace("SUITES: rotten-tomatoes\n", 'SUITES: ""\n'), encoding="utf-8")
    commit_all(folder, "Train nothing")
    return folder


@pytest.fixture
def sized(project: Path) -> Path:
    """Leave the clock out, which takes its time: sizes are compared exactly, and at once."""
    text = (project / CHECK).read_text(encoding="utf-8")
    assert text.count("BENCH: ^rotten_tomatoes\\.\n") == 1
    (project / CHECK).write_text(text.replace("^rotten_tomatoes\\.", "track_size"), encoding="utf-8")
    commit_all(project, "Look at sizes")
    return project


@pytest.fixture
def rehearse(project: Path, tmp_path: Path) -> Callable[..., dict[str, list[Job]]]:
    """Return a function that opens a pull request with other code and rehearses the check of it."""

    def run(
        code: str | None,
        event: dict[str, Any] | None = None,
        workflow: Path | str = CHECK,
        **pull: Any,  # noqa: ANN401  # any of a pull request's
    ) -> dict[str, list[Job]]:
        head = change(project, code) if code else git("rev-parse", "HEAD", cwd=project).strip()
        described = {"action": "opened", "pull_request": pull_request(project, **pull), **(event or {})}
        folder = tmp_path / f"run-{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        rehearsal = Rehearsal(
            remote=bare(project, folder),
            scratch=tmp_path / "rehearsal",
            event_name="pull_request",
            event=described,
            sha=head,
            satisfied=(INSTALL,),
        )
        return rehearsal.workflow(workflow)

    return run


Rehearse = Callable[..., dict[str, list[Job]]]


def verdict(jobs: dict[str, list[Job]]) -> Job:
    """Return the last job, after making sure that the others went well."""
    (plan,), (last,) = jobs["plan"], jobs["verdict"]
    assert plan.status == "success", plan.log
    assert [job.status for job in jobs["measure"]] == ["success"] * len(jobs["measure"]), jobs["measure"][0].log
    return last


def test_planted_regression_turns_the_check_red_with_its_table_in_the_summary(rehearse: Rehearse) -> None:
    """The slower function by name, with both times, and how to accept it."""
    last = verdict(rehearse(SLOWER))
    assert last.status == "failure", last.log
    assert "| regressed" in last.summary
    assert "`rotten_tomatoes.time_total` is" in last.summary
    assert "% slower (" in last.summary
    assert "To accept what regressed or was lost, add the label `accept-regression`" in last.summary


def test_harmless_change_stays_green(rehearse: Rehearse) -> None:
    """With everything measured."""
    last = verdict(rehearse(HARMLESS))
    assert last.status == "success", last.log
    assert "No regression" in last.summary
    assert "2 benchmarks unchanged" in last.summary


@pytest.mark.usefixtures("sized")
def test_accepted_regression_is_green_and_says_by_whom_and_why(rehearse: Rehearse) -> None:
    """What was measured before the label was set is not measured again."""
    before = verdict(rehearse(LARGER))
    assert before.status == "failure", before.log
    jobs = rehearse(None, LABELLED, labels=(LABEL,), body=f"More.\n\n{REASON}\n")
    assert "nothing is measured again" in jobs["measure"][0].log
    last = verdict(jobs)
    assert last.status == "success", last.log
    assert "What regressed or was lost is accepted." in last.summary
    assert "set by `ada`" in last.summary
    assert "`the answer is exact now`" in last.summary
    assert "track_size" in last.summary


LABELLED = {"action": "labeled", "label": {"name": LABEL}, "sender": {"login": "ada"}}

_DIES_ONCE = """
import os
import signal


def size():
    if os.path.exists({flag!r}):
        os.remove({flag!r})
        os.kill(os.getppid(), signal.SIGKILL)
    return 150
"""


@pytest.mark.usefixtures("sized")
def test_record_that_broke_off_is_not_used_again(rehearse: Rehearse, tmp_path: Path) -> None:
    """A label event measures anew, instead of telling until the next push that the check ended early."""
    flag = tmp_path / "flag"
    flag.touch()
    (broken,) = rehearse(CODE.partition("def size")[0] + _DIES_ONCE.format(flag=str(flag)))["verdict"]
    assert not flag.exists()
    assert broken.status == "failure"
    assert "track_size" in broken.summary

    last = verdict(rehearse(None, LABELLED, labels=(LABEL,), body=REASON))
    assert last.status == "success", last.log
    assert "accepted.**" in last.summary


@pytest.mark.usefixtures("sized")
def test_record_that_answers_another_question_is_not_used_again(rehearse: Rehearse, project: Path) -> None:
    """Main asks for other benchmarks by now, and a workflow of a pull request is main's and its own together."""
    verdict(rehearse(HARMLESS))
    text = (project / CHECK).read_text(encoding="utf-8")
    (project / CHECK).write_text(text.replace("track_size", "track_s"), encoding="utf-8")
    jobs = rehearse(None, LABELLED, workflow=(project / CHECK).resolve())
    verdict(jobs)
    assert "--- Measure: success" in jobs["measure"][0].log
    assert "nothing is measured again" not in jobs["measure"][0].log


@pytest.mark.usefixtures("sized")
@pytest.mark.parametrize(
    ("labels", "body", "said"),
    [((LABEL,), None, "has no line `Accepted regression: <reason>`"), ((), REASON, "is missing")],
)
def test_label_or_reason_alone_stays_red(rehearse: Rehearse, labels: tuple[str, ...], body: str, said: str) -> None:
    """And the summary says what is missing."""
    last = verdict(rehearse(LARGER, labels=labels, body=body))
    assert last.status == "failure"
    assert said in last.summary


def test_suite_that_cannot_be_imported_is_red_and_not_to_be_accepted(rehearse: Rehearse) -> None:
    """Nobody can agree to what was not measured; the verdict's summary says where to look."""
    jobs = rehearse(f"{CODE}\n\nraise RuntimeError('not today')\n", labels=(LABEL,), body=REASON)
    (last,) = jobs["verdict"]
    assert last.status == "failure"
    assert "cannot be imported" in last.summary or "left a record" in last.summary
    assert "accepted" not in last.summary


@pytest.mark.usefixtures("sized")
def test_comment_is_posted_from_the_artifact_and_then_updated(
    rehearse: Rehearse, project: Path, tmp_path: Path
) -> None:
    """A regression that is put right in the next commit: one comment, which first is red and then is not."""
    with serving(GitHub()) as github:
        for code in (LARGER, HARMLESS):
            jobs = rehearse(code)
            archive = artifact(tmp_path / "rehearsal" / "artifacts" / "bench-models-report")
            done = comment_on(github, project, tmp_path / f"comment-{len(github.asked)}", archive)
            assert done.status == "success", done.log
            assert jobs["verdict"][0].status == ("failure" if code is LARGER else "success")
            (posted,) = github.comments[7]
            assert ("track_size" in posted["body"]) == (code is LARGER)
        assert [each.method for each in github.changed] == ["POST", "PATCH"]
        assert {each.token for each in github.asked} == {"a-token"}


def test_checkout_without_the_history_is_red_at_once(rehearse: Rehearse, project: Path) -> None:
    """The plan says which option is missing, nothing is measured, and the verdict is red, too."""
    text = (project / CHECK).read_text(encoding="utf-8")
    (project / CHECK).write_text(text.replace("          fetch-depth: 0\n", ""), encoding="utf-8")
    commit_all(project, "Fetch one commit")
    (project / "more.py").write_text("x = 1\n", encoding="utf-8")
    jobs = rehearse(HARMLESS)
    assert [jobs[name][0].status for name in ("plan", "measure", "verdict")] == ["failure", "skipped", "failure"]
    assert "`fetch-depth: 0` of actions/checkout" in jobs["plan"][0].log
    assert "The check has no verdict" in jobs["verdict"][0].summary


def artifact(folder: Path) -> bytes:
    """Return an artifact as GitHub's API hands it over."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in folder.rglob("*"):
            archive.write(file, file.relative_to(folder))
    return buffer.getvalue()


def comment_on(github: GitHub, project: Path, folder: Path, archive: bytes) -> Job:
    """Rehearse comment.yml on the check of what is checked out, with its artifact behind a stand-in for the API."""
    pull = pull_request(project)
    pull["head"] |= {"repo": {"full_name": github.repository}}
    listed = {"id": 9, "name": "bench-models-report", "size_in_bytes": len(archive)}
    github.answers |= {"GET pulls": [pull], "GET actions/runs/5/artifacts": {"artifacts": [listed]}}
    github.files["actions/artifacts/9/zip"] = archive
    event = {
        "repository": {"default_branch": "main"},
        "workflow_run": {
            "id": 5,
            "event": "pull_request",
            "conclusion": "failure",
            "head_sha": pull["head"]["sha"],
            "head_branch": "change",
            "head_repository": {"full_name": github.repository, "owner": {"login": "owner"}},
            "html_url": "https://github.invalid/owner/project/actions/runs/5",
            "repository": {"full_name": github.repository},
        },
    }
    folder.mkdir()
    rehearsal = Rehearsal(
        remote=bare(project, folder),
        scratch=folder / "rehearsal",
        event_name="workflow_run",
        event=event,
        api_url=github.url,
        satisfied=(INSTALL,),
    )
    (done,) = rehearsal.workflow(COMMENT)["comment"]
    return done


@pytest.mark.usefixtures("sized")
def test_hostile_artifact_posts_nothing_and_the_log_says_why(project: Path, tmp_path: Path) -> None:
    """The whole workflow: the job is red, and GitHub is asked for nothing but what is to be read."""
    change(project, HARMLESS)
    with serving(GitHub()) as github:
        done = comment_on(github, project, tmp_path / "comment", zipped("{}", "../../report.json"))
        assert done.status == "failure"
        assert "the artifact is refused: it holds 1 files ('../../report.json')" in done.log
        assert not github.changed


@pytest.mark.usefixtures("sized")
def test_comment_never_checks_out_the_pull_request(project: Path, tmp_path: Path) -> None:
    """Only the default branch's code runs beside a token that may write."""
    change(project, "raise SystemExit('planted')\n")
    with serving(GitHub()) as github:
        done = comment_on(github, project, tmp_path / "comment", zipped("{}"))
        assert done.workspace is not None
        assert "planted" not in (done.workspace / "counting.py").read_text(encoding="utf-8")
        assert done.steps["actions/checkout"].inputs["ref"] == "main"
