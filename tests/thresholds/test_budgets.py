"""The measured results of the checked-out commit keep every variant's budget.

``bench-models run`` measures the commit and then runs these tests; to run them alone:

    pytest tests/thresholds --suite rotten-tomatoes
"""

import pytest

from bench_models import suites
from bench_models.build import Builder
from bench_models.checkout import checkout_here
from bench_models.errors import BenchModelsError
from bench_models.outcomes import Measured
from bench_models.results import SuiteResult, results_of
from bench_models.store import Store
from bench_models.suites.suite import Suite
from bench_models.verdict.budgets import Check, judge


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make one test of each variant that has a budget."""
    if "variant" in metafunc.fixturenames:
        suite = _suite(metafunc.config)
        metafunc.parametrize("variant", [variant.name for variant in suite.variants if variant.budget])


@pytest.fixture(scope="session")
def result(pytestconfig: pytest.Config) -> SuiteResult:
    """Return what was measured for the checked-out commit."""
    try:
        return results_of(Builder(suite=_suite(pytestconfig), store=Store.default()), checkout_here())
    except BenchModelsError as error:
        reason = str(error)
    # Outside the handler, so that pytest shows the sentence alone and not the error behind it.
    pytest.fail(reason, pytrace=False)


def test_accuracy_drop_is_within_budget(result: SuiteResult, variant: str) -> None:
    """A variant loses no more accuracy than its budget allows."""
    drop, _ = _checks(result, variant)
    _require(drop, variant)


def test_size_reduction_reaches_budget(result: SuiteResult, variant: str) -> None:
    """A variant's artifact is as much smaller as its budget asks."""
    _, reduction = _checks(result, variant)
    _require(reduction, variant)


def _suite(config: pytest.Config) -> Suite:
    return suites.load(config.getoption("--suite")).only(config.getoption("--rows"))


def _checks(result: SuiteResult, variant: str) -> tuple[Check, Check]:
    row = result[variant]
    for each in (result.baseline, row):
        if not isinstance(each.card, Measured):
            pytest.fail(f"{each.variant.name} was not measured: {'; '.join(each.errors)}", pytrace=False)
    assert row.variant.budget is not None
    assert isinstance(result.baseline.card, Measured)
    assert isinstance(row.card, Measured)
    return judge(row.variant.budget, result.baseline.card.value, row.card.value)


def _require(check: Check, variant: str) -> None:
    if not check.kept:
        pytest.fail(check.sentence(variant), pytrace=False)
