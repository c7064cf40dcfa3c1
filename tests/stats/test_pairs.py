"""Log-ratios of pairs, and their moderated means."""

import random
from collections.abc import Sequence
from math import exp, inf, log
from statistics import fmean, stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t as student

from bench_models.stats.looks import calm_tail
from bench_models.stats.pairs import Ratio, _inverse_trigamma, log_ratio, means

_TIMES = st.floats(min_value=1e-6, max_value=1e3)


@given(st.lists(_TIMES, min_size=1, max_size=12), st.floats(min_value=0.5, max_value=2))
def test_a_factor_between_the_sides_is_found_exactly(base: list[float], factor: float) -> None:
    """Whatever the blocks' own times."""
    assert log(factor) == pytest.approx(log_ratio(base, [factor * time for time in base]).value, abs=1e-9)


@given(st.lists(st.tuples(_TIMES, _TIMES), min_size=1, max_size=12))
def test_swapping_the_sides_swaps_the_sign(blocks: list[tuple[float, float]]) -> None:
    """Neither side is favoured."""
    base, head = zip(*blocks, strict=True)
    one, other = log_ratio(base, head), log_ratio(head, base)
    assert (-other.value, other.error) == pytest.approx((one.value, one.error), abs=1e-9)


def test_a_drift_within_the_pair_cancels() -> None:
    """The order A B B A puts either side as early as late."""
    clock = [exp(0.01 * moment) for moment in range(8)]
    base, head = [clock[0], clock[3], clock[4], clock[7]], [clock[1], clock[2], clock[5], clock[6]]
    assert log_ratio(base, head).value == pytest.approx(0, abs=1e-12)


def test_a_burst_in_one_block_is_forgiven() -> None:
    """A neighbour's burst says nothing about the code."""
    assert log_ratio([1.0] * 8, [1.0, 1.0, 9.0, 1.0, 1.0, 1.0, 1.0, 1.0]).value == 0


def test_a_single_benchmark_has_students_interval() -> None:
    """It has nobody to borrow a variance from."""
    sample = [0.1, 0.2, 0.4]
    (mean,) = means([_ratios(sample)])
    assert mean is not None
    low, _ = student.interval(0.9, df=2, loc=sum(sample) / 3, scale=0.1527525 / 3**0.5)
    assert low == pytest.approx(mean.value - mean.half_width(0.05), rel=1e-5)


@pytest.mark.parametrize(("bursts", "tolerance"), [(0.0, 0.25), (0.1, 0.45)])
@pytest.mark.parametrize("turns", [3, 4, 8, 40])
def test_error_of_a_ratio_is_how_far_it_scatters(turns: int, bursts: float, tolerance: float) -> None:
    """Simulated: calm blocks, and some that a burst hit, which few turns tell only roughly."""
    draw = random.Random(5)
    noise = [
        [draw.gauss(0, 0.02) + (0.3 if draw.random() < bursts else 0) for _ in range(2 * turns)] for _ in range(3000)
    ]
    ratios = [log_ratio([1.0] * len(one), [exp(step) for step in one]) for one in noise]
    assert fmean(ratio.error for ratio in ratios) == pytest.approx(
        stdev(ratio.value for ratio in ratios), rel=tolerance
    )


def test_pair_from_a_noisy_moment_counts_less() -> None:
    """Its blocks disagree, so it says little."""
    calm, noisy = Ratio(value=0.0, error=0.005), Ratio(value=0.1, error=0.05)
    (mean,) = means([[calm, calm, noisy]])
    assert mean is not None
    assert 0 < mean.value < 0.1 / 5


@pytest.mark.parametrize("pairs", [3, 6])
def test_intervals_hold_where_some_moments_are_noisy(pairs: int) -> None:
    """Simulated: noise that differs from pair to pair and benchmark to benchmark; few pairs know it only roughly."""
    draw, missed, count = random.Random(3), 0, 0
    for _ in range(150):
        samples = []
        for _ in range(14):
            luck, noise = draw.uniform(0.001, 0.01), draw.uniform(0.005, 0.05)
            samples.append([_simulated(draw, luck, noise * (3 if draw.random() < 0.2 else 1)) for _ in range(pairs)])
        for mean in means(samples):
            assert mean is not None
            missed += abs(mean.value) > mean.half_width(calm_tail())
            count += 1
    assert missed / count < 2 * 2 * calm_tail()  # twice what either side may miss


def test_too_few_pairs_have_no_mean() -> None:
    """One pair knows nothing of its spread."""
    assert means([[], _ratios([0.1])]) == [None, None]


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
        for mean in means([_ratios([draw.gauss(0, spread) for _ in range(4)]) for spread in spreads]):
            assert mean is not None
            missed += mean.value > mean.half_width(0.01)
            count += 1
    assert missed / count < 0.014


def test_borrowed_variance_narrows_the_interval() -> None:
    """That is what it is for: four pairs alone would need a five times larger change."""
    draw = random.Random(2)
    samples = [_ratios([draw.gauss(0, 0.01) for _ in range(4)]) for _ in range(16)]
    together = [mean.half_width(1e-4) for mean in means(samples) if mean]
    alone = [mean.half_width(1e-4) for sample in samples for mean in means([sample]) if mean]
    assert sum(together) < sum(alone) / 3


def _ratios(values: Sequence[float]) -> list[Ratio]:
    return [Ratio(value=value) for value in values]


def _simulated(draw: random.Random, luck: float, noise: float, turns: int = 8) -> Ratio:
    bias = draw.gauss(0, luck)
    return log_ratio([1.0] * turns, [exp(bias + draw.gauss(0, noise)) for _ in range(turns)])
