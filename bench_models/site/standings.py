"""Which variants keep their budgets at a published commit, by what asv recorded: the points decide, as ever."""

from collections.abc import Mapping
from pathlib import Path

from bench_models import suites
from bench_models.errors import BenchModelsError
from bench_models.outcomes import Measured, Outcome
from bench_models.suites.suite import Suite
from bench_models.verdict.budgets import drop_kept, reduction_kept

SIZE, ACCURACY = "Figures.track_size", "Figures.track_accuracy"


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
    """Return each variant's standing in a word; ``figures`` are sizes and accuracies by variant."""
    return {variant: _standing(suite, variant, figures) for variant in suite.names}


def _standing(suite: Suite, variant: str, figures: Mapping[str, Mapping[str, Outcome[float]]]) -> str:
    budget = suite[variant].budget
    own = _pair(figures, variant)
    reference = _pair(figures, suite.baseline.name)
    if own is None:
        return "not measured"
    if variant == suite.baseline.name:
        return "baseline"
    if budget is None or reference is None:
        return "not judged"
    (size, accuracy), (whole, best) = own, reference
    kept = drop_kept(budget, 100 * (best - accuracy)) and reduction_kept(budget, 100 * (1 - size / whole))
    return "kept" if kept else "broken"


def _pair(figures: Mapping[str, Mapping[str, Outcome[float]]], variant: str) -> tuple[float, float] | None:
    size, accuracy = (figures.get(name, {}).get(variant) for name in (SIZE, ACCURACY))
    if isinstance(size, Measured) and isinstance(accuracy, Measured):
        return size.value, accuracy.value
    return None
