"""How often the worst of many lines passes a limit that follows from a few measurements of each."""

from collections import Counter

import numpy as np
import pytest
from budget_rates import families_of
from excess import chance_of_any, exceeded_in, excesses, moderated
from numpy.typing import NDArray
from scipy.stats import t

from bench_models.suites.rotten_tomatoes import SUITE

RATE = 0.01
FIGURES = 2
ROWS = [variant.name for variant in SUITE.variants if variant.budget]
FAMILIES = [families_of(SUITE)[row] for row in ROWS]
COUNT = len(ROWS)
REPEATS = 30
DEVIATIONS = {
    "equal": np.full(COUNT, 0.5),
    "every size": np.geomspace(0.1, 1.0, COUNT),
    "three loud": np.where(np.arange(COUNT) < 3, 1.0, 0.1),
    "as unlike as bf16 and two bits": np.geomspace(0.03, 1.5, COUNT),
    "one loud": np.where(np.arange(COUNT) < 1, 1.0, 0.1),
}


def trained(
    rng: np.random.Generator, times: int, deviations: NDArray[np.float64], common: float
) -> NDArray[np.float64]:
    """Return trainings x rows of a figure: a shock of all, and of families and rows, which share what is left."""
    names = list(Counter(FAMILIES))
    family = rng.standard_normal((times, len(names)))[:, [names.index(each) for each in FAMILIES]]
    own, half = rng.standard_normal((times, COUNT)), (1 - common) / 2
    shared = rng.standard_normal((times, 1))
    return np.asarray(deviations * (np.sqrt(common) * shared + np.sqrt(half) * (family + own)))


def broken(rng: np.random.Generator, seeds: int, deviations: NDArray[np.float64], common: float) -> float:
    """Return in which share of other trainings any line passes the limits that so many seeds lead to."""
    seen = np.array([trained(rng, seeds, deviations, common) for _ in range(FIGURES)])
    new = np.array([trained(rng, 400, deviations, common) for _ in range(FIGURES)])
    own, counts = seen.std(axis=1, ddof=1), [seeds] * COUNT
    excess = exceeded_in(excesses(own, counts, FAMILIES), np.ones((FIGURES, COUNT), dtype=bool), RATE)
    limits = seen.mean(axis=1) + excess * moderated(own, counts) * np.sqrt(1 + 1 / seeds)
    return float((new > limits[:, None]).any(axis=(0, 2)).mean())


@pytest.mark.parametrize(
    ("seeds", "deviations", "common"),
    [
        (5, "every size", 0.8),
        (5, "three loud", 0.36),
        (6, "one loud", 0.8),
        (6, "as unlike as bf16 and two bits", 0.36),
        (10, "equal", 0.8),
    ],
)
def test_any_line_of_the_default_suite_is_broken_in_one_training_of_a_hundred_at_most(
    seeds: int, deviations: str, common: float
) -> None:
    """Whether rows rise and fall together or each by itself, and whether or not some are louder than others."""
    rng = np.random.default_rng(seeds)
    found = [broken(rng, seeds, DEVIATIONS[deviations], common) for _ in range(REPEATS)]
    assert np.mean(found) <= RATE + 2 * np.std(found) / np.sqrt(REPEATS)


def test_one_line_of_one_row_has_the_quantile_of_students_distribution() -> None:
    """That is the case which is known exactly: nothing is borrowed. A fifth less is asked for than is promised."""
    own = np.array([[0.3]])
    found = exceeded_in(excesses(own, [5], ["it"]), np.ones((1, 1), dtype=bool), 0.05)
    assert found == pytest.approx(t.ppf(0.96, 4), rel=0.1)


def test_rows_that_were_measured_more_often_count_more() -> None:
    """By their degrees of freedom, in the typical variance and against it."""
    found = moderated(np.array([1.0, 3.0]), [3, 5])
    typical = 9 ** (4 / 6)
    assert list(found**2) == pytest.approx([(2 * 1 + 4 * typical) / 6, (4 * 9 + 4 * typical) / 8])


def test_calm_row_is_not_taken_for_a_loud_one() -> None:
    """Nor the other way round."""
    calm, loud = moderated(np.array([0.03, 0.5, 0.5, 1.5]), [5] * 4)[[0, 3]]
    assert calm < 0.4
    assert loud > 1


def test_limit_that_is_exceeded_in_a_share_of_draws_is_passed_as_often() -> None:
    """Lines that do not count make it no wider."""
    own, counts, families = np.full((2, 3), 0.4), [5, 6, 6], ["a", "a", "b"]
    found = excesses(own, counts, families)
    every, some = np.ones((2, 3), dtype=bool), np.array([[True] * 3, [False] * 3])
    limits = np.where(some, exceeded_in(found, some, 0.02), np.inf)
    assert chance_of_any(found, limits) == pytest.approx(0.02, abs=0.001)
    assert exceeded_in(found, some, 0.02) < exceeded_in(found, every, 0.02)


def test_equal_trainings_leave_limits_finite() -> None:
    """Nothing was seen to scatter."""
    found = excesses(np.zeros((2, 2)), [3, 3], ["a", "b"])
    assert np.isfinite(found).all()
