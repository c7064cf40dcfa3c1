"""Proportions: of right answers of one variant, of two on the same sentences, and of records of a check."""

from collections.abc import Sequence
from math import copysign, inf, sqrt
from statistics import fmean, variance

from scipy.special import bdtr, betaincinv, ndtri, stdtrit

from bench_models.stats.estimate import Estimate

LEVEL = 0.95

# Halvings after which a bound between -1 and 1 is known to 1e-9.
_HALVINGS = 31


def proportion(outcomes: Sequence[bool]) -> Estimate:
    """Return the share of true outcomes with Wilson's score interval.

    Source: Wilson, Probable inference, the law of succession, and statistical inference, JASA 22
    (1927). Written out instead of calling ``scipy.stats``, whose import alone takes longer than a
    command may; a test compares the two.
    """
    n = len(outcomes)
    if n == 0:
        raise ValueError("the share of right answers needs at least one answer, but there are none")
    share, z = sum(outcomes) / n, _z(LEVEL)
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    # Rounding may put the bound of 0 % or 100 % a hair on the wrong side of the point.
    return Estimate(
        value=share, low=max(0.0, min(centre - half, share)), high=min(1.0, max(centre + half, share)), level=LEVEL
    )


def paired_drop(before: Sequence[bool], after: Sequence[bool]) -> Estimate:
    """Return by how much the share of true outcomes fell from ``before`` to ``after``.

    Both sequences are about the same sentences in the same order, which makes the interval much
    narrower than that of two separate shares: only the sentences that flipped count.

    Source: Bonett and Price, Adjusted Wald confidence interval for a difference of binomial
    proportions based on paired data, J. Educ. Behav. Stat. 37 (2012).
    """
    if len(before) != len(after):
        raise ValueError(f"paired outcomes need the same sentences, not {len(before)} and {len(after)} of them")
    n = len(before)
    if n == 0:
        raise ValueError("a paired difference needs at least one pair, but there are none")
    lost = sum(b and not a for b, a in zip(before, after, strict=True))
    won = sum(a and not b for b, a in zip(before, after, strict=True))
    return drop_of(lost, won, n, LEVEL)


def drop_of(lost: int, won: int, count: int, level: float) -> Estimate:
    """Return by how much a share of ``count`` fell of which ``lost`` were true before and ``won`` are true after."""
    share_lost, share_won = (lost + 1) / (count + 2), (won + 1) / (count + 2)
    centre = share_lost - share_won
    half = _z(level) * sqrt((share_lost + share_won - centre**2) / (count + 2))
    drop = (lost - won) / count
    return Estimate(
        value=drop, low=max(-1.0, min(centre - half, drop)), high=min(1.0, max(centre + half, drop)), level=level
    )


def bounded_drop(lost: int, won: int, n: int, level: float = LEVEL) -> Estimate:
    """Return by how much a share fell, with bounds that each hold with probability ``level``.

    ``lost`` and ``won`` of ``n`` pairs flipped. The estimate's own level is that of both bounds together. Each end is
    where the score test of that drop rejects, counting one flip against the claim: without that correction the bound
    of one or two flips is wrong in up to a fifth of cases, and an adjusted Wald bound in up to a tenth (a test
    enumerates them).

    Source: Tango, Equivalence test and confidence interval for the difference in proportions for the paired-sample
    design, Statistics in Medicine 17 (1998).
    """
    if n < 1 or lost < 0 or won < 0 or lost + won > n:
        raise ValueError(f"{lost} lost and {won} won of {n} pairs: flips are a part of at least one pair")
    z = float(ndtri(level))
    drop = (lost - won) / n
    low, high = _least_drop(lost, won, n, z), -_least_drop(won, lost, n, z)
    return Estimate(value=drop, low=min(low, drop), high=max(high, drop), level=2 * level - 1)


def _least_drop(lost: int, won: int, n: int, z: float) -> float:
    """Return the smallest drop that the score test does not reject, by bisection."""
    low, high = -1.0, (lost - won) / n
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if _score(lost, won, n, middle) > z:
            low = middle
        else:
            high = middle
    return low


def _score(lost: int, won: int, n: int, drop: float) -> float:
    """Return how far the flips lie above a true drop, in its standard deviations, with one flip less."""
    # The rarer flips are those against the drop's direction.
    share = _rarer_flips(won, lost, n, -drop) if drop < 0 else _rarer_flips(lost, won, n, drop)
    variance = n * (2 * share + abs(drop) - drop**2)
    above = lost - won - 1 - n * drop
    # Without variance, anything else than the drop itself is impossible.
    return above / sqrt(variance) if variance > 0 else copysign(inf, above)


