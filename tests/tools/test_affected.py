"""What the table on other projects says: what was left out, and what of that was wrong."""

from typing import Any

import pytest
from affected import MADE, PAIRS, PINS, Judged, compared, is_like, table
from msgspec import convert

from bench_models.check.report.document import Report

COMMIT = {"commit": "0" * 40, "name": "it"}


def report(verdicts: dict[str, str], unaffected: tuple[str, ...], *, measured: bool, wall_s: float) -> Report:
    """Return a report with these verdicts; what is unaffected was measured or not."""
    rows: list[dict[str, Any]] = [
        {
            "benchmark": name,
            "parameters": (),
            "unit": "seconds",
            "better": "lower",
            "margin_pct": 3.0,
            "verdict": verdict,
            "reason": "",
            "base": None,
            "head": None,
            "change_pct": None,
            "visible_pct": None,
            "pairs": 3 if measured or name not in unaffected else 0,
            "flips": None,
        }
        for name, verdict in verdicts.items()
    ]
    about: dict[str, Any] = {
        "schema_version": 1,
        "sentence": "",
        "exit_status": 0,
        "ending": "complete",
        "base": COMMIT,
        "head": COMMIT,
        "shard": {"index": 1, "count": 1},
        "counts": {},
        "broken_modules": {},
        "changed_libraries": {},
        "python": {},
        "machines": ({},),
        "environments": "one",
        "threads": 1,
        "began": "",
        "timed_s": 0.0,
        "error_budget": {"false_alarm": 0.01, "false_calm": 0.05, "looks_pairs": ()},
    }
    return convert({**about, "changes": rows, "unaffected": unaffected, "wall_s": wall_s}, Report)


def judged(audited: dict[str, str], left_out: tuple[str, ...], audit_left_out: tuple[str, ...]) -> Judged:
    """Return what a run that leaves benchmarks out and one that measures all of them come to."""
    affected = report(dict.fromkeys(audited, "unchanged"), left_out, measured=False, wall_s=10.0)
    audit = report(audited, audit_left_out, measured=True, wall_s=60.4)
    return compared("it 1 to 2", 5, affected, audit)


def test_row_counts_what_was_left_out_and_both_times() -> None:
    """What changed and was measured is no mistake."""
    found = judged({"a": "unchanged", "b": "regressed", "c": "unchanged"}, ("a", "c"), ("a", "c"))
    assert (found.benchmarks, found.left_out, found.wrong) == (3, 2, ())
    assert "| it 1 to 2  |               5 |            3 |          2 | 10 s   | 60 s" in table([found])


@pytest.mark.parametrize("verdict", ["regressed", "improved", "lost"])
@pytest.mark.parametrize(("first", "second"), [(("a",), ()), ((), ("a",)), (("a",), ("a",))])
def test_what_either_run_leaves_out_and_is_changed_is_wrong(
    verdict: str, first: tuple[str, ...], second: tuple[str, ...]
) -> None:
    """Each run observes by itself."""
    assert judged({"a": verdict, "b": "unchanged"}, first, second).wrong == ("a",)


def test_what_is_undecided_is_not_wrong() -> None:
    """No change was shown."""
    assert judged({"a": "undecided"}, ("a",), ("a",)).wrong == ()


def test_commits_hold_what_the_project_has_and_not_what_its_build_makes() -> None:
    """And what pins libraries is known in whichever folder."""
    assert all(is_like(name, MADE) for name in ("PKG-INFO", "flox.egg-info/SOURCES.txt", "flox/_version.py"))
    assert all(is_like(name, PINS) for name in ("uv.lock", "pyproject.toml", "ci/requirements/environment.yml"))
    assert not any(is_like(name, (*MADE, *PINS)) for name in ("flox/core.py", "asv_bench/asv.conf.json", "README.md"))


def test_pairs_are_of_one_project_and_pinned() -> None:
    """Each has a title of its own, which names its results."""
    assert len({pair.title for pair in PAIRS}) == len(PAIRS)
    for pair in PAIRS:
        assert pair.base.requirement.partition("==")[0] == pair.head.requirement.partition("==")[0]
        assert len({pair.base.sha256, pair.head.sha256}) == 2
