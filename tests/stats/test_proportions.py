"""Intervals cover the truth as often as they say."""

from bisect import bisect_left
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from bench_models.stats.proportions import bounded_drop, bounded_share, paired_drop, proportion

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


def _too_high(n: int, lost: float, won: float) -> float:
    """Return how often the lower bound of a drop lies above the truth, by adding up all outcomes that matter."""
    wins, most = int(binom.isf(1e-9, n, won)) + 1, int(binom.isf(1e-9, n, lost)) + 1
    chance = 0.0
    for win in range(wins + 1):
        # The bound rises with each loss, so that the first one that deceives is found by bisection.
        first = bisect_left(range(most), lost - won + 1e-9, key=partial(_lower_bound, win, n))
        chance += binom.pmf(win, n, won) * binom.sf(first - 1, n - win, lost / (1 - won))
    return float(chance)


def _lower_bound(win: int, n: int, loss: int) -> float:
    return bounded_drop(loss, win, n).low


@pytest.mark.parametrize("n", [200, 1000, 3000])
@pytest.mark.parametrize(
    ("lost", "won"),
    [(0.1, 0), (1, 0), (0, 8), (0.05, 9.4), (4, 0.2), (9.4, 0.05), (10, 9), (0.05, 0), (0.05, 0.05), (0.07, 0.03)],
    ids=str,
)
def test_each_bound_of_a_drop_is_wrong_in_at_most_a_twentieth(n: int, lost: float, won: float) -> None:
    """Exactly, for none to a tenth of the sentences flipped; above 0.1 counts sentences, otherwise they are shares."""
    share_lost, share_won = (each if each < 0.1 else each / n for each in (lost, won))

    assert _too_high(n, share_lost, share_won) <= 0.05
    assert _too_high(n, share_won, share_lost) <= 0.05  # as bounds mirror, this is the upper one


@given(st.integers(1, 400), st.data())
def test_bounds_of_a_drop_hold_its_point_and_mirror(n: int, data: st.DataObject) -> None:
    """Whatever flipped."""
    lost = data.draw(st.integers(0, n))
    won = data.draw(st.integers(0, n - lost))
    there, back = bounded_drop(lost, won, n), bounded_drop(won, lost, n)

    assert there.value == pytest.approx(-back.value)
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low))
    assert there.level == pytest.approx(0.9)


@given(st.integers(1, 400), st.data())
def test_exact_bounds_of_a_share_agree_with_scipy(n: int, data: st.DataObject) -> None:
    """Clopper and Pearson's, each end at 95 %."""
    successes = data.draw(st.integers(0, n))
    estimate, expected = bounded_share(successes, n), binomtest(successes, n).proportion_ci(0.90, method="exact")

    assert (estimate.low, estimate.high) == pytest.approx((expected.low, expected.high), abs=1e-9)


@pytest.mark.parametrize("flips", [(-1, 0, 5), (3, 3, 5), (0, 0, 0)])
def test_flips_that_cannot_be_are_refused(flips: tuple[int, int, int]) -> None:
    """More flips than sentences, or less than none."""
    with pytest.raises(ValueError, match="flips are a part of at least one pair"):
        bounded_drop(*flips)
    with pytest.raises(ValueError, match="is no share"):
        bounded_share(-1, 3)
