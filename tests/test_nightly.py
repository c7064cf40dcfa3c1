"""nightly.yml, rehearsed: what the hub withholds is named with its reason, and an A/A check leaves its figures."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from github_server import GitHub, serving
from observing import recorded, timed
from publishers import measure, on_branch, remote_with
from rehearsal import Rehearsal, bare
from stand_ins import Inputs, Place
from tiny_project import commit_all, git

from bench_models.build import Builder
from bench_models.outcomes import Failed, Measured, Skipped
from bench_models.paired.record import Recorder
from bench_models.paired.replay import replay
from bench_models.service.branch import results_branch
from bench_models.service.false_alarms import figures, too_many
from bench_models.service.hub import failed, table, visit

WORKFLOW = ".github/workflows/nightly.yml"
REPOSITORY = Path(__file__).resolve().parent.parent

_SUITE = """
def time_it():
    sum(range(2000))
"""


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    """Return a bare repository with the workflow, and a suite of the default one's name that takes no time."""
    _, (project,) = remote_with(tmp_path, 1)
    (project / "benchmarks").mkdir()
    (project / "benchmarks" / "__init__.py").write_text("", encoding="utf-8")
    (project / "benchmarks" / "rotten_tomatoes.py").write_text(_SUITE, encoding="utf-8")
    (project / WORKFLOW).parent.mkdir(parents=True)
    shutil.copyfile(REPOSITORY / WORKFLOW, project / WORKFLOW)
    commit_all(project, "Add the workflow")
    (tmp_path / "bare").mkdir()
    return bare(project, tmp_path / "bare")


def rehearsal(remote: Path, **options: Any) -> Rehearsal:  # noqa: ANN401  # the rehearsal's own
    """Return a night."""
    known = {"satisfied": ("Install",), "environment": {"HF_ENDPOINT": "http://127.0.0.1:9"}}  # nothing listens there
    return Rehearsal(remote=remote, scratch=remote.parent / "night", event_name="schedule", **known | options)


def test_hub_that_cannot_be_reached_is_reported_with_its_reason(remote: Path) -> None:
    """Each suite is a job of its own, and none of them fails for it."""
    jobs = rehearsal(remote).job(WORKFLOW, "hub")

    assert [job.status for job in jobs] == ["success"] * 3, jobs[0].log
    for name, job in zip(("sst2-distilbert", "sst2-bert", "imdb-bert"), jobs, strict=True):
        assert f"**{name}: 0 of " in job.summary
        assert "| `baseline` | skipped | - | - | - | `" in job.summary
        assert "Connection refused" in job.summary


def test_suite_that_can_be_had_is_scored(builder: Builder) -> None:
    """Its figures stand in the table; a variant that broke would fail the job."""
    found = visit(builder)

    assert {name: type(outcome) for name, outcome in found.items()} == dict.fromkeys(builder.suite.names, Measured)
    assert not failed(found)
    assert "**tiny: 3 of 3 variants were measured.**" in table("tiny", found)
    broken = {**found, "int8": Failed(error="it | broke"), "pruned": Skipped(reason="hours")}
    assert failed(broken)
    assert "| `int8` | failed | - | - | - | `it \N{BROKEN BAR} broke` |" in table("tiny", broken)


def test_figures_of_an_unchanged_tree_are_calm_and_of_a_changed_one_are_not() -> None:
    """Too many red checks fail the night."""
    calm = [recorded(timed("suite.time_it", seed=seed)) for seed in range(3)]
    loud = [recorded(timed("suite.time_it", change=0.2, seed=seed)) for seed in range(3)]
    at = datetime(2026, 11, 22, tzinfo=UTC)
    quiet, noisy = (figures(each, replay(each, times=100, seed=0), at) for each in (calm, loud))

    assert (quiet["checks"], quiet["red"], quiet["at"]) == (3, 0, "2026-11-22T00:00:00Z")
    assert not too_many(quiet)
    assert noisy["red"] == 3
    assert too_many(noisy)


def _three_checks(_: Inputs, place: Place) -> dict[str, str]:
    """Leave the records that the step before would: it takes minutes, and has tests of its own."""
    for number in range(3):
        record = recorded(timed("rotten_tomatoes.time_it", seed=number))
        with Recorder(
            place.workspace.parent / "temp" / "aa" / f"0{number}", record.header, record.observed
        ) as recorder:
            recorder.end(record.ending, record.wall_s, record.timed_s)
    return {}


def test_figures_are_recorded_on_the_results_branch(remote: Path) -> None:
    """Three checks of a commit against itself, replayed, and kept by a job that may write."""
    checked = ("Install", "Check a commit against itself")
    night = rehearsal(remote, satisfied=checked, stand_ins={"actions/cache/restore": _three_checks})
    measured = night.job(WORKFLOW, "false-alarms")
    kept = night.job(WORKFLOW, "keep", {"false-alarms": measured})

    assert measured[0].status == "success", measured[0].log
    assert kept[0].status == "success", kept[0].log
    ((name, found),) = on_branch(remote).items()
    assert name.startswith("aa/20")
    assert (found["checks"], found["red"], found["replayed"]) == (3, 0, 1000)
    assert found["red_share"]["low"] <= found["red_share"]["high"]
    assert "`0 of 3 checks of an unchanged tree were red.`" in measured[0].summary


def test_step_in_the_history_opens_an_issue(remote: Path, tmp_path: Path) -> None:
    """From the results branch, by a job that may write issues and nothing else."""
    clone = tmp_path / "clone"
    git("clone", "--quiet", str(remote), str(clone), cwd=tmp_path)
    for number in range(8):
        (clone / "notes.txt").write_text(str(number), encoding="utf-8")
        measure(clone, commit_all(clone, f"Change {number}"), {"suite.time_it": 1.0 + (number >= 4)})
    git("push", "--quiet", "origin", "main", cwd=clone)
    results_branch(clone).push("Keep results")
    answers = {"GET issues": [], "POST issues": {"number": 5}}

    with serving(GitHub(answers=answers)) as github:
        (job,) = rehearsal(remote, api_url=github.url).job(WORKFLOW, "steps")

    assert job.status == "success", job.log
    assert "opened issue 5" in job.summary
    (asked,) = github.changed
    assert json.dumps(asked.body).count("suite.time_it") == 1
