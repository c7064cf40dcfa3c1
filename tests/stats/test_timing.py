"""Times of processes, and how often their intervals cover the truth."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from bench_models.stats.estimate import Estimate
from bench_models.stats.timing import PAIRS, Timing, interval_of_calls, of_processes

times = st.floats(min_value=1e-5, max_value=10)


def _timing(*by_process: float) -> Timing:
    median = float(np.median(by_process))
    calls = Estimate(value=median, low=median * 0.999, high=median * 1.001, level=0.99)
    return Timing(by_process=by_process, calls=calls)


def _noise(kind: str, rng: np.random.Generator, size: tuple[int, int]) -> NDArray[np.float64]:
    """Return logarithms of what processes add, with a standard deviation of one."""
    noise: NDArray[np.float64] = rng.standard_t(3, size=size) / np.sqrt(3) if kind == "t3" else rng.normal(size=size)
    return noise


@pytest.mark.parametrize("kind", ["lognormal", "t3"])
@pytest.mark.parametrize("rows", [2, 3, 7, 19])
@pytest.mark.parametrize("calm", [0.004, 0.03])
def test_ratios_of_unlike_rows_are_covered_at_their_level(kind: str, rows: int, calm: float) -> None:
    """A third of the rows scatter five times as much: 93 % hold the truth, in the calm ones and in the noisy ones."""
    rng = np.random.default_rng(rows)
    spread = np.array([calm * (5 if row % 3 == 1 else 1) for row in range(rows)])
    truth = np.linspace(0.2, 4.0, rows)
    held = {True: [], False: []}  # type: dict[bool, list[bool]]
    for _ in range(3000 // rows):
        measured = truth * np.exp(spread * _noise(kind, rng, (PAIRS, rows)))
        for row, column in enumerate(measured.T.tolist()):
            estimate = of_processes(column)
            held[row % 3 == 1].append(estimate.low <= truth[row] <= estimate.high)

    assert min(np.mean(held[True]), np.mean(held[False])) >= 0.93


@pytest.mark.parametrize("kind", ["lognormal", "t3"])
@pytest.mark.parametrize("processes", [2, 4])
def test_times_of_unlike_rows_are_covered_at_their_level(kind: str, processes: int) -> None:
    """Of asv's two processes, and of those in pairs: of nineteen rows every third is five times as noisy."""
    rng = np.random.default_rng(processes)
    spread = np.array([0.01 * (5 if row % 3 == 1 else 1) for row in range(19)])
    held = []
    for _ in range(500):
        measured = 0.01 * np.exp(spread * _noise(kind, rng, (processes, 19)))
        estimates = [_timing(*column).estimate for column in measured.T]
        held.append([estimate.low <= 0.01 <= estimate.high for estimate in estimates])

    assert np.mean(held, axis=0).min() >= 0.92  # of single rows, each seen 500 times
    assert np.mean(held) >= 0.94


def test_interval_reaches_about_as_far_as_one_pair_scatters() -> None:
    """To either side, for the number of pairs that are taken unless a suite says otherwise."""
    rng = np.random.default_rng(0)
    pairs = np.exp(0.02 * rng.normal(size=(1000, PAIRS)))
    reach = [np.log(estimate.high / estimate.value) for estimate in map(of_processes, pairs.tolist())]
    assert 0.018 < np.median(reach) < 0.022


@given(st.lists(times, min_size=2, max_size=7), st.floats(min_value=0.1, max_value=100))
def test_unit_of_time_does_not_matter(seconds: list[float], unit: float) -> None:
    """Milliseconds have the interval of seconds, and it holds the point."""
    one, other = of_processes(seconds), of_processes([time * unit for time in seconds])

    assert other.high / other.value == pytest.approx(one.high / one.value)
    assert other.value == pytest.approx(one.value * unit)


def test_equal_processes_leave_no_doubt() -> None:
    """A coarse clock shows the same number each time."""
    estimate = of_processes([0.1] * 4)

    assert estimate.low == estimate.value == estimate.high


def test_absurd_spread_ends_at_a_thousandfold() -> None:
    """So that ratios of such times stay finite."""
    estimate = of_processes([1e-5, 10.0])

    assert estimate.high / estimate.value == pytest.approx(1000)
    assert estimate.value / estimate.low == pytest.approx(1000)


def test_single_process_falls_back_on_its_calls() -> None:
    """Nothing is known about other processes then."""
    timing = _timing(0.01)

    assert timing.calls == timing.estimate


def test_few_scattered_calls_are_still_a_time() -> None:
    """An interval of asv reaches below zero then, where no time is."""
    wide = interval_of_calls(0.01, -0.003, 0.023, 0.99)

    assert wide.low == pytest.approx(1e-5)
    assert wide.high == 0.023
    assert interval_of_calls(0.01, 0.009, 0.011, 0.99).low == 0.009


@pytest.mark.parametrize("time", [0.0, -1.0, float("nan")])
def test_time_that_is_none_is_refused(time: float) -> None:
    """Zero, a negative number and NaN."""
    calls = Estimate(value=1, low=1, high=1, level=0.99)
    with pytest.raises(ValueError, match="greater than zero"):
        Timing(by_process=(time,), calls=calls)
