"""Which variants keep their budgets at a published commit, as asv recorded it."""

from collections.abc import Mapping
from pathlib import Path

from bench_models import suites
from bench_models.budgets import STATUSES
from bench_models.errors import BenchModelsError
from bench_models.outcomes import Measured, Outcome
from bench_models.suites.suite import Suite

SIZE, ACCURACY, BUDGET = "Figures.track_size", "Figures.track_accuracy", "Figures.track_budget"


def suite_called(module: str, benchmarks: Path) -> Suite | None:
    """Return the suite whose benchmarks lie in ``module``, or None where this project knows no such suite.

    It is the checked-out one: publish from the newest commit.
    """
    names = {suites.module_name(name): name for name in suites.BUILT_IN}
    try:
        return suites.load(names.get(module) or str(benchmarks / f"{module}.py")) if module.isidentifier() else None
    except BenchModelsError:  # benchmarks of another kind
        return None


def standings(suite: Suite, figures: Mapping[str, Mapping[str, Outcome[float]]]) -> dict[str, str]:
    """Return each variant's standing in a word; ``figures`` are sizes, accuracies and verdicts by variant."""
    return {variant: _standing(suite, variant, figures) for variant in suite.names}


def _standing(suite: Suite, variant: str, figures: Mapping[str, Mapping[str, Outcome[float]]]) -> str:
    if not _measured(figures, variant):
        return "not measured"
    if variant == suite.baseline.name:
        return "baseline"
    status = figures.get(BUDGET, {}).get(variant)
    if suite[variant].budget is None or not isinstance(status, Measured) or not _measured(figures, suite.baseline.name):
        return "not judged"
    return dict(enumerate(STATUSES)).get(int(status.value), "not judged")


def _measured(figures: Mapping[str, Mapping[str, Outcome[float]]], variant: str) -> bool:
    return all(isinstance(figures.get(name, {}).get(variant), Measured) for name in (SIZE, ACCURACY))
