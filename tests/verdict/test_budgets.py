"""Budgets are kept or broken by the point, and the sentence says by how much."""

import pytest

from bench_models.metrics.scorecard import Scorecard
from bench_models.suites.suite import Budget
from bench_models.verdict.budgets import judge


def _card(right: int, size_bytes: int) -> Scorecard:
    correct = tuple(index < right for index in range(1000))
    return Scorecard(parameters=1, size_bytes=size_bytes, naive_size_bytes=1, sparsity=0.0, correct=correct)


BASELINE = _card(right=870, size_bytes=1000)


@pytest.mark.parametrize(
    ("right", "size_bytes", "kept"),
    [
        (860, 500, (True, True)),  # exactly on both budgets
        (859, 500, (False, True)),  # one sentence too many
        (860, 501, (True, False)),  # one byte too many
        (900, 400, (True, True)),  # better than the baseline
    ],
)
def test_budget_is_kept_up_to_its_limit(right: int, size_bytes: int, kept: tuple[bool, bool]) -> None:
    """At most one point lost, at least half of the size saved."""
    budget = Budget(max_accuracy_drop_points=1.0, min_size_reduction_pct=50.0)
    drop, reduction = judge(budget, BASELINE, _card(right, size_bytes))

    assert kept == (drop.kept, reduction.kept)


def test_budget_forgives_the_rounding_of_its_own_arithmetic() -> None:
    """29 of 1,000 sentences are 2.9 points, whatever binary fractions say."""
    drop, _ = judge(Budget(max_accuracy_drop_points=2.9, min_size_reduction_pct=0.0), BASELINE, _card(841, 500))

    assert drop.value > 2.9
    assert drop.kept


def test_sentence_names_variant_figure_interval_and_budget() -> None:
    """All that is needed to act on it."""
    budget = Budget(max_accuracy_drop_points=1.0, min_size_reduction_pct=50.0)
    drop, reduction = judge(budget, BASELINE, _card(850, 600))

    assert drop.sentence("int8") == (
        "int8: accuracy drop is 2.00 points (95% interval 1.09 to 2.91), the budget is at most 1.00 points: broken"
    )
    assert reduction.sentence("int8") == ("int8: size reduction is 40.00 %, the budget is at least 50.00 %: broken")
