"""Intervals cover the truth as often as they say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from bench_models.stats.proportions import paired_drop, proportion

outcomes = st.lists(st.booleans(), min_size=1, max_size=300)


@given(outcomes)
def test_proportion_agrees_with_scipy(answers: list[bool]) -> None:
    """The formula written out here is the library's."""
    estimate = proportion(answers)
    expected = binomtest(sum(answers), len(answers)).proportion_ci(0.95, method="wilson")

    assert (estimate.low, estimate.high) == pytest.approx((expected.low, expected.high), abs=1e-12)


@given(outcomes)
def test_paired_drop_mirrors(answers: list[bool]) -> None:
    """What one direction loses the other one wins."""
    other = answers[::-1]
    there, back = paired_drop(answers, other), paired_drop(other, answers)

    assert there.value == pytest.approx(-back.value)
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low))


@given(outcomes)
def test_same_answers_have_no_drop(answers: list[bool]) -> None:
    """The interval still admits that other sentences might flip."""
    estimate = paired_drop(answers, answers)

    assert estimate.value == 0
    assert estimate.low < 0 < estimate.high


@pytest.mark.parametrize(("lost", "won"), [(0.02, 0.01), (0.05, 0.05), (0.10, 0.02), (0.0, 0.01)])
def test_paired_drop_covers_the_truth_at_its_level(lost: float, won: float) -> None:
    """Of 2,000 simulated pairs of variants at least 94 % of the intervals hold the true drop."""
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(2000):
        flips = rng.random(1000)
        before = (flips >= lost + won) & (rng.random(1000) < 0.9) | (flips < lost)
        after = np.where(flips < lost, False, np.where(flips < lost + won, True, before))
        before = np.where((flips >= lost) & (flips < lost + won), False, before)
        estimate = paired_drop(before.tolist(), after.tolist())
        covered += estimate.low <= lost - won <= estimate.high

    assert covered / 2000 >= 0.94


def test_nothing_to_count_is_refused() -> None:
    """No answers, or answers to different sentences, have no share."""
    with pytest.raises(ValueError, match="at least one answer"):
        proportion([])
    with pytest.raises(ValueError, match="the same sentences, not 1 and 2"):
        paired_drop([True], [True, False])
