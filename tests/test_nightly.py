"""nightly.yml, rehearsed: what the hub withholds is named with its reason, and an A/A check leaves its figures."""

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from support.github_server import GitHub, serving
from support.observing import recorded, timed
from support.publishers import measure, on_branch, remote_with
from support.rehearsal import Rehearsal, bare
from support.stand_ins import Inputs, Place
from support.tiny_project import commit_all, git

from bench_models.build import Builder
from bench_models.check.record import Record, Recorder
from bench_models.check.replay import replay, stopped
from bench_models.check.report.make import report_on
from bench_models.github.aa_check import Figures, figures, keep, nights, sentence, too_many
from bench_models.metrics.scorecard import any_failed, scores
from bench_models.outcomes import Failed, Measured, Skipped
from bench_models.report.markdown import scores_table
from bench_models.results_branch.sync import results_branch
from bench_models.stats.sequential import LOOKS
from bench_models.verdict.measurements import Absent

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
    known: dict[str, Any] = {
        "satisfied": ("Install",),
        "environment": {"HF_ENDPOINT": "http://127.0.0.1:9"},
    }  # nothing listens there
    known |= {"scratch": remote.parent / "night"}
    return Rehearsal(remote=remote, event_name="schedule", **known | options)


def test_hub_that_cannot_be_reached_is_reported_with_its_reason(remote: Path) -> None:
    """Each suite is a job of its own, and none of them fails for it."""
    jobs = rehearsal(remote).job(WORKFLOW, "hub")

    assert [job.status for job in jobs] == ["success"] * 3, jobs[0].log
    for name, job in zip(("sst2-distilbert", "sst2-bert", "imdb-bert"), jobs, strict=True):
        assert f"**{name}: 0 of " in job.summary
        assert "| `baseline` | skipped | - | - | - | `" in job.summary
        assert "Connection refused" in job.summary


def test_suite_that_can_be_had_is_trained_and_scored(untrained_builder: Builder) -> None:
    """Its figures stand in the table; a variant that broke would fail the job."""
    names = untrained_builder.suite.names
    found = scores(untrained_builder)

    assert {name: type(outcome) for name, outcome in found.items()} == dict.fromkeys(names, Measured)
    assert not any_failed(found)
    assert "**tiny: 3 of 3 variants were measured.**" in scores_table("tiny", found)
    broken = {**found, "int8": Failed(error="it | broke"), "pruned": Skipped(reason="hours")}
    assert any_failed(broken)
    assert "| `int8` | failed | - | - | - | `it \N{BROKEN BAR} broke` |" in scores_table("tiny", broken)


def unchanged(number: int, **options: float) -> Record:
    """Return a recording of a commit against itself."""
    record = recorded(timed("rotten_tomatoes.time_it", pairs=LOOKS[-1], seed=number, **options))
    return replace(record, header=replace(record.header, base=record.header.head))


def night(folder: Path, number: int, *, red: bool, checks: int = 3) -> Figures:
    """Keep the figures of some checks that were made on the first nights of November."""
    records = [unchanged(place, change=0.2 if red and place == 0 else 0.0) for place in range(checks)]
    found = figures(records, replay(records, times=3, seed=0), datetime(2026, 11, number, tzinfo=UTC))
    keep(folder, found)
    return found


def test_figures_tell_the_checks_and_their_replays(tmp_path: Path) -> None:
    """Whatever is replayed, what counts for the alarm are the three checks."""
    found = night(tmp_path, 1, red=True)

    assert (found.checks, found.red, found.at) == (3, 1, datetime(2026, 11, 1, tzinfo=UTC))
    assert (found.replayed_of_each, len(found.red_shares)) == (3, 3)
    assert found.red_share
    assert found.red_share.level == 0.95


def test_failed_benchmark_hides_no_red_one() -> None:
    """A check that could not measure everything ends with another status, and its regression counts all the same."""
    red, calm = unchanged(0, change=0.2), unchanged(1)
    failing = replace(timed("rotten_tomatoes.time_gone", pairs=0), base=Absent(), head=Failed(error="no memory"))
    records = [replace(each, measurements=(*each.measurements, failing)) for each in (red, calm)]
    assert [report_on(stopped(each)).exit_status for each in records] == [2, 2]
    found = figures(records, replay(records, times=3, seed=0), datetime(2026, 11, 1, tzinfo=UTC))
    assert found.red == 1


