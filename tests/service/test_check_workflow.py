"""check.yml, rehearsed: its own steps, in order, on a pull request of a small repository.

Only two things differ from GitHub: bench-models is the one of the tests' environment instead of being installed
by pip (the step is named in ``satisfied``), and no suite of models is trained (the variable ``SUITES`` is empty).
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rehearsal import Job, Rehearsal, bare
from small_suite import CODE, HARMLESS, LARGER, SLOWER, change, pull_request, write_project
from tiny_project import commit_all, git

from bench_models.service.acceptance import LABEL

pytestmark = pytest.mark.slow

CHECK = ".github/workflows/check.yml"
INSTALL = "Install bench-models"
REASON = "Accepted regression: the answer is exact now"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a repository with this one's workflows and actions."""
    folder = write_project(tmp_path / "project", CHECK, ".github/actions")
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

    def run(code: str | None, event: dict[str, Any] | None = None, **pull: Any) -> dict[str, list[Job]]:  # noqa: ANN401
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
        return rehearsal.workflow(CHECK)

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
    assert "To accept what regressed, add the label `accept-regression`" in last.summary


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
    labelled = {"action": "labeled", "label": {"name": LABEL}, "sender": {"login": "ada"}}
    jobs = rehearse(None, labelled, labels=(LABEL,), body=f"More.\n\n{REASON}\n")
    assert "--- Measure: skipped" in jobs["measure"][0].log
    last = verdict(jobs)
    assert last.status == "success", last.log
    assert "The regression is accepted." in last.summary
    assert "set by `ada`" in last.summary
    assert "`the answer is exact now`" in last.summary
    assert "track_size" in last.summary


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
