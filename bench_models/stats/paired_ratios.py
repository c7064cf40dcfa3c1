"""Ratios of times in pairs of processes, and their mean with an interval that holds for few pairs.

Processes differ by where their memory lies and by what runs beside them. So the pair of processes is the replicate,
not the call. Few pairs estimate their own variance badly, so two more sources help: the blocks within a pair show how
noisy its moment was, and the benchmarks of a machine share a prior of their variances (empirical Bayes).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import exp, log, pi, sqrt
from statistics import fmean, median, pvariance, stdev, variance

from scipy.special import digamma, fdtrc, polygamma, stdtrit

# The standard deviation of log-ratios between pairs however long each is timed. It only weighs pairs against each
# other; how much they really differ is estimated.
_BETWEEN_PROCESSES = 0.005

# A size below this share of the largest number that is relative to it is zero, but for rounding.
_LEAST_SIZE = 1e-9

# Equal ratios have no spread at all, which happens on coarse clocks; a logarithm needs some.
_LEAST_SPREAD = 1e-6
_MOST_DOF = 1e6

# Logarithms of variances further from their median than this, in robust standard deviations, are moved there
# before the prior is made of them. 1.4826 makes a median absolute deviation one of normal values.
_WINSORIZED, _MAD = 2.0, 1.4826

# The prior's weight in degrees of freedom, at most, as a multiple of those of a benchmark's own pairs. A verdict of
# unchanged borrows less: where some benchmarks are two or four times as noisy as the others, a change could hide
# behind few pairs that came out quiet by chance. A regression takes six pairs, and tails so far out that this does not
# happen.
_BORROWED, _BORROWED_FOR_EQUIVALENCE = 3.0, 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """By how much the head exceeded the base within one pair: a logarithm, or a difference relative to the base.

    ``error`` is its standard error by what the blocks of the pair tell, or 0 where there was one a side.
    """

    value: float
    error: float = 0.0


def log_ratio(base: Sequence[float], head: Sequence[float]) -> Ratio:
    """Compare the seconds per call of blocks that two processes took in turn.

    Blocks at one position met the same disturbances. Positions are taken two and two (A B B A), which
    cancels a drift; the median over these ignores a burst that hit one of them.
    """
    steps = [log(after) - log(before) for before, after in zip(base, head, strict=True)]
    if len(steps) == 1:
        return Ratio(value=steps[0])
    turns = [fmean(steps[start : start + 2]) for start in range(0, len(steps) - 1, 2)]
    # The variance of a median of normal values is pi/2 times that of their mean.
    error = stdev(turns) * sqrt(pi / 2 / len(turns)) if len(turns) > 1 else 0.0
    return Ratio(value=median(turns), error=error)


def relative_differences(base: Sequence[float], head: Sequence[float]) -> list[Ratio]:
    """Compare numbers that may be zero or negative, a pair each, relative to the mean size of the base's.

    Under no change the sides may be swapped, so differences are symmetric, as log-ratios are. Their mean is
    the ratio of two means, and each value is its linearisation, so that they scatter as that ratio does, the
    scatter of the base's size included. Where the base is always zero, they are relative to the head's size.
    Where the head's numbers are all zero, as those of an unchanged number that is mostly zero may be, the
    linearised values are -1 each and scatter not at all, which would make chance a certainty. So the plain
    differences, of the same mean, are taken where they scatter more.

    Source: Cochran, Sampling techniques (1977), section 6.3.
    """
    # Of denormal numbers and of the largest ones neither sums nor quotients are finite, unless they are scaled.
    largest = max(map(abs, (*base, *head)), default=0.0) or 1.0
    base, head = ([number / largest for number in side] for side in (base, head))
    size = max(fmean(map(abs, base)) or fmean(map(abs, head)), _LEAST_SIZE)
    steps = [after - before for before, after in zip(base, head, strict=True)]
    change = fmean(steps) / size
    sizes = [abs(before) if any(base) else size for before in base]
    plain = [step / size for step in steps]
    linear = [change + (step - change * each) / size for step, each in zip(steps, sizes, strict=True)]
    return [Ratio(value=value) for value in max(linear, plain, key=pvariance)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mean:
    """The mean of log-ratios over pairs, its standard error and the error's degrees of freedom.

    The cautious ones borrow less from the prior, and are for the equivalence test.
    """

    value: float
    error: float
    dof: float
    cautious_error: float
    cautious_dof: float

    def half_width(self, tail: float) -> float:
        """Return how far the interval reaches to either side, missing with probability ``tail`` on each."""
        return float(-stdtrit(self.dof, tail)) * self.error

    def cautious_half_width(self, tail: float) -> float:
        """Return the same for the interval of the equivalence test."""
        return float(-stdtrit(self.cautious_dof, tail)) * self.cautious_error


def means(samples: Sequence[Sequence[Ratio]]) -> list[Mean | None]:
    """Return for each benchmark the mean of its pairs' changes, or None where it has fewer than two.

    The benchmarks are of one machine. Pairs count by the precision that their blocks promise. How much they
    really scatter, relative to that promise, is estimated and moderated: a weighted mean of the benchmark's own
    variance and of a prior that all benchmarks share, weighted by degrees of freedom. The prior's weight follows
    from how much the variances differ beyond what chance explains. A benchmark that is noisier than the prior
    explains borrows less: its weight is cut by twice the chance that the prior gives to so large a variance. And the
    prior's weight is at most a multiple of that of the benchmark's own variance.

    Sources: Smyth, Linear models and empirical Bayes methods for assessing differential expression,
    Stat. Appl. Genet. Mol. Biol. 3 (2004), section 6.2, made robust by winsorizing and by the tail probability
    as in Phipson, Lee, Majewski, Alexander and Smyth, Robust hyperparameter estimation protects against
    hypervariable genes and improves power to detect differential expression, Ann. Appl. Stat. 10 (2016);
    precision weights in front of it as in Law et al., voom: precision weights unlock linear model analysis
    tools, Genome Biology 15 (2014).
    """
    fits = [_fitted(sample) if len(sample) > 1 else None for sample in samples]
    known = [fit for fit in fits if fit is not None]
    prior, weight = _prior([(fit.spread, fit.dof) for fit in known])
    most = sum(fit.dof for fit in known)
    return [None if fit is None else fit.moderated(prior, min(weight, most - fit.dof)) for fit in fits]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fit:
    """A weighted mean; ``spread`` is the variance of pairs relative to the promised one."""

    value: float
    precision: float
    spread: float
    dof: int

    def moderated(self, prior: float, weight: float) -> Mean:
        error, dof = self._error(prior, min(weight, _BORROWED * self.dof))
        cautious_error, cautious_dof = self._error(prior, min(weight, _BORROWED_FOR_EQUIVALENCE * self.dof))
        return Mean(
            value=self.value,
            error=error,
            dof=dof,
            cautious_error=cautious_error,
            cautious_dof=cautious_dof,
        )

    def _error(self, prior: float, weight: float) -> tuple[float, float]:
        """Return the standard error and its degrees of freedom, with a prior of so much weight."""
        if weight:
            weight *= min(1.0, 2 * float(fdtrc(self.dof, weight, self.spread / prior)))
        dof = weight + self.dof
        spread = (weight * prior + self.dof * self.spread) / dof
        return sqrt(spread / self.precision), dof


def _fitted(sample: Sequence[Ratio]) -> _Fit:
    # A pair's own error rests on few blocks, so it is averaged with that of all pairs.
    typical = fmean(ratio.error**2 for ratio in sample)
    weights = [1 / (_BETWEEN_PROCESSES**2 + (ratio.error**2 + typical) / 2) for ratio in sample]
    precision, dof = sum(weights), len(sample) - 1
    value = sum(weight * ratio.value for weight, ratio in zip(weights, sample, strict=True)) / precision
    squares = sum(weight * (ratio.value - value) ** 2 for weight, ratio in zip(weights, sample, strict=True))
    return _Fit(value=value, precision=precision, spread=max(squares / dof, _LEAST_SPREAD), dof=dof)


def _prior(measured: Sequence[tuple[float, int]]) -> tuple[float, float]:
    """Return the variance that benchmarks share, and how many degrees of freedom it is worth."""
    if len(measured) < 2:  # noqa: PLR2004  # one benchmark has no other to borrow from
        return 1.0, 0.0
    logs = _winsorized([log(spread) - _log_of_chance(dof)[0] for spread, dof in measured])
    beyond_chance = variance(logs) - fmean(_log_of_chance(dof)[1] for _, dof in measured)
    # Where chance explains all that they differ by, they may all be equal.
    weight = 2 * _inverse_trigamma(beyond_chance) if beyond_chance > 0 else _MOST_DOF
    return exp(fmean(logs) + _log_of_chance(weight)[0]), weight


@lru_cache(maxsize=1000)
def _log_of_chance(dof: float) -> tuple[float, float]:
    """Return mean and variance of the logarithm of an estimated variance whose true value is 1."""
    return float(digamma(dof / 2)) - log(dof / 2), float(polygamma(1, dof / 2))


def _winsorized(values: Sequence[float]) -> list[float]:
    """Return the values with those far out moved to where the bulk of them ends."""
    middle = median(values)
    reach = _WINSORIZED * _MAD * median(abs(value - middle) for value in values)
    return [min(max(value, middle - reach), middle + reach) for value in values]


def _inverse_trigamma(value: float) -> float:
    """Return x with trigamma(x) = value > 0, which falls from infinity to zero."""
    if value <= float(polygamma(1, _MOST_DOF)):
        return _MOST_DOF
    # trigamma(x) lies between 1/x and 1/x + 1/x^2, so these bounds hold the root.
    lowest, highest = 1 / value, (1 + sqrt(1 + 4 * value)) / (2 * value)
    # Imported here, as it takes as long as all other imports of a command that only shows a table.
    from scipy.optimize import brentq

    return float(brentq(lambda x: float(polygamma(1, x)) - value, lowest, highest))
