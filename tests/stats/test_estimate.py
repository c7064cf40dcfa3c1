"""An estimate is a point inside a finite interval, or it does not exist."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench_models.stats.estimate import Estimate, ratio

positive = st.floats(min_value=1e-6, max_value=1e6)


@pytest.mark.parametrize(
    ("value", "low", "high"), [(math.nan, 0, 1), (0.5, 0, math.inf), (2, 0, 1), (-1, 0, 1), (0.5, 1, 0)]
)
def test_impossible_estimate_is_refused(value: float, low: float, high: float) -> None:
    """NaN, infinity and a point outside its interval stop at the door."""
    with pytest.raises(ValueError, match=r"finite numbers|does not hold"):
        Estimate(value=value, low=low, high=high, level=0.95)


@given(st.tuples(positive, positive, positive).map(sorted), st.tuples(positive, positive, positive).map(sorted))
def test_ratio_holds_every_ratio_of_the_two_intervals(over: list[float], under: list[float]) -> None:
    """Whatever the true values inside both intervals are, their ratio lies inside."""
    a = Estimate(value=over[1], low=over[0], high=over[2], level=0.99)
    b = Estimate(value=under[1], low=under[0], high=under[2], level=0.99)
    both = ratio(a, b)

    assert all(both.low <= x / y <= both.high for x in over for y in under)
    assert both.level == pytest.approx(0.98)
