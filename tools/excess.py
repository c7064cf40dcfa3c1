"""Simulates how far the worst of many budget lines exceeds its mean when all variants are trained once more.

A row has a few lines, one a metric, and was measured a few times. What rows have in common, such as the baseline that
all are compared with, moves them together: then the estimates of their deviations err together, too, and pooling them
gains nothing. So the distribution of one line does not tell how often any line is passed, and adding up chances (Boole)
is as wrong as they are. Here everything is drawn: rows with the deviations that were seen, and shocks that all rows, or
those of a family, have in common.

An excess is relative to the deviation that is used for a line, times ``sqrt(1 + 1/n)``. Its distribution hardly depends
on the deviations: it is a parametric bootstrap (Efron and Tibshirani, An introduction to the bootstrap, 1993, 6.5).
"""

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

# The parts of a variance that are common to all rows, common to a family, and a row's own. Few trainings do not show
# them, so the promise holds for each of these.
SHOCKS = ((0.0, 0.0, 1.0), (0.36, 0.36, 0.28), (0.8, 0.0, 0.2), (0.8, 0.1, 0.1))

_DRAWS = 4000

# The deviations that are drawn with are those of few trainings. In the worst cells of a grid, where a row is ten times
# as noisy as all others, the rate came to 1.3 (+- 0.2) times what was asked for: so less is asked for.
_UNCERTAIN = 0.8

# The degrees of freedom that the typical row adds to each. With two, limits of quiet rows lie nearer to their means and
# those of noisy ones farther off, and on the whole as far.
_TYPICAL_FREEDOM = 4
# A row that scatters less, in points or percent, does not make the typical row scatter less.
_CALMEST = 0.01

# Equal trainings leave nothing to scatter; a ten-thousandth of a point keeps the arithmetic whole.
_LEAST_DEVIATION = 1e-4


def moderated(own: NDArray[np.float64], counts: Sequence[int]) -> NDArray[np.float64]:
    """Return moderated deviations, one for each row (the last axis), of its own and that of the typical row.

    A row that agreed by chance is not taken for one that never scatters. The typical variance is the geometric mean, as
    rows are unlike: a cast to bf16 scatters by a hundredth of a point, rounding to two bits by a whole one, and their
    arithmetic mean is neither's. It counts like a few trainings more (Smyth's moderation, with a fixed weight).
    """
    dof = np.asarray(counts) - 1
    logs = np.log(np.maximum(own, _CALMEST) ** 2)
    typical = np.exp((logs * dof).sum(axis=-1, keepdims=True) / dof.sum())
    variance = (_TYPICAL_FREEDOM * typical + dof * own**2) / (_TYPICAL_FREEDOM + dof)
    return np.asarray(np.maximum(np.sqrt(variance), _LEAST_DEVIATION))


def excesses(deviations: NDArray[np.float64], counts: Sequence[int], families: Sequence[str]) -> NDArray[np.float64]:
    """Return simulated excesses of shocks x draws x figures x rows.

    ``deviations`` are a row's own for each figure (figures x rows), ``counts`` how often each row was measured, and
    ``families`` what it has a shock in common with.
    """
    own, new = _drawn(len(deviations), tuple(counts), tuple(families))
    seen = np.maximum(deviations, _LEAST_DEVIATION)
    return seen * new / moderated(seen * own, counts)


def chance_of_any(found: NDArray[np.float64], limits: NDArray[np.float64]) -> float:
    """Return how often any line passes its limit (figures x rows) at most, for the worst of the shocks."""
    return min(1.0, float((found > limits).any(axis=(2, 3)).mean(axis=1).max()) / _UNCERTAIN)


def exceeded_in(found: NDArray[np.float64], counted: NDArray[np.bool_], share: float) -> float:
    """Return the value that the largest excess of the counted lines exceeds in at most this share, for any shocks."""
    largest = np.sort(np.where(counted, found, -math.inf).max(axis=(2, 3)), axis=1)
    draws = largest.shape[1]
    return float(largest[:, draws - 1 - math.floor(_UNCERTAIN * share * draws)].max())


@lru_cache(maxsize=4)
def _drawn(
    figures: int, counts: tuple[int, ...], families: tuple[str, ...]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return own deviations and standardized new values of rows whose true deviation is one."""
    rng, most = np.random.default_rng(0), max(counts)
    names = sorted(set(families))
    member = [names.index(family) for family in families]
    shape = (len(SHOCKS), _DRAWS, figures)
    own, new = np.empty((*shape, len(counts))), np.empty((*shape, len(counts)))
    for shock, figure in np.ndindex(len(SHOCKS), figures):
        common, family, alone = np.sqrt(SHOCKS[shock])
        values = (
            common * rng.standard_normal((_DRAWS, most + 1, 1))
            + family * rng.standard_normal((_DRAWS, most + 1, len(names)))[:, :, member]
            + alone * rng.standard_normal((_DRAWS, most + 1, len(counts)))
        )
        for row, count in enumerate(counts):
            seen = values[:, :count, row]
            own[shock, :, figure, row] = seen.std(axis=1, ddof=1)
            new[shock, :, figure, row] = (values[:, most, row] - seen.mean(axis=1)) / math.sqrt(1 + 1 / count)
    return own, new
