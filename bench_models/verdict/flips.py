"""The rule on flipped answers, and its operating characteristics by exact enumeration of the same rule.

On one machine answers repeat exactly, so that an unchanged tree flips none, and nothing is red by chance. What chance
decides is which of its examples a change flips: the test asks whether as uneven a split would be chance. Its level is
each outcome's own, so that a verdict does not depend on how many other benchmarks a check has.

Source: McNemar, Note on the sampling error of the difference between correlated proportions, Psychometrika 12 (1947),
exact; Schuirmann, A comparison of the two one-sided tests procedure and the power approach, J. Pharmacokinet.
Biopharm. 15 (1987), for what is called unchanged, with the bounds of stats/proportions.py.
"""

from bisect import bisect_left
from collections import Counter
from math import comb

from bench_models.stats.proportions import bounded_drop, mcnemar
from bench_models.stats.sequential import EQUIVALENCE_ALPHA
from bench_models.verdict.change import Verdict

# A change that flips answers at random, and loses nothing, may be called regressed in this share of outcomes.
ACCURACY_ALPHA = 0.01

# The smallest loss that can be called a regression, as a part of the margin: as for times.
SMALLEST_OF_MARGIN = 0.5

# What would have been seen, nine times in ten.
_SEEN = 0.9

_ROUNDING = 1e-9


def decided(lost: int, won: int, count: int, margin: float) -> Verdict:
    """Return the verdict on ``lost`` and ``won`` of ``count`` examples; ``margin`` is a share of all examples."""
    if _shown(lost, won, count, margin):
        return "regressed"
    if _shown(won, lost, count, margin):
        return "improved"
    bounds = bounded_drop(lost, won, count, level=1 - EQUIVALENCE_ALPHA)
    if lost == won == 0 or (-margin < bounds.low and bounds.high < margin):
        return "unchanged"
    return "undecided"


def chances(loss: int, stray: int, count: int, margin: float) -> dict[Verdict, float]:
    """Return how likely each verdict is on a change that loses ``loss`` examples and flips ``stray`` more.

    Each of the stray ones is as likely to be lost as to be won, independently of the others.
    """
    found: Counter[Verdict] = Counter()
    for lost in range(stray + 1):
        found[decided(loss + lost, stray - lost, count, margin)] += comb(stray, lost)
    return {verdict: ways / 2**stray for verdict, ways in found.items()}


def smallest_seen(stray: int, count: int, margin: float) -> int:
    """Return the smallest loss that is called regressed nine times in ten, beside ``stray`` flips by chance.

    It is ``count`` where no smaller one is: a loss of all examples leaves none to flip by chance.
    """

    def seen(loss: int) -> bool:
        # The more of the stray ones are lost, the clearer it is: so many suffice.
        enough = bisect_left(range(stray + 1), 1, key=lambda lost: _shown(loss + lost, stray - lost, count, margin))
        return enough <= stray and mcnemar(enough, stray - enough) >= _SEEN

    return bisect_left(range(count), 1, key=seen)


def unseen(count: int) -> float:
    """Return the share of answers that a change can lose and flip none of ``count`` examples one time in twenty.

    Source: the exact form of the rule of three; Hanley and Lippman-Hand, If nothing goes wrong, is everything all
    right?, JAMA 249 (1983).
    """
    return float(1 - EQUIVALENCE_ALPHA ** (1 / count))


def _shown(lost: int, won: int, count: int, margin: float) -> bool:
    """Say whether a loss is no chance, and as large as somebody may care for."""
    large = lost - won >= SMALLEST_OF_MARGIN * margin * count * (1 - _ROUNDING)
    return lost > won and large and mcnemar(lost, won) <= ACCURACY_ALPHA
