"""Whether a machine's nights are red more often than promised, by a sequential test.

A night is red or calm. A red one adds points and a calm one takes some away, never below zero; at a bound it
rings, and the points begin at zero again. So it forgets what was long ago, unlike a share of all nights, and
looking at it every night costs nothing that is not counted: how long it takes to ring, with a cause and without
one, is computed exactly.

Sources: Reynolds and Stoumbos, A CUSUM chart for monitoring a proportion when inspecting continuously, J. Qual.
Technol. 31 (1999); the run length by a Markov chain is from Brook and Evans, An approach to the probability
distribution of CUSUM run length, Biometrika 59 (1972).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

# The ratio is about that of log-likelihoods, of nights that are red in 3 % and in 20 %; tests/stats/test_nights.py
# says what follows from the three.
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


def rings_within(nights: int, share: float) -> float:
    """Return the chance that it rings at least once in so many nights, where ``share`` of nights are red."""
    return 1 - float(np.linalg.matrix_power(_steps(share), nights)[0].sum())


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
