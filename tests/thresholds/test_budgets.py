"""The measured results of the checked-out commit break no variant's budget; what is open passes, and is named.

``bench-models run`` measures the commit and then runs these tests; to run them alone:

    pytest tests/thresholds --suite rotten-tomatoes
"""

import pytest

from bench_models import suites
from bench_models.metrics.budgets import BudgetLine, fails
from bench_models.report.document import Report


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make one test of each limit that a variant has."""
    if "variant" in metafunc.fixturenames:
        suite = suites.load(metafunc.config.getoption("--suite")).only(metafunc.config.getoption("--rows"))
        budgets = {variant.name: variant.budget for variant in suite.variants if variant.budget}
        if metafunc.function is test_agreement_reaches_budget:
            budgets = {name: budget for name, budget in budgets.items() if budget.min_agreement_pct is not None}
        metafunc.parametrize("variant", list(budgets))


def test_accuracy_drop_is_within_budget(request: pytest.FixtureRequest, result: Report, variant: str) -> None:
    """A variant loses no more accuracy than its budget allows."""
    _require(request, result, _line(result, variant, "accuracy drop"), variant)


def test_size_reduction_reaches_budget(request: pytest.FixtureRequest, result: Report, variant: str) -> None:
    """A variant's artifact is as much smaller as its budget asks."""
    _require(request, result, _line(result, variant, "size reduction"), variant)


def test_agreement_reaches_budget(request: pytest.FixtureRequest, result: Report, variant: str) -> None:
    """A variant answers as the baseline does, as often as its budget asks."""
    _require(request, result, _line(result, variant, "agreement"), variant)


def _line(result: Report, variant: str, figure: str) -> BudgetLine:
    """Look up a line that was judged with the results."""
    for each in (result.variants[0], result[variant]):
        if each.accuracy_share is None:
            pytest.fail(f"{each.name} was not measured: {'; '.join(each.errors)}", pytrace=False)
    return next(line for line in result[variant].budgets if line.figure == figure)


def _require(request: pytest.FixtureRequest, result: Report, line: BudgetLine, variant: str) -> None:
    if fails(line.status, strict=request.config.getoption("--strict-budgets") or result.strict):
        pytest.fail(line.sentence(variant), pytrace=False)
    if line.status == "open":
        request.node.user_properties.append(("open budget", line.sentence(variant)))
