"""Shares of right answers, of one variant and of two on the same sentences."""

from collections.abc import Sequence
from math import sqrt

from scipy.special import bdtr, ndtri

from bench_models.stats.estimate import Estimate

LEVEL = 0.95


def proportion(outcomes: Sequence[bool], level: float = LEVEL) -> Estimate:
    """Return the share of true outcomes with Wilson's score interval.

    Source: Wilson, Probable inference, the law of succession, and statistical inference, JASA 22
    (1927). Written out instead of calling ``scipy.stats``, whose import alone takes longer than a
    command may; a test compares the two.
    """
    n = len(outcomes)
    if n == 0:
        raise ValueError("the share of right answers needs at least one answer, but there are none")
    share, z = sum(outcomes) / n, _z(level)
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    # Rounding may put the bound of 0 % or 100 % a hair on the wrong side of the point.
    return Estimate(
        value=share, low=max(0.0, min(centre - half, share)), high=min(1.0, max(centre + half, share)), level=level
    )


def paired_drop(before: Sequence[bool], after: Sequence[bool], level: float = LEVEL) -> Estimate:
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
    return drop_of(lost, won, n, level)


def drop_of(lost: int, won: int, count: int, level: float = LEVEL) -> Estimate:
    """Return by how much a share of ``count`` fell of which ``lost`` were true before and ``won`` are true after."""
    share_lost, share_won = (lost + 1) / (count + 2), (won + 1) / (count + 2)
    centre = share_lost - share_won
    half = _z(level) * sqrt((share_lost + share_won - centre**2) / (count + 2))
    drop = (lost - won) / count
    return Estimate(
        value=drop, low=max(-1.0, min(centre - half, drop)), high=min(1.0, max(centre + half, drop)), level=level
    )


def mcnemar(lost: int, won: int) -> float:
    """Return how likely chance alone would make as many of the sentences that flipped be lost, or more.

    Without a difference each of them was as likely to flip one way as the other: a one-sided p-value.

    Source: McNemar, Note on the sampling error of the difference between correlated proportions,
    Psychometrika 12 (1947); exact, by the binomial distribution.
    """
    return float(bdtr(won, lost + won, 0.5))


def _z(level: float) -> float:
    return float(ndtri((1 + level) / 2))
