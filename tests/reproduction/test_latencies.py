"""The interval of a median covers the truth, whatever the times are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reproduction.latencies import median_of

_TIMES = st.floats(min_value=1e-6, max_value=1e6)


@given(st.lists(_TIMES, min_size=6, max_size=200, unique=True))
def test_interval_is_two_of_the_values_equally_far_from_either_end(times: list[float]) -> None:
    """Whatever they are, and however many."""
    estimate = median_of(times)
    ordered = sorted(times)

    assert estimate.value == np.median(times)
    assert estimate.high == ordered[-1 - ordered.index(estimate.low)]


@given(st.lists(st.sampled_from([1.0, 1.1, 3.0]), min_size=6, max_size=200))
def test_median_lies_within_its_interval(times: list[float]) -> None:
    """Where values are equal, too: an estimate refuses anything else."""
    assert median_of(times).value == np.median(times)


@pytest.mark.parametrize("count", [6, 20, 61])
def test_interval_covers_the_true_median(count: int) -> None:
    """At least as often as it says, though times are skewed."""
    samples = np.random.default_rng(0).lognormal(size=(400, count))
    estimates = [median_of(sample.tolist()) for sample in samples]

    assert np.mean([estimate.low <= 1 <= estimate.high for estimate in estimates]) >= 0.95


def test_higher_level_is_wider() -> None:
    """The level is the estimate's own."""
    narrow, wide = (median_of([float(index) for index in range(60)], level) for level in (0.9, 0.99))

    assert (narrow.level, wide.level) == (0.9, 0.99)
    assert wide.low < narrow.low < narrow.value < narrow.high < wide.high


def test_too_few_values_are_refused() -> None:
    """Five have no interval."""
    with pytest.raises(ValueError, match="finite"):
        median_of([1.0, 2.0, 3.0, 4.0, 5.0])
