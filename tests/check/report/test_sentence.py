"""The first sentence on a check says what was shown and what was not, wherever it stands."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.github_server import pull_request
from support.observing import FAILED, exact, recorded, timed

from bench_models.check.report.make import report_on, write_check
from bench_models.check.report.markdown import markdown
from bench_models.check.report.sentence import summary, told
from bench_models.github.acceptance import acceptance
from bench_models.github.actions import Repository, Run
from bench_models.github.comment import written
from bench_models.outcomes import Failed, Skipped
from bench_models.verdict.measurements import Measurements

if TYPE_CHECKING:
    from bench_models.verdict.measurements import SideName

CALM: tuple[str, float | None] = ("unchanged", 1.0)
OPEN: tuple[str, float | None] = ("undecided", 4.2)
UNKNOWN: tuple[str, float | None] = ("undecided", None)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ([CALM] * 36, "No regression among 36 of 36 benchmarks."),
        (
            [CALM] * 30 + [("undecided", 2.0)] * 5 + [OPEN],
            "No regression among 30 of 36 benchmarks; 6 are undecided: changes of up to 4.2 % would not have been "
            "seen there.",
        ),
        ([CALM, ("improved", 1.0)], "No regression among 2 of 2 benchmarks, of which 1 improved."),
        ([UNKNOWN], "Nothing was shown of 1 benchmark; 1 is undecided: nothing can be said there."),
        (
            [CALM, OPEN, UNKNOWN],
            "No regression among 1 of 3 benchmarks; 2 are undecided: changes of up to 4.2 % would not have been seen "
            "in 1, and nothing can be said of the rest.",
        ),
        (
            [("regressed", None), ("lost", None), CALM],
            "1 of 3 benchmarks regressed; 1 is lost: measured on BASE, and not on HEAD; no regression among 1.",
        ),
        (
            [CALM, ("failed", None), ("new", None), ("fails on both", None), ("not comparable", None)],
            "1 could not be measured; no regression among 1; 1 is not comparable; 1 is new; 1 fails on both sides.",
        ),
        ([], "There was nothing to judge."),
    ],
)
def test_sentence_counts_what_is_shown(changes: list[tuple[str, float | None]], sentence: str) -> None:
    """And names everything else, so that it is never read as green."""
    assert sentence == told(changes)


def test_check_that_ended_early_says_what_was_seen() -> None:
    """Until then."""
    assert told([CALM, UNKNOWN], complete=False).startswith("No regression was seen among 1 of 2 benchmarks; 1 is")


@pytest.mark.parametrize(
    "measurements",
    [
        timed(change=0.04, spread=0.1, pairs=4),
        replace(exact(1, 1), head=Skipped(reason="no kernel")),
        replace(exact(1, 1), base=FAILED, head=FAILED),
    ],
    ids=["undecided", "lost", "fails on both"],
)
def test_report_and_comment_begin_with_the_same_words(measurements: Measurements) -> None:
    """They never say only that there is no regression."""
    found = report_on(recorded(timed("suite.time_other"), measurements))
    run = Run(
        id=5,
        event="pull_request",
        head="b" * 40,
        branch="x",
        fork=None,
        repository=Repository(name="x/y"),
        url="https://example.org",
    )
    comment = written(found, run, acceptance(pull_request()))
    assert f"**{summary(found)}**" in comment
    assert markdown(found).startswith(f"**{summary(found)}**")
    assert found.sentence == markdown(found).splitlines()[0]
    assert summary(found) != told([CALM, CALM])


def test_what_is_lost_is_named_with_what_head_says_of_it() -> None:
    """The first line, which a reviewer reads."""
    lost = replace(exact(1, 1), head=Skipped(reason="no kernel"))
    assert (
        "`suite.track_it` is lost: measured on BASE, skipped (no kernel) on HEAD"
        in report_on(recorded(timed("suite.time_other"), lost)).sentence
    )


def test_folder_that_is_made_for_a_report_is_ignored_by_git(tmp_path: Path) -> None:
    """That of merged shards, too: the next check is to find no change of the tree."""
    write_check(recorded(timed()), tmp_path / "merged")
    assert (tmp_path / "merged" / ".gitignore").read_text(encoding="utf-8") == "*\n"


def test_error_that_is_no_text_costs_no_report(tmp_path: Path) -> None:
    """Half a character, as Python spells a byte of a file's name that is none."""
    measurements = replace(exact(1, 1), head=Failed(error="OSError: caf\udce9"))
    assert write_check(recorded(measurements), tmp_path) == 1
    assert "OSError: caf\\udce9" in (tmp_path / "report.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("base", "head", "status"), [(1, 1, 0), (0, 1, 2), (1, 0, 0)])
def test_module_that_head_alone_cannot_import_makes_the_check_incomplete(base: int, head: int, status: int) -> None:
    """One that neither side can, even with other messages, is not the change's doing; each is named."""
    record = recorded(timed())
    broken: dict[SideName, dict[str, str]] = {
        "base": {"suite.gpu": "no cupy in /a"} if base else {},
        "head": {"suite.gpu": "no cupy in /b"} if head else {},
    }
    found = report_on(replace(record, header=replace(record.header, broken=broken)))
    assert status == found.exit_status
    assert "suite.gpu cannot be imported on" in markdown(found)


def test_shard_that_could_measure_nothing_leaves_the_verdict_to_the_whole() -> None:
    """Of which it may be no pass."""
    skipped = replace(timed(), base=Skipped(reason="no GPU"), head=Skipped(reason="no GPU"))
    assert report_on(recorded(skipped, shard=1, shards=2)).exit_status == 0
    assert report_on(recorded(skipped)).exit_status == 2