def _rarer_flips(more: int, fewer: int, n: int, difference: float) -> float:
    """Return the likeliest share of the rarer flips, where the others are more by ``difference >= 0``."""
    a = 2 * n
    b = (2 * n - more + fewer) * difference - more - fewer
    c = -fewer * difference * (1 - difference)
    return max(0.0, (sqrt(max(0.0, b * b - 4 * a * c)) - b) / (2 * a))


def bounded_share(successes: int, n: int, level: float = LEVEL) -> Estimate:
    """Return a share with exact bounds that each hold with probability ``level``; the estimate's level is of both.

    Source: Clopper and Pearson, The use of confidence or fiducial limits illustrated in the case of the binomial,
    Biometrika 26 (1934).
    """
    if n < 1 or not 0 <= successes <= n:
        raise ValueError(f"{successes} of {n} is no share")
    tail = 1 - level
    low = float(betaincinv(successes, n - successes + 1, tail)) if successes else 0.0
    high = float(betaincinv(successes + 1, n - successes, level)) if successes < n else 1.0
    return Estimate(value=successes / n, low=low, high=high, level=2 * level - 1)


def mcnemar(lost: int, won: int) -> float:
    """Return how likely chance alone would make as many of the sentences that flipped be lost, or more.

    Without a difference each of them was as likely to flip one way as the other: a one-sided p-value.

    Source: McNemar, Note on the sampling error of the difference between correlated proportions,
    Psychometrika 12 (1947); exact, by the binomial distribution.
    """
    return float(bdtr(won, lost + won, 0.5))


def _z(level: float) -> float:
    return float(ndtri((1 + level) / 2))


# By how much records are taken to differ at the least, as their intraclass correlation: few records that happen to
# agree, all at 0 % for example, are no proof that others do. With 0.02 the interval covered the truth in 71 % in the
# worst cell of the grid of tests/stats/test_proportions.py, with 0.05 in 84 %, with 0.1 in 93 %.
LEAST_CORRELATION = 0.1


def mean_share(shares: Sequence[float]) -> Estimate:
    """Return the mean of shares with an interval that covers the mean of all records such as these.

    However many checks are replayed from a record, they are all of one machine and one hour. So the record is the
    replicate: how far the mean may lie from that of other records follows from how much records differ.

    It is Wilson's score interval with the variance that records show (the design effect) in the place of the
    binomial one, and Student's quantile for so few of them. Raises ``ValueError`` for fewer than two: one record
    shows nothing of how much records differ.

    Sources: Korn and Graubard, Confidence intervals for proportions with small expected number of positive counts
    estimated from survey data, Survey Methodology 24 (1998), for the effective number and the quantile; Franco,
    Little, Louis and Slud, Comparative study of confidence intervals for proportions in complex sample surveys,
    J. Surv. Stat. Methodol. 7 (2019), for Wilson's interval with it. The floor under the correlation is ours.
    """
    count = len(shares)
    if count < 2:  # noqa: PLR2004  # replicates
        raise ValueError(f"an interval over records needs at least two of them, not {count}")
    mean = fmean(shares)
    binomial = mean * (1 - mean)
    correlation = min(1.0, max(LEAST_CORRELATION, variance(shares) / binomial)) if binomial else LEAST_CORRELATION
    # The squared quantile over the effective number of independent outcomes, which is count / correlation.
    reach = float(stdtrit(count - 1, (1 + LEVEL) / 2)) ** 2 * correlation / count
    centre, half = (mean + reach / 2) / (1 + reach), sqrt(reach * (binomial + reach / 4)) / (1 + reach)
    return Estimate(
        value=mean, low=max(0.0, min(centre - half, mean)), high=min(1.0, max(centre + half, mean)), level=LEVEL
    )


def share_above(shares: Sequence[float], allowed: float) -> Estimate:
    """Return the share of records whose own share is above ``allowed``, with bounds that each hold at 95 %.

    Nothing is taken for granted of how records differ, only that they come from the same ones as others will: so it
    holds where an interval of the mean does not, as where one machine in fifty is red in every check.

    Source: Clopper and Pearson, see ``bounded_share``.
    """
    return bounded_share(sum(share > allowed for share in shares), len(shares))
