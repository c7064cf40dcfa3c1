"""Ratios measured in pairs of processes, and how far they can be trusted when pairs are few.

A process has its own luck: where its memory lies, what its neighbours do. So the pair of processes is
the replicate, not the call. Few pairs give a poor idea of their own spread, so benchmarks lend it to
each other: a variance is moderated towards what all of them show.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, inf, log, sqrt
from statistics import fmean, median, variance

from scipy.optimize import brentq
from scipy.special import digamma, polygamma, stdtrit

# Equal ratios have no spread at all, which happens on coarse clocks; a logarithm needs some.
_LEAST_VARIANCE = 1e-10
_MOST_FREEDOM = 1e6


def log_ratio(base: Sequence[float], head: Sequence[float]) -> float:
    """Return by how much ``head`` exceeds ``base`` within one pair, as a logarithm.

    Both hold seconds per call of blocks that were taken in turn, so the blocks at one position met the
    same neighbours; the median over positions forgives a burst that hit one of them. Positions are
    taken two and two (A B B A), which cancels a drift.
    """
    steps = [log(after) - log(before) for before, after in zip(base, head, strict=True)]
    if len(steps) == 1:
        return steps[0]
    return median(fmean(steps[start : start + 2]) for start in range(0, len(steps) - 1, 2))


@dataclass(frozen=True, slots=True, kw_only=True)
class Mean:
    """The mean of log-ratios over pairs, its standard error and the error's degrees of freedom."""

    value: float
    error: float
    freedom: float

    def half_width(self, tail: float) -> float:
        """Return how far the interval reaches to either side, missing with probability ``tail`` on each."""
        return float(-stdtrit(self.freedom, tail)) * self.error


def means(samples: Sequence[Sequence[float]]) -> list[Mean | None]:
    """Return for each benchmark the mean of its pairs' log-ratios, or None where it has fewer than two.

    Each variance is moderated: a weighted mean of the benchmark's own and of a prior that all
    benchmarks share, weighted by degrees of freedom. The prior's weight follows from how much the
    variances differ beyond what chance explains; it never exceeds all freedom that the samples have.

    Source: Smyth, Linear models and empirical Bayes methods for assessing differential expression,
    Stat. Appl. Genet. Mol. Biol. 3 (2004), section 6.2.
    """
    measured = [(max(variance(sample), _LEAST_VARIANCE), len(sample) - 1) for sample in samples if len(sample) > 1]
    prior, weight = _prior(measured)
    return [_moderated(sample, prior, weight) if len(sample) > 1 else None for sample in samples]


def _moderated(sample: Sequence[float], prior: float, weight: float) -> Mean:
    own = len(sample) - 1
    squared = (weight * prior + own * max(variance(sample), _LEAST_VARIANCE)) / (weight + own)
    return Mean(value=fmean(sample), error=sqrt(squared / len(sample)), freedom=weight + own)


def _prior(measured: Sequence[tuple[float, int]]) -> tuple[float, float]:
    """Return the variance that benchmarks share, and how many degrees of freedom it is worth."""
    if len(measured) < 2:  # noqa: PLR2004  # one benchmark has nobody to borrow from
        return 1.0, 0.0
    logs = [log(spread) - float(digamma(freedom / 2)) + log(freedom / 2) for spread, freedom in measured]
    beyond_chance = variance(logs) - fmean(float(polygamma(1, freedom / 2)) for _, freedom in measured)
    most = float(sum(freedom for _, freedom in measured))
    weight = min(most, 2 * _inverse_trigamma(beyond_chance) if beyond_chance > 0 else inf)
    return exp(fmean(logs) + float(digamma(weight / 2)) - log(weight / 2)), weight


def _inverse_trigamma(value: float) -> float:
    """Return x with trigamma(x) = value > 0, which falls from infinity to zero."""
    if value <= float(polygamma(1, _MOST_FREEDOM)):
        return _MOST_FREEDOM
    # trigamma(x) lies between 1/x and 1/x + 1/x^2, so these bounds hold the root.
    lowest, highest = 1 / value, (1 + sqrt(1 + 4 * value)) / (2 * value)
    return float(brentq(lambda x: float(polygamma(1, x)) - value, lowest, highest))
