"""Log-ratios of pairs, and their moderated means."""

import random
from math import exp, inf, log

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t as student

from bench_models.stats.pairs import _inverse_trigamma, log_ratio, means

_TIMES = st.floats(min_value=1e-6, max_value=1e3)


@given(st.lists(_TIMES, min_size=1, max_size=12), st.floats(min_value=0.5, max_value=2))
def test_a_factor_between_the_sides_is_found_exactly(base: list[float], factor: float) -> None:
    """Whatever the blocks' own times."""
    assert log(factor) == pytest.approx(log_ratio(base, [factor * time for time in base]), abs=1e-9)


@given(st.lists(st.tuples(_TIMES, _TIMES), min_size=1, max_size=12))
def test_swapping_the_sides_swaps_the_sign(blocks: list[tuple[float, float]]) -> None:
    """Neither side is favoured."""
    base, head = zip(*blocks, strict=True)
    assert -log_ratio(head, base) == pytest.approx(log_ratio(base, head), abs=1e-9)


def test_a_drift_within_the_pair_cancels() -> None:
    """The order A B B A puts either side as early as late."""
    clock = [exp(0.01 * moment) for moment in range(8)]
    base, head = [clock[0], clock[3], clock[4], clock[7]], [clock[1], clock[2], clock[5], clock[6]]
    assert log_ratio(base, head) == pytest.approx(0, abs=1e-12)


def test_a_burst_in_one_block_is_forgiven() -> None:
    """A neighbour's burst says nothing about the code."""
    assert log_ratio([1.0] * 8, [1.0, 1.0, 9.0, 1.0, 1.0, 1.0, 1.0, 1.0]) == 0


def test_a_single_benchmark_has_students_interval() -> None:
    """It has nobody to borrow a variance from."""
    sample = [0.1, 0.2, 0.4]
    (mean,) = means([sample])
    assert mean is not None
    low, _ = student.interval(0.9, df=2, loc=sum(sample) / 3, scale=0.1527525 / 3**0.5)
    assert low == pytest.approx(mean.value - mean.half_width(0.05), rel=1e-5)


def test_too_few_pairs_have_no_mean() -> None:
    """One pair knows nothing of its spread."""
    assert means([[], [0.1]]) == [None, None]


@given(st.floats(min_value=1e-5, max_value=1e4))
def test_inverse_of_trigamma(value: float) -> None:
    """It is what it says, over all values that variances lead to."""
    from scipy.special import polygamma

    assert value == pytest.approx(float(polygamma(1, _inverse_trigamma(value))), rel=1e-6)


@pytest.mark.parametrize("freedom", [4.0, inf])
def test_intervals_of_few_pairs_miss_as_rarely_as_they_say(freedom: float) -> None:
    """Simulated: 16 benchmarks of 4 pairs each, with equal and with unlike variances."""
    draw, missed, count = random.Random(1), 0, 0
    for _ in range(400):
        spreads = [1.0 if freedom == inf else (freedom / draw.gammavariate(freedom / 2, 2)) ** 0.5 for _ in range(16)]
        for mean in means([[draw.gauss(0, spread) for _ in range(4)] for spread in spreads]):
            assert mean is not None
            missed += mean.value > mean.half_width(0.01)
            count += 1
    assert missed / count < 0.014


def test_borrowed_variance_narrows_the_interval() -> None:
    """That is what it is for: four pairs alone would need a five times larger change."""
    draw = random.Random(2)
    samples = [[draw.gauss(0, 0.01) for _ in range(4)] for _ in range(16)]
    together = [mean.half_width(1e-4) for mean in means(samples) if mean]
    alone = [mean.half_width(1e-4) for sample in samples for mean in means([sample]) if mean]
    assert sum(together) < sum(alone) / 3
