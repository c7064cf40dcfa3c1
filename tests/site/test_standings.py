"""A variant stands as the verdict says that asv recorded beside its figures."""

from pathlib import Path

import pytest

from bench_models.budgets import STATUSES, Status
from bench_models.outcomes import Failed, Measured, Outcome
from bench_models.site.standings import ACCURACY, BUDGET, SIZE, standings, suite_called
from bench_models.suites.rotten_tomatoes import SUITE


def _figures(**statuses: Status) -> dict[str, dict[str, Outcome[float]]]:
    """Return figures of variants that keep their budgets, but for some."""
    verdicts: dict[str, Outcome[float]] = {
        name: Measured(value=STATUSES.index(statuses.get(name, "kept"))) for name in SUITE.names
    }
    measured: dict[str, Outcome[float]] = {name: Measured(value=1.0) for name in SUITE.names}
    return {SIZE: dict(measured), ACCURACY: dict(measured), BUDGET: verdicts}


def test_variants_stand_as_they_were_judged() -> None:
    """In the three words of the report."""
    found = standings(SUITE, _figures(bf16="broken", pruned30="open"))

    assert {name: word for name, word in found.items() if word != "kept"} == {
        "baseline": "baseline",
        "bf16": "broken",
        "pruned30": "open",
    }


@pytest.mark.parametrize("name", ["bf16", "baseline"])
def test_what_was_not_measured_is_not_judged(name: str) -> None:
    """A failed variant is not a kept budget, and without a baseline nothing is judged."""
    figures = _figures()
    figures[SIZE][name] = Failed(error="no memory")
    found = standings(SUITE, figures)

    assert found[name] == "not measured"
    assert found["fp16"] == ("kept" if name == "bf16" else "not judged")


def test_what_was_recorded_without_a_verdict_is_not_judged() -> None:
    """By older versions, or where the baseline failed: accuracies alone do not tell how many sentences flipped."""
    figures = _figures()
    figures[BUDGET]["bf16"] = Failed(error="the baseline failed")

    assert standings(SUITE, figures)["bf16"] == "not judged"
    assert standings(SUITE, {name: figures[name] for name in (SIZE, ACCURACY)})["fp16"] == "not judged"


def test_suites_are_found_by_their_module(tiny_suite: Path) -> None:
    """Those of this package, those of a project, and none where benchmarks are of another kind."""
    assert suite_called("rotten_tomatoes", Path("nowhere")) == SUITE
    found = suite_called(tiny_suite.stem, tiny_suite.parent)
    assert found is not None
    assert found.baseline.name == "baseline"
    assert suite_called("other", tiny_suite.parent) is None
    assert suite_called("../secrets", tiny_suite.parent) is None
