"""Medians, of times and of their ratios."""

from collections.abc import Sequence
from statistics import median

from scipy.stats import quantile_test

from bench_models.stats.estimate import Estimate
from bench_models.stats.proportions import LEVEL


def median_of(values: Sequence[float], level: float = LEVEL) -> Estimate:
    """Return the median with an interval made of two of the values, which holds for any distribution.

    Raises ``ValueError`` for so few values that no two of them are far enough apart in rank: fewer than six at 95 %.

    Source: Conover, Practical nonparametric statistics (1999), section 3.2, as scipy computes it.
    """
    interval = quantile_test(values, p=0.5).confidence_interval(level)
    return Estimate(value=float(median(values)), low=float(interval.low), high=float(interval.high), level=level)
