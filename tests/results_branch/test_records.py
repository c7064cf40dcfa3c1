"""Kept checks and accepted regressions are read back as they were written, and what is damaged is named."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs
from support.observing import recorded, timed

from bench_models.check.report.make import report_on
from bench_models.check.report.sentence import summary
from bench_models.errors import BenchModelsError
from bench_models.github.aa_check import nights
from bench_models.results_branch.records import (
    ACCEPTED,
    CHECKS,
    LONGEST_REASON,
    Accepted,
    StoredCheck,
    add_accepted,
    checked,
    is_stored,
    read_accepted,
    read_checks,
    store_check,
)
from bench_models.results_branch.untrusted import LARGEST_BYTES

AT = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
REASON = Accepted(commit="c" * 40, pull_request=12, reason="The head is exact now.", by="octo-cat", at=AT)


def kept(head: str, at: datetime = AT) -> StoredCheck:
    """Return a check of a commit, made as checks are."""
    record = recorded(timed("suite.time_it", change=0.1), timed("suite.time_other"))
    return checked(report_on(replace(record, header=replace(record.header, head=head))), 12, at)


def test_checks_are_read_back_oldest_first(tmp_path: Path) -> None:
    """Whatever their names, and without a sentence."""
    early, late = kept("f" * 40), kept("e" * 40, AT + timedelta(hours=1))
    store_check(tmp_path, late)
    store_check(tmp_path, early)

    assert ((early, late), ()) == read_checks(tmp_path)


def test_check_that_an_earlier_version_kept_is_read(tmp_path: Path) -> None:
    """It called missing what is lost now, knew no level for accuracy, and said whose suite ran."""
    file = store_check(tmp_path, kept("f" * 40))
    data = json.loads(file.read_text(encoding="utf-8"))
    data["report"]["changes"][0] |= {"verdict": "missing", "change_pct": None, "base": None, "head": None}
    data["report"] |= {"counts": {"missing": 1, "unchanged": 1}, "suites": "own"}
    for key in ("rewritten", "redescribed", "added", "suite_changes"):
        del data["report"][key]
    del data["report"]["error_budget"]["accuracy_alarm"]
    file.write_text(json.dumps(data), encoding="utf-8")

    (check,), bad = read_checks(tmp_path)
    assert bad == ()
    assert [row.verdict for row in check.report.rows] == ["lost", "unchanged"]
    assert summary(check.report).startswith("1 of 2 benchmarks is lost: measured on BASE")
    store_check(tmp_path, check)
    assert json.loads(file.read_text(encoding="utf-8"))["report"]["changes"] == data["report"]["changes"]


def test_page_asks_for_the_newest_few(tmp_path: Path) -> None:
    """One that is damaged is named, however old it is."""
    checks = [kept(digit * 40, AT + timedelta(hours=int(digit))) for digit in "321"]
    for check in checks:
        store_check(tmp_path, check)
    (tmp_path / CHECKS / f"{'1' * 40}.json").write_text(
        json.dumps({"schema_version": 1, "at": "2020-01-01T00:00:00Z", "pull_request": None, "report": {}}),
        encoding="utf-8",
    )

    found, bad = read_checks(tmp_path, newest=2)
    assert (checks[1], checks[0]) == found
    assert len(bad) == 1


def test_newer_check_of_a_commit_replaces_the_older(tmp_path: Path) -> None:
    """A commit has one verdict."""
    again = kept("f" * 40, AT + timedelta(hours=1))
    store_check(tmp_path, kept("f" * 40))
    store_check(tmp_path, again)

    assert ((again,), ()) == read_checks(tmp_path)


def test_nothing_kept_is_nothing_read(tmp_path: Path) -> None:
    """An empty branch is no error."""
    assert read_checks(tmp_path) == ((), ())
    assert read_accepted(tmp_path) == ((), ())


def _without(key: str) -> Callable[[dict[str, Any]], object]:
    return lambda data: data["report"].pop(key)


def _with(key: str, value: object) -> Callable[[dict[str, Any]], object]:
    return lambda data: data.update({key: value})


DAMAGES: dict[str, Callable[[dict[str, Any]], object]] = {
    "missing required field `sentence`": _without("sentence"),
    "Invalid enum value 2": _with("schema_version", 2),
    "Expected `int` >= 1 - at `$.pull_request`": _with("pull_request", 0),
    "Invalid RFC3339 encoded datetime": _with("at", "yesterday"),
    "unknown field `planted`": _with("planted", "it"),
    "Expected `str` matching regex": lambda data: data["report"]["head"].update(commit="b"),
    "it is about commit dddddddd": lambda data: data["report"]["head"].update(commit="d" * 40),
    "is not a whole second of UTC": _with("at", "2026-11-01T02:00:00+02:00"),
    "does not hold the point": lambda data: data["report"]["changes"][0].update(
        change_pct={"value": 9, "low": 1, "high": 2, "level": 0.95}
    ),
    "NaN is not a number of JSON": lambda data: data["report"].update(wall_s=float("nan")),
}


@pytest.mark.parametrize("wrong", DAMAGES)
def test_damaged_check_is_named_and_left_aside(tmp_path: Path, wrong: str) -> None:
    """The others are read."""
    good = kept("e" * 40)
    store_check(tmp_path, good)
    file = store_check(tmp_path, kept("f" * 40))
    data = json.loads(file.read_text(encoding="utf-8"))
    DAMAGES[wrong](data)
    file.write_text(json.dumps(data), encoding="utf-8")

    checks, sentences = read_checks(tmp_path)

    assert (good,) == checks
    assert len(sentences) == 1
    assert f"{file} is left aside: " in sentences[0]
    assert wrong in sentences[0]


@pytest.mark.parametrize(
    ("content", "wrong"),
    [
        (b"", "Expecting value"),
        (b'{"schema_version": 1, "at": "2026', "Unterminated string"),
        (b"[" * 200_000, "nested too deeply"),
        (b"\xff\xfe", "not text in UTF-8"),
        (b" " * (LARGEST_BYTES + 1), "4,194,304 are allowed"),
    ],
    ids=["empty", "cut-short", "deep", "binary", "oversized"],
)
def test_file_that_is_no_check_is_named_and_left_aside(tmp_path: Path, content: bytes, wrong: str) -> None:
    """Cut short, nested, oversized: one sentence each, which is never as long as the file."""
    file = store_check(tmp_path, kept("f" * 40))
    file.write_bytes(content)

    checks, (sentence,) = read_checks(tmp_path)

    assert checks == ()
    assert wrong in sentence
    assert len(sentence) < 500 + len(str(tmp_path))


def test_copy_of_a_check_is_named_and_left_aside(tmp_path: Path) -> None:
    """As some tools make them when two writers meet."""
    file = store_check(tmp_path, kept("f" * 40))
    file.with_name(f"{'f' * 40} (copy).json").write_bytes(file.read_bytes())

    checks, sentences = read_checks(tmp_path)

    assert len(checks) == len(sentences) == 1


def test_accepted_regressions_are_added_once(tmp_path: Path) -> None:
    """A second look at the same pull request changes nothing, and the oldest stands first."""
    older = structs.replace(REASON, commit="d" * 40, at=AT - timedelta(days=1))

    assert add_accepted(tmp_path, [REASON]) == (REASON,)
    assert (older,) == add_accepted(tmp_path, [REASON, older, structs.replace(older, reason="Another.")])

    assert ((older, REASON), ()) == read_accepted(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        {"commit": "main"},
        {"reason": "two\nlines"},
        {"reason": "a bell \a"},
        {"reason": "to the left \u202e"},
        {"reason": "x" * (LONGEST_REASON + 1)},
        {"reason": ""},
        {"by": "<script>"},
        {"pull_request": "12"},
        {"at": 5},
        {"more": 1},
        {},
    ],
)
def test_bad_entry_is_named_and_left_aside(tmp_path: Path, change: dict[str, object]) -> None:
    """With no change it is a duplicate; the first one stays."""
    add_accepted(tmp_path, [REASON])
    file = tmp_path / ACCEPTED
    (entry,) = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps([entry, entry | change]), encoding="utf-8")

    accepted, (sentence,) = read_accepted(tmp_path)

    assert accepted == (REASON,)
    assert f"entry 2 of {file} is left aside: " in sentence


def test_damaged_list_is_named_and_never_written_over(tmp_path: Path) -> None:
    """What it held can still be mended by hand."""
    file = tmp_path / ACCEPTED
    file.write_text('[{"commit": "ccc', encoding="utf-8")

    accepted, (sentence,) = read_accepted(tmp_path)
    assert accepted == ()
    assert "accepted.json is left aside: " in sentence
    with pytest.raises(BenchModelsError, match=r"accepted\.json is left aside"):
        add_accepted(tmp_path, [REASON])
    assert file.read_text(encoding="utf-8") == '[{"commit": "ccc'


def test_checks_lie_where_the_branch_has_them(tmp_path: Path) -> None:
    """Their names are part of an interface."""
    assert tmp_path / CHECKS / f"{'f' * 40}.json" == store_check(tmp_path, kept("f" * 40))


EARLIER = Path(__file__).with_name("earlier")


def test_documents_that_the_first_version_wrote_are_read() -> None:
    """They lie on branches: the files below ``earlier`` are its own."""
    (check,), bad_checks = read_checks(EARLIER)
    (accepted,), bad_accepted = read_accepted(EARLIER)
    (night,), bad_nights = nights(EARLIER)

    assert (bad_checks, bad_accepted, bad_nights) == ((), (), ())
    assert (check.pull_request, check.at.second, check.report.exit_status) == (12, 3, 1)
    assert [row.verdict for row in check.report.rows][:2] == ["regressed", "regressed"]
    assert is_stored(EARLIER, check.head)
    assert (accepted.commit, accepted.reason) == ("c" * 40, "It is.")
    assert (night.checks, night.red) == (3, 1)


def test_stored_check_is_written_as_the_first_version_did(tmp_path: Path) -> None:
    """To the last number."""
    (check,), _ = read_checks(EARLIER)
    written = store_check(tmp_path, check)
    assert json.loads((EARLIER / CHECKS / written.name).read_text("utf-8")) == json.loads(written.read_text("utf-8"))
