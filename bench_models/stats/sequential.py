"""Sequential tests: looks at growing samples of pairs, and a control chart (CUSUM) of nightly A/A checks.

A benchmark is looked at after fixed numbers of pairs, and decided as soon as an interval allows. Looking often errs
more often, so the error is divided beforehand: every benchmark gets an equal part of the check's budget, and every
look a part of that. By Bonferroni's inequality (Dunn, Multiple comparisons among means, JASA 56, 1961) the sum bounds
the chance of any false alarm, however benchmarks and looks depend on each other. The parts follow from the plan of the
whole check, not from what was measured, so a benchmark's verdict does not depend on the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log2
from typing import Literal

import numpy as np
from numpy.typing import NDArray

# After how many pairs benchmarks are looked at.
LOOKS = (3, 4, 5, 6, 8, 10, 13, 16, 20, 25)

# From these looks on a change may be called regressed or improved. Before, the tails that the budget leaves are so far
# out that few pairs and other benchmarks estimate the variance too badly.
CHANGE_LOOKS = tuple(look for look in LOOKS if look >= 6)  # noqa: PLR2004  # pairs

# The smallest worsening that can be called a regression, as a share of the benchmark's margin. A regression has to be
# shown to exceed it, and not only zero: a harmless commit moves code about, and where code and data lie shifts each
# benchmark a little, by about N(0, 0.5 %), which is real and repeats. Half a margin of 3 % is three such deviations.
HARMLESS = 0.5

# At most this share of checks of a harmless change may come out red, whatever the number of benchmarks: what is
# timed shares the larger part, numbers that may scatter the rest. Accuracy has a test of its own.
TIME_ALPHA, VALUE_ALPHA = 0.008, 0.002
FAMILYWISE_ALPHA = TIME_ALPHA + VALUE_ALPHA

# At most this share of changes exactly as large as the margin may be called unchanged: the error on the
# other side, of a benchmark by itself. A slow-down well beyond the margin meets it far more rarely.
EQUIVALENCE_ALPHA = 0.05
# What of it may be spent at each look.
EQUIVALENCE_TAIL = EQUIVALENCE_ALPHA / len(LOOKS)

# A number has to be the same on both sides this often to be called unchanged. Where one side always gives the same
# number and the other one of two with equal chances, the sides agree so often with a chance of 1 in 32.
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


# A control chart (CUSUM) of nights: a red night adds points and another one takes some away, never below zero; at the
# bound it rings, and the points begin at zero again. So it forgets what was long ago, unlike a share of all nights, and
# looking at it every night costs nothing that is not counted: how long it takes to ring, with a cause and without one,
# is computed exactly. The ratio of the points is about that of log-likelihoods, of nights that are red in 3 % and in
# 20 %; tests/stats/test_sequential.py says what follows from the three.
#
# Sources: Reynolds and Stoumbos, A CUSUM chart for monitoring a proportion when inspecting continuously, J. Qual.
# Technol. 31 (1999); the run length by a Markov chain is from Brook and Evans, An approach to the probability
# distribution of CUSUM run length, Biometrika 59 (1972).
RED, CALM, BOUND = 10, -1, 30


def points(nights: Sequence[bool]) -> int:
    """Return the points after some nights, oldest first, True for a red one; it rings where they reach the bound."""
    total = 0
    for red in nights:
        total = _next(0 if total >= BOUND else total, red=red)
    return total


def nights_until_it_rings(share: float) -> float:
    """Return the mean number of nights until it rings, where ``share`` of nights are red."""
    step = _steps(share)
    return float(np.linalg.solve(np.eye(BOUND) - step, np.ones(BOUND))[0])


def _next(total: int, *, red: bool) -> int:
    return max(0, total + (RED if red else CALM))


def _steps(share: float) -> NDArray[np.float64]:
    """Return the chances of going from points to points in a night without ringing."""
    chances = np.zeros((BOUND, BOUND))
    for total in range(BOUND):
        for red, chance in ((True, share), (False, 1 - share)):
            after = _next(total, red=red)
            if after < BOUND:
                chances[total, after] += chance
    return chances
