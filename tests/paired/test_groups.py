"""What a suite leaves out of checks is planned only where the other side has it checked."""

from typing import Any

import pytest

from bench_models.outcomes import Skipped
from bench_models.paired.groups import left_out, plan
from bench_models.verdict.changes import judge


def discovered(*, checked: bool) -> dict[str, Any]:
    """Return a suite of two benchmarks, as a worker describes it, of which one may be left out."""
    benchmark = {
        "name": "suite.track_it",
        "type": "track",
        "version": "1",
        "parameters": [["1"]],
        "unit": "bytes",
        "timeout_s": None,
        "better": None,
        "margin_pct": None,
        "answers": False,
        "checked": checked,
        "cache": None,
        "cache_timeout_s": None,
    }
    other = benchmark | {"name": "suite.track_other", "checked": True}
    return {"benchmarks": [benchmark, other], "broken": {}}


def test_what_neither_side_checks_is_not_planned() -> None:
    """It is named for whoever asks for it."""
    found = discovered(checked=False)
    (planned,) = plan({"base": found, "head": found}, 60.0)
    assert planned.subject.benchmark == "suite.track_other"
    assert left_out(found) == ["suite.track_it(1)"]


@pytest.mark.parametrize(("base", "verdict"), [(True, "lost"), (False, "not comparable")])
def test_what_one_side_leaves_out_is_not_forgotten(base: bool, verdict: str) -> None:  # noqa: FBT001
    """HEAD takes something away that BASE has: somebody has to want that."""
    found = plan({"base": discovered(checked=base), "head": discovered(checked=not base)}, 60.0)
    (planned,) = (each for each in found if each.subject.benchmark == "suite.track_it")
    assert Skipped(reason="the suite leaves it out of checks: check = False") in {planned.base, planned.head}
    assert verdict == judge([planned.unmeasured()])[0].verdict
