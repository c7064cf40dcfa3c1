"""An estimate is a point inside a finite interval, or it does not exist."""

import math

import pytest

from bench_models.stats.estimate import Estimate


@pytest.mark.parametrize(
    ("value", "low", "high"), [(math.nan, 0, 1), (0.5, 0, math.inf), (2, 0, 1), (-1, 0, 1), (0.5, 1, 0)]
)
def test_impossible_estimate_is_refused(value: float, low: float, high: float) -> None:
    """NaN, infinity and a point outside its interval stop at the door."""
    with pytest.raises(ValueError, match=r"finite numbers|does not hold"):
        Estimate(value=value, low=low, high=high, level=0.95)
