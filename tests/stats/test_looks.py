"""How the error budget is shared out."""

import pytest

from bench_models.stats.looks import ALARM_LOOKS, FALSE_ALARM, FALSE_CALM, LOOKS, alarm_tail, calm_tail


@pytest.mark.parametrize("benchmarks", [1, 7, 500])
def test_all_looks_at_all_benchmarks_spend_the_budget_and_no_more(benchmarks: int) -> None:
    """Bonferroni's inequality then bounds the chance of any false alarm."""
    assert pytest.approx(FALSE_ALARM) == alarm_tail(benchmarks) * benchmarks * len(ALARM_LOOKS)
    assert pytest.approx(FALSE_CALM) == calm_tail() * len(LOOKS)
