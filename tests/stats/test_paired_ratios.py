"""Log-ratios of pairs, and their moderated means."""

import random
from collections.abc import Sequence
from math import exp, inf, log, pi

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t as student

from bench_models.stats.paired_ratios import Ratio, _inverse_trigamma, log_ratio, means, relative_differences

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


@given(st.floats(min_value=1e-3, max_value=1e2), st.integers(min_value=4, max_value=40))
def test_error_of_a_ratio_grows_with_the_noise_and_shrinks_with_the_blocks(noise: float, turns: int) -> None:
    """It is in units of the logarithm, and falls with the root of the number of blocks."""
    pattern = [exp(noise / 100 * (-1) ** (turn // 2)) for turn in range(4 * turns)]
    few, many = log_ratio([1.0] * turns * 2, pattern[: 2 * turns]), log_ratio([1.0] * turns * 4, pattern)
    assert many.error == pytest.approx(noise / 100 * (pi / 2 / (2 * turns - 1)) ** 0.5)
    assert few.error > 1.2 * many.error


def test_pair_from_a_noisy_moment_counts_less() -> None:
    """Its blocks disagree, so it says little."""
    calm, noisy = Ratio(value=0.0, error=0.005), Ratio(value=0.1, error=0.05)
    (mean,) = means([[calm, calm, noisy]])
    assert mean is not None
    assert 0 < mean.value < 0.1 / 5


@pytest.mark.parametrize("pairs", [3, 6])
def test_intervals_hold_where_some_moments_are_noisy(pairs: int) -> None:
    """Simulated: blocks whose noise differs from pair to pair and benchmark to benchmark, and the luck of processes."""
    draw, missed, count = random.Random(3), 0, 0
    for _ in range(150):
        samples = []
        for _ in range(14):
            luck, noise = draw.uniform(0.001, 0.01), draw.uniform(0.005, 0.05)
            samples.append([_simulated(draw, luck, noise * (3 if draw.random() < 0.2 else 1)) for _ in range(pairs)])
        for mean in means(samples):
            assert mean is not None
            missed += abs(mean.value) > mean.half_width(0.005)
            count += 1
    assert missed / count < 0.015


def test_too_few_pairs_have_no_mean() -> None:
    """One pair knows nothing of its spread."""
    assert means([[], _ratios([0.1])]) == [None, None]


@given(st.floats(min_value=1e-5, max_value=1e4))
def test_inverse_of_trigamma(value: float) -> None:
    """It is what it says, over all values that variances lead to."""
    from scipy.special import polygamma

    assert value == pytest.approx(float(polygamma(1, _inverse_trigamma(value))), rel=1e-6)


@pytest.mark.parametrize(("benchmarks", "dof", "most"), [(16, 4.0, 0.014), (16, inf, 0.014), (2, inf, 0.02)])
def test_intervals_of_few_pairs_miss_as_rarely_as_they_say(benchmarks: int, dof: float, most: float) -> None:
    """Simulated: benchmarks of 4 pairs each, with equal and with unlike variances; two know little of that."""
    draw, missed, count = random.Random(1), 0, 0
    for _ in range(6400 // benchmarks):
        spreads = [1.0 if dof == inf else (dof / draw.gammavariate(dof / 2, 2)) ** 0.5 for _ in range(benchmarks)]
        for mean in means([_ratios([draw.gauss(0, spread) for _ in range(4)]) for spread in spreads]):
            assert mean is not None
            missed += mean.value > mean.half_width(0.01)
            count += 1
    assert missed / count < most


def test_loud_benchmark_among_calm_ones_keeps_its_own_variance() -> None:
    """It borrows nothing from those that know nothing of its noise, and they lose next to nothing by it."""
    draw = random.Random(4)
    calm = [_ratios([draw.gauss(0, 0.005) for _ in range(4)]) for _ in range(15)]
    (alone,) = means([loud := _ratios([-0.05, 0.03, 0.01, 0.06])])
    *before, beside = means([*calm, loud])
    assert alone is not None
    assert beside is not None
    assert (beside.error, beside.dof) == pytest.approx((alone.error, alone.dof), rel=0.05)
    widths = [sum(mean.half_width(0.001) for mean in some if mean) for some in (before, means(calm))]
    assert widths[0] < 1.2 * widths[1]


@given(
    st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)), min_size=2, max_size=12).filter(
        lambda pairs: max(abs(base) for base, _ in pairs) > 1
    )
)
def test_differences_are_relative_to_the_size_of_the_base(pairs: list[tuple[float, float]]) -> None:
    """Their mean is the difference of the means over the mean size."""
    base, head = zip(*pairs, strict=True)
    values = [ratio.value for ratio in relative_differences(base, head)]
    expected = (sum(head) - sum(base)) / sum(map(abs, base))
    assert expected == pytest.approx(sum(values) / len(values), rel=1e-6, abs=1e-6)


def test_number_that_vanishes_scatters_as_much_as_it_did() -> None:
    """All of it is lost in each pair, but that says nothing of chance: a number that is mostly zero is often lost."""
    values = [ratio.value for ratio in relative_differences([4.0, 5.0, 6.0], [0.0, 0.0, 0.0])]
    assert values == pytest.approx([-0.8, -1, -1.2])


def test_borrowed_variance_narrows_the_interval() -> None:
    """That is what it is for: four pairs alone would need a change three times as large."""
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
