"""The measured results of the checked-out commit break no variant's budget; what is open passes, and is named.

``bench-models run`` measures the commit and then runs these tests; to run them alone:

    pytest tests/thresholds --suite rotten-tomatoes
"""

import pytest

from bench_models import suites
from bench_models.build import Builder
from bench_models.checkout import checkout_here
from bench_models.errors import BenchModelsError
from bench_models.metrics.budgets import BudgetLine, fails
from bench_models.report.document import Report
from bench_models.report.results import asked_of_asv, results_of
from bench_models.storage import Store
from bench_models.suites.suite import Suite


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make one test of each limit that a variant has."""
    if "variant" in metafunc.fixturenames:
        budgets = {variant.name: variant.budget for variant in _suite(metafunc.config).variants if variant.budget}
        if metafunc.function is test_agreement_reaches_budget:
            budgets = {name: budget for name, budget in budgets.items() if budget.min_agreement_pct is not None}
        metafunc.parametrize("variant", list(budgets))


@pytest.fixture(scope="session")
def result(pytestconfig: pytest.Config) -> Report:
    """Return what was measured for the checked-out commit."""
    try:
        return results_of(Builder(suite=_suite(pytestconfig), store=Store.default()), checkout_here())
    except BenchModelsError as error:
        reason = str(error)
    # Outside the handler, so that pytest shows the sentence alone and not the error behind it.
    pytest.fail(reason, pytrace=False)


def test_accuracy_drop_is_within_budget(request: pytest.FixtureRequest, result: Report, variant: str) -> None:
    """A variant loses no more accuracy than its budget allows."""
    _require(request, _line(result, variant, "accuracy drop"), variant)


def test_size_reduction_reaches_budget(request: pytest.FixtureRequest, result: Report, variant: str) -> None:
    """A variant's artifact is as much smaller as its budget asks."""
    _require(request, _line(result, variant, "size reduction"), variant)


def test_agreement_reaches_budget(request: pytest.FixtureRequest, result: Report, variant: str) -> None:
    """A variant answers as the baseline does, as often as its budget asks."""
    _require(request, _line(result, variant, "agreement"), variant)


def _suite(config: pytest.Config) -> Suite:
    suite = suites.load(config.getoption("--suite"))
    return suite.only(config.getoption("--rows") or _measured(suite))


def _measured(suite: Suite) -> list[str]:
    try:
        return asked_of_asv(suite, checkout_here())
    except BenchModelsError:  # which the fixture says
        return suite.quick


def _line(result: Report, variant: str, figure: str) -> BudgetLine:
    """Look up a line that was judged with the results."""
    for each in (result.variants[0], result[variant]):
        if each.accuracy_share is None:
            pytest.fail(f"{each.name} was not measured: {'; '.join(each.errors)}", pytrace=False)
    return next(line for line in result[variant].budgets if line.figure == figure)


def _require(request: pytest.FixtureRequest, line: BudgetLine, variant: str) -> None:
    strict = request.config.getoption("--strict-budgets") or _suite(request.config).strict
    if fails(line.status, strict=strict):
        pytest.fail(line.sentence(variant), pytrace=False)
    if line.status == "open":
        request.node.user_properties.append(("open budget", line.sentence(variant)))
