"""Looks at growing samples: when they come, what each tests, and how much error it spends.

A benchmark is looked at after so many pairs, and decided as soon as an interval allows. Who looks
often is fooled more often, so the error is divided beforehand: every benchmark gets an equal part of the
check's budget, and every look a part of that. By Bonferroni's inequality (Dunn, Multiple comparisons among
means, JASA 56, 1961) the sum bounds the chance of any false alarm, however benchmarks and looks depend
on each other. The parts follow from the plan of the whole check, not from what was measured, so a
benchmark's verdict is the same whatever becomes of the others.
"""

from dataclasses import dataclass
from math import ceil, log2
from typing import Literal

# After how many pairs benchmarks are looked at.
LOOKS = (3, 4, 5, 6, 8, 10, 13, 16, 20, 25)

# From then on a change may be called regressed or improved. Before, the tails that the budget leaves are so
# far out that what few pairs and other benchmarks know of the spread is too little.
CHANGE_LOOKS = tuple(look for look in LOOKS if look >= 6)  # noqa: PLR2004  # pairs

# The smallest harm that can be called a regression, as a share of the benchmark's margin. An alarm has to show
# that the change is worse than this, not worse than nothing: a harmless commit moves code about, and where code
# and data lie shifts each benchmark a little, by about N(0, 0.5 %), which is real and repeats. Half a margin of
# 3 % is three such standard deviations.
HARMLESS = 0.5

# At most this share of checks of a harmless change may come out red, whatever the number of benchmarks: what is
# timed shares the larger part, numbers that may scatter the rest. Accuracy has a test of its own.
TIME_ALPHA, VALUE_ALPHA = 0.008, 0.002
FAMILYWISE_ALPHA = TIME_ALPHA + VALUE_ALPHA

# At most this share of changes exactly as large as the margin may be called unchanged: the error on the
# other side, of a benchmark by itself. A slow-down well beyond the margin meets it far more rarely.
EQUIVALENCE_ALPHA = 0.05

# So often a number has to be the same on both sides until it is called unchanged. Where one side always gives it and
# the other draws one of two, a half each, the sides look alike so often with a chance of 1 in 32.
SAME_REPEATS = ceil(log2(1 / EQUIVALENCE_ALPHA))


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """How many benchmarks of the whole check, all shards together, share the error budget."""

    timed: int
    values: int

    def of(self, kind: Literal["time", "value"]) -> float:
        """Return the error that one benchmark may spend, over all looks, on being called regressed.

        As much again goes to being called improved, which turns no check red.
        """
        return TIME_ALPHA / max(1, self.timed) if kind == "time" else VALUE_ALPHA / max(1, self.values)


def change_tail(share: float, pairs: int) -> float:
    """Return the part of a benchmark's share that the look after so many pairs may spend.

    Spending grows with the square of the pairs, so late looks, which see small changes, get the most. Source:
    Kim and DeMets, Design and analysis of group sequential tests based on the type I error spending rate
    function, Biometrika 74 (1987). Samples between two looks, of a check that was interrupted, count as the
    later one, and what is longer than any as the last.
    """
    look = next((look for look in CHANGE_LOOKS if look >= pairs), LOOKS[-1])
    before = max((each for each in CHANGE_LOOKS if each < look), default=0)
    return share * (look**2 - before**2) / LOOKS[-1] ** 2


def equivalence_tail() -> float:
    """Return the error that a benchmark may spend at each look on being called unchanged."""
    return EQUIVALENCE_ALPHA / len(LOOKS)
