"""Intervals cover what other processes would measure."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench_models.stats.estimate import Estimate, ratio
from bench_models.stats.rounds import Timing, interval_of_calls, pooled

times = st.floats(min_value=1e-5, max_value=10)


def _timing(*by_process: float) -> Timing:
    median = float(np.median(by_process))
    calls = Estimate(value=median, low=median * 0.999, high=median * 1.001, level=0.99)
    return Timing(by_process=by_process, calls=calls)


@pytest.mark.parametrize("processes", [2, 3])
def test_interval_covers_the_truth_at_its_level(processes: int) -> None:
    """Seven variants whose processes differ by 2 %: at least 94 % of the intervals hold the true time."""
    rng = np.random.default_rng(0)
    truth = np.array([0.01, 0.026, 0.047, 0.005, 0.01, 0.01, 0.005])
    covered = total = 0
    for _ in range(2000):
        measured = truth * np.exp(rng.normal(0, 0.02, size=(processes, 7)))
        for true, estimate in zip(truth, pooled([_timing(*column) for column in measured.T]), strict=True):
            covered += estimate.low <= true <= estimate.high
            total += 1

    assert covered / total >= 0.94


def test_equal_variants_are_seldom_told_apart() -> None:
    """Two variants of equal speed: at most 6 % of their speed-ups exclude 1 (the level is 90 %, and cautious)."""
    rng = np.random.default_rng(1)
    excluded = 0
    for _ in range(2000):
        measured = 0.01 * np.exp(rng.normal(0, 0.02, size=(2, 7)))
        first, second, *_ = pooled([_timing(*column) for column in measured.T])
        speed_up = ratio(first, second)
        excluded += not speed_up.low <= 1 <= speed_up.high

    assert excluded / 2000 <= 0.06


@given(st.lists(st.tuples(times, times), min_size=1, max_size=7), st.floats(min_value=0.1, max_value=100))
def test_unit_of_time_does_not_matter(pairs: list[tuple[float, float]], unit: float) -> None:
    """Milliseconds have the interval of seconds."""
    seconds = pooled([_timing(*pair) for pair in pairs])
    others = pooled([_timing(*(time * unit for time in pair)) for pair in pairs])

    for one, other in zip(seconds, others, strict=True):
        assert other.high / other.value == pytest.approx(one.high / one.value)


def test_single_process_falls_back_on_its_calls() -> None:
    """Nothing is known about other processes then."""
    timing = _timing(0.01)

    assert [timing.calls] == pooled([timing])


def test_few_scattered_calls_still_give_a_speed_up() -> None:
    """An interval of asv reaches below zero then, where no time is, and no ratio could be made of it."""
    wide = interval_of_calls(0.01, -0.003, 0.023, 0.99)
    speed_up = ratio(_timing(0.02).calls, wide)

    assert wide.low == pytest.approx(1e-5)
    assert wide.high == 0.023
    assert 0 < speed_up.low < 2 < speed_up.high
    assert speed_up.value == pytest.approx(2)
    assert interval_of_calls(0.01, 0.009, 0.011, 0.99).low == 0.009


@pytest.mark.parametrize("time", [0.0, -1.0, float("nan")])
def test_time_that_is_none_is_refused(time: float) -> None:
    """Zero, a negative number and NaN."""
    calls = Estimate(value=1, low=1, high=1, level=0.99)
    with pytest.raises(ValueError, match="greater than zero"):
        Timing(by_process=(time,), calls=calls)
