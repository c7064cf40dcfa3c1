"""Which variants keep their budgets at a published commit, as asv recorded it.

Suites need the extra `models`. Without it the site shows their histories, as those of any asv suite.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from bench_models.errors import BenchModelsError
from bench_models.extras import extra_for
from bench_models.outcomes import Measured, Outcome

if TYPE_CHECKING:
    from bench_models.suites.suite import Suite

SIZE, ACCURACY, BUDGET = "Figures.track_size", "Figures.track_accuracy", "Figures.track_budget"


def built_in_suites() -> dict[str, str]:
    """Return the names of this package's suites by the module of their benchmarks; none without the extra."""
    try:
        from bench_models import suites
    except ModuleNotFoundError as error:
        if extra_for(error):
            return {}
        raise
    return {suites.module_name(name): name for name in suites.BUILT_IN}


def suite_called(module: str, benchmarks: Path) -> "Suite | None":
    """Return the suite whose benchmarks lie in ``module``, or None where this project knows no such suite.

    It is the checked-out one: publish from the newest commit.
    """
    names = built_in_suites()
    if not names or not module.isidentifier():
        return None
    from bench_models import suites

    try:
        return suites.load(names.get(module) or str(benchmarks / f"{module}.py"))
    except BenchModelsError:  # benchmarks of another kind
        return None


def standings(suite: "Suite", figures: Mapping[str, Mapping[str, Outcome[float]]]) -> dict[str, str]:
    """Return each variant's standing in a word; ``figures`` are sizes, accuracies and verdicts by variant."""
    return {variant: _standing(suite, variant, figures) for variant in suite.names}


def _standing(suite: "Suite", variant: str, figures: Mapping[str, Mapping[str, Outcome[float]]]) -> str:
    if not _measured(figures, variant):
        return "not measured"
    if variant == suite.baseline.name:
        return "baseline"
    status = figures.get(BUDGET, {}).get(variant)
    if suite[variant].budget is None or not isinstance(status, Measured) or not _measured(figures, suite.baseline.name):
        return "not judged"
    from bench_models.budgets.lines import STATUSES

    return dict(enumerate(STATUSES)).get(int(status.value), "not judged")


def _measured(figures: Mapping[str, Mapping[str, Outcome[float]]], variant: str) -> bool:
    return all(isinstance(figures.get(name, {}).get(variant), Measured) for name in (SIZE, ACCURACY))