def test_alarm_rings_after_three_red_nights_and_begins_anew(tmp_path: Path) -> None:
    """Not before, not again on the next night, and not for red nights that are far apart."""
    rung = []
    for number, red in enumerate((True, False, True, True, True, True, False), start=1):
        night(tmp_path, number, red=red)
        rung.append(too_many(nights(tmp_path)[0]))
    assert rung == [False, False, False, False, True, False, False]
    assert sentence(nights(tmp_path)[0]) == (
        "5 of 7 nights had a red check: 9 points, and the alarm rings at 30. "
        "Without a cause it does so once in 12 years."
    )


def test_alarm_looks_at_the_newest_night_whatever_the_order_of_files(tmp_path: Path) -> None:
    """It is their date that counts."""
    for number in (4, 2, 3, 1):
        night(tmp_path, number, red=number > 1)
    assert too_many(nights(tmp_path)[0])


def test_what_is_no_night_of_this_rule_is_left_aside_by_name(tmp_path: Path) -> None:
    """A file of the older rule, one that is cut short, and one of more checks than a night has."""
    night(tmp_path, 1, red=False)
    (tmp_path / "aa" / "old.json").write_text('{"schema_version": 1, "checks": 3, "red": 3}', encoding="utf-8")
    (tmp_path / "aa" / "cut.json").write_text('{"schema_version": 2, "at"', encoding="utf-8")
    night(tmp_path, 2, red=True, checks=4)

    found, bad = nights(tmp_path)
    assert [each.red for each in found] == [False]
    assert len(bad) == 3
    for words in (
        "old.json is left aside: its checks were judged by an older rule",
        "cut.json is left",
        "Expected `int` <= 3",
    ):
        assert any(words in each for each in bad)


def _three_checks(_: Inputs, place: Place) -> dict[str, str]:
    """Leave the records that the step before would: it takes minutes, and has tests of its own."""
    _leave(place, [unchanged(number) for number in range(3)])
    return {}


def _a_red_one(_: Inputs, place: Place) -> dict[str, str]:
    """Leave three records, one of them red."""
    _leave(place, [unchanged(0, change=0.2), unchanged(1), unchanged(2)])
    return {}


def _leave(place: Place, records: list[Record]) -> None:
    for number, record in enumerate(records):
        folder = place.workspace.parent / "temp" / "aa" / f"0{number}"
        with Recorder(folder, record.header, record.measurements) as recorder:
            recorder.end(record.ending, record.wall_s, record.timed_s)


CHECKED = ("Install", "Check a commit against itself")


def test_figures_are_recorded_on_the_results_branch(remote: Path) -> None:
    """Three checks of a commit against itself, replayed, and kept by a job that may write."""
    tonight = rehearsal(remote, satisfied=CHECKED, stand_ins={"actions/cache/restore": _three_checks})
    measured = tonight.job(WORKFLOW, "false-alarms")
    kept = tonight.job(WORKFLOW, "keep", {"false-alarms": measured})

    assert measured[0].status == "success", measured[0].log
    assert kept[0].status == "success", kept[0].log
    ((name, found),) = on_branch(remote).items()
    assert name.startswith("aa/20")
    assert (found["checks"], found["red"], found["replayed_of_each"]) == (3, 0, 300)
    assert found["red_share"]["low"] <= found["red_share"]["high"]
    assert "`0 of 3 checks of an unchanged tree were red.`" in measured[0].summary


def test_night_rings_for_the_red_nights_on_the_results_branch(remote: Path, tmp_path: Path) -> None:
    """A red check is no alarm by itself, and after two red nights it is one; its figures are kept all the same."""
    clone = tmp_path / "clone"
    git("clone", "--quiet", str(remote), str(clone), cwd=tmp_path)
    for number, status in ((1, "success"), (2, "failure")):
        tonight = rehearsal(
            remote,
            scratch=tmp_path / f"night-{number}",
            satisfied=CHECKED,
            stand_ins={"actions/cache/restore": _a_red_one},
        )
        measured = tonight.job(WORKFLOW, "false-alarms")
        assert measured[0].status == status, measured[0].log
        assert "`1 of 3 checks of an unchanged tree were red.`" in measured[0].summary
        for before in (1, 2):
            night(clone / ".asv", before, red=True)
        results_branch(clone).push("Keep two red nights")
    kept = tonight.job(WORKFLOW, "keep", {"false-alarms": measured})
    assert kept[0].status == "success", kept[0].log
    assert len([name for name in on_branch(remote) if name.startswith("aa/")]) == 3


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
