"""Budgets are judged by the points that asv recorded, as the reports judge them by scorecards."""

from pathlib import Path

import pytest

from bench_models.outcomes import Failed, Measured, Outcome
from bench_models.site.standings import ACCURACY, SIZE, standings, suite_called
from bench_models.suites.rotten_tomatoes import SUITE


def _figures(**changes: tuple[float, float]) -> dict[str, dict[str, Outcome[float]]]:
    """Return sizes and accuracies that just keep each budget, but for some."""
    sizes: dict[str, Outcome[float]] = {}
    accuracies: dict[str, Outcome[float]] = {}
    for variant in SUITE.variants:
        drop = variant.budget.max_accuracy_drop_points if variant.budget else 0.0
        reduction = variant.budget.min_size_reduction_pct if variant.budget else 0.0
        more_lost, less_saved = changes.get(variant.name, (0.0, 0.0))
        accuracies[variant.name] = Measured(value=0.9 - (drop + more_lost) / 100)
        sizes[variant.name] = Measured(value=1e8 * (1 - (reduction - less_saved) / 100))
    return {SIZE: sizes, ACCURACY: accuracies}


def test_budgets_are_kept_at_their_limits_and_broken_beyond() -> None:
    """By either figure, and only for the variant that it is about."""
    found = standings(SUITE, _figures(bf16=(0.001, 0.0), pruned30=(0.0, 0.001)))

    assert {name for name, standing in found.items() if standing == "broken"} == {"bf16", "pruned30"}
    assert found["baseline"] == "baseline"
    assert set(found.values()) == {"baseline", "broken", "kept"}


@pytest.mark.parametrize("name", ["bf16", "baseline"])
def test_what_was_not_measured_is_not_judged(name: str) -> None:
    """A failed variant is no kept budget, and without a baseline nothing is judged."""
    figures = _figures()
    figures[SIZE][name] = Failed(error="no memory")
    found = standings(SUITE, figures)

    assert found[name] == "not measured"
    assert found["fp16"] == ("kept" if name == "bf16" else "not judged")


def test_suites_are_found_by_their_module(tiny_suite: Path) -> None:
    """Those of this package, those of a project, and none where benchmarks are of another kind."""
    assert suite_called("rotten_tomatoes", Path("nowhere")) == SUITE
    found = suite_called(tiny_suite.stem, tiny_suite.parent)
    assert found is not None
    assert found.baseline.name == "baseline"
    assert suite_called("other", tiny_suite.parent) is None
    assert suite_called("../secrets", tiny_suite.parent) is None
