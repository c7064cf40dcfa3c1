"""The verdict on a pull request: of its own commits, with a summary and an outcome whatever happens."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.observing import FAILED, exact, recorded, timed
from support.small_suite import HARMLESS, change, pull_request, write_project
from support.tiny_project import git

from bench_models.check.record import FILE, Record, Recorder
from bench_models.errors import BenchModelsError
from bench_models.github.acceptance import LABEL
from bench_models.github.actions import event_of
from bench_models.github.check_job import judge
from bench_models.outcomes import Skipped
from bench_models.verdict.measurements import Absent, Measurements


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a repository with a change, work in it, and be a step of a workflow."""
    folder = write_project(tmp_path / "project")
    change(folder, HARMLESS)
    monkeypatch.chdir(folder)
    for name in ("OUTPUT", "STEP_SUMMARY"):
        monkeypatch.setenv(f"GITHUB_{name}", str(tmp_path / name))
    return folder


def judged(project: Path, **others: Any) -> int:  # noqa: ANN401  # any of a header
    """Judge a check of the change, but for what is said of its header."""
    pull = pull_request(project)
    found = recorded(exact(100, 100))
    header = replace(found.header, **{"base": pull["base"]["sha"], "head": pull["head"]["sha"], **others})
    return judged_record(project, replace(found, header=header))


def judged_record(project: Path, found: Record) -> int:
    """Write a record and judge it."""
    with Recorder(project.parent / "shards", found.header, found.measurements) as recorder:
        recorder.end("complete", 1.0, 1.0)
    return verdict(project)


def verdict(project: Path) -> int:
    """Judge what lies among the shards."""
    event = event_of({"pull_request": pull_request(project)})
    return judge(project.parent / "shards", project.parent / "report", event, strict=False)


def refused(project: Path) -> tuple[str, str]:
    """Return the summary and the outputs of a verdict that there was none."""
    texts = [(project.parent / name).read_text(encoding="utf-8") for name in ("STEP_SUMMARY", "OUTPUT")]
    return texts[0], texts[1]


def test_own_commits_are_judged(project: Path) -> None:
    """The branch and where it began."""
    assert judged(project) == 0
    assert "No regression" in refused(project)[0]


@pytest.mark.parametrize(
    ("found", "status"),
    [
        (exact(100, 200), 0),
        (replace(exact(100, 100), head=Skipped(reason="no kernel")), 0),
        (replace(exact(100, 100), head=FAILED), 1),
    ],
    ids=["larger", "lost", "broken"],
)
def test_benchmark_that_no_longer_runs_cannot_be_accepted(project: Path, found: Measurements, status: int) -> None:
    """A larger number can, and one that is skipped now: label and reason are both there."""
    pull = pull_request(project, labels=(LABEL,), body="Accepted regression: it is worth it")
    record = recorded(found)
    header = replace(record.header, base=pull["base"]["sha"], head=pull["head"]["sha"])
    with Recorder(project.parent / "shards", header, record.measurements) as recorder:
        recorder.end("complete", 1.0, 1.0)
    done = judge(project.parent / "shards", project.parent / "report", event_of({"pull_request": pull}), strict=False)

    assert done == status
    said = "**This cannot be accepted:** what ran on BASE fails on HEAD, `suite.track_it`." if status else "is accepted"
    assert said in refused(project)[0]


def test_loss_that_nobody_accepts_is_red(project: Path) -> None:
    """With what to do in the summary."""
    pull = pull_request(project)
    found = recorded(exact(100, 100), replace(timed(), head=Absent()))
    header = replace(found.header, base=pull["base"]["sha"], head=pull["head"]["sha"])
    assert judged_record(project, replace(found, header=header)) == 1
    summary, outputs = refused(project)
    assert "To accept what regressed or was lost, add the label" in summary
    assert "1 of 2 benchmarks is lost: measured on BASE, and not on HEAD; no regression among 1." in summary
    assert "regressed" in outputs


@pytest.mark.parametrize("side", ["base", "head"])
def test_records_of_other_commits_are_refused(project: Path, side: str) -> None:
    """A green verdict on another pair of commits says nothing about this one."""
    with pytest.raises(BenchModelsError, match=f"their {side.upper()} is cccccccc, and the pull request's is"):
        judged(project, **{side: "c" * 40})
    summary, outputs = refused(project)
    assert "**The check has no verdict:** `the shards compare other commits" in summary
    assert "unmeasured" in outputs


def test_commit_that_was_compared_with_itself_has_no_verdict(project: Path) -> None:
    """A pull request that is merged by now; nothing of it would have changed."""
    head = pull_request(project)["head"]["sha"]
    git("branch", "--force", "main", "change", cwd=project)
    with pytest.raises(BenchModelsError, match="there is nothing to compare"):
        judged(project, base=head)
    assert "**The check has no verdict:**" in refused(project)[0]


def test_base_that_a_shallow_clone_does_not_show_is_not_compared(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The head still is."""
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert judged(project, base="c" * 40) == 0
    with pytest.raises(BenchModelsError, match="their HEAD is"):
        judged(project, head="c" * 40)


def test_record_nested_without_end_is_one_sentence(project: Path) -> None:
    """And the summary has it, too."""
    (project.parent / "shards").mkdir()
    (project.parent / "shards" / FILE).write_text("[" * 100_000 + "]" * 100_000 + "\n", encoding="utf-8")
    with pytest.raises(BenchModelsError, match="is damaged"):
        verdict(project)
    summary, outputs = refused(project)
    assert "**The check has no verdict:**" in summary
    assert "unmeasured" in outputs


def test_change_of_a_benchmark_that_nobody_judged_is_said_on_top(project: Path) -> None:
    """Below the verdict, which is not about it; where each side ran its own file there is nothing to say."""
    judged(project, rewritten=("a.time_it",))
    first, _, second, *_ = refused(project)[0].splitlines()
    assert "No regression" in first
    assert second.startswith("**The benchmark itself changed in a.time_it: its version differs, so HEAD's file ran on")
    (project.parent / "STEP_SUMMARY").unlink()
    judged(project)
    assert "not judged" not in refused(project)[0]
