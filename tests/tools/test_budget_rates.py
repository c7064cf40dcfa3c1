"""Budgets that follow from recorded trainings are broken as seldom as they promise."""

import numpy as np
import pytest
from budget_rates import (
    Retraining,
    caught,
    families_of,
    rate,
    scatters,
    smallest,
)

from bench_models.errors import BenchModelsError
from bench_models.metrics.budgets import Counts, judge_counts
from bench_models.suites.rotten_tomatoes import SUITE
from bench_models.suites.suite import Budget, budget

SENTENCES = 2008
# Each row's true drop in points, how many points trainings scatter, and whose weights it starts from.
ROWS = {
    "int8": (0.8, 0.3, "baseline"),
    "nf4": (0.2, 0.3, "baseline"),
    "heads50": (0.5, 0.5, "heads50"),
    "student3": (1.2, 0.5, "student3"),
    "student3-int8": (2.2, 0.6, "student3"),
    "student2": (1.5, 0.4, "student2"),
}
FAMILIES = {row: family for row, (_, _, family) in ROWS.items()}
BUDGETS = dict.fromkeys(ROWS, budget(0.0, 0.0, 50.0))


def _trained(rng: np.random.Generator, seed: int) -> list[Retraining]:
    """Train each row once: what starts from one baseline, and from one student, scatters together."""
    common = {family: rng.normal() for family in ("", *FAMILIES.values())}
    found = []
    for row, (drop, deviation, family) in ROWS.items():
        shift = deviation * (0.6 * common[""] + 0.6 * common[family] + 0.53 * rng.normal())
        flips = 0.02 + drop / 100
        lost = max(0, round(SENTENCES * (flips + (drop + shift) / 100) / 2))
        won = max(0, round(SENTENCES * (flips - (drop + shift) / 100) / 2))
        counts = Counts(
            sentences=SENTENCES,
            lost=lost,
            won=won,
            asked=3008,
            agreeing=3008 - 2 * (lost + won),
            size_reduction_pct=0.0,
        )
        found.append(Retraining(row=row, seed=seed, precision="fp32", counts=counts))
    return found


def _breaks(budgets: dict[str, Budget], trainings: list[Retraining]) -> bool:
    lines = [line for each in trainings for line in judge_counts(budgets[each.row], each.counts)]
    return any(line.status == "broken" for line in lines)


@pytest.mark.parametrize("seeds", [5, 6])
def test_smallest_budgets_are_broken_in_at_most_one_training_of_a_hundred(seeds: int) -> None:
    """The budgets are those of five or six trainings, and others are judged by them."""
    rng = np.random.default_rng(seeds)
    broken = 0
    for _ in range(30):
        recorded = [each for seed in range(seeds) for each in _trained(rng, seed)]
        budgets = smallest(BUDGETS, recorded, FAMILIES)
        broken += sum(_breaks(budgets, _trained(rng, 99)) for _ in range(40))

    # 12 of 1,200 are one percent; trainings that are judged by the same budgets are broken together.
    assert broken <= 18


def test_rate_of_the_smallest_budgets_is_what_was_asked_for() -> None:
    """Rounding to tenths makes it less, and a tenth less of each budget makes it more."""
    rng = np.random.default_rng(1)
    recorded = [each for seed in range(5) for each in _trained(rng, seed)]
    found = smallest(BUDGETS, recorded, FAMILIES, rate=0.01)
    tighter = {
        row: budget(each.max_accuracy_drop_points - 0.1, 0.0, (each.min_agreement_pct or 0) + 0.1)
        for row, each in found.items()
    }

    assert rate(found, recorded, FAMILIES) <= 0.01 < rate(tighter, recorded, FAMILIES)


def test_larger_losses_are_caught_more_often() -> None:
    """A loss of four points beyond the usual one nearly always, and none at most in a hundredth."""
    rng = np.random.default_rng(2)
    recorded = [each for seed in range(5) for each in _trained(rng, seed)]
    found = smallest(BUDGETS, recorded, FAMILIES)["student2"]
    shares = [caught("student2", found, recorded, loss) for loss in (0, 1, 2, 3, 4)]

    assert shares == sorted(shares)
    assert shares[0] < 0.01
    assert shares[-1] > 0.9


def test_row_that_agreed_by_chance_scatters_as_all_do() -> None:
    """Five equal trainings do not make its budget tight."""
    rng = np.random.default_rng(3)
    recorded = [each for seed in range(5) for each in _trained(rng, seed)]
    same = [recorded[0] if each.row == "int8" else each for each in recorded]
    found = scatters(same, "accuracy drop")

    assert found["int8"].deviation == pytest.approx(min(each.deviation for each in found.values()))
    assert found["int8"].deviation > 0.1


def test_two_trainings_are_too_few() -> None:
    """They say little of a spread."""
    rng = np.random.default_rng(4)
    recorded = [each for seed in range(2) for each in _trained(rng, seed)]
    with pytest.raises(BenchModelsError, match="int8 was trained 2 times: how it scatters takes at least 3"):
        rate(BUDGETS, recorded, FAMILIES)


def test_row_that_was_never_trained_again_is_named() -> None:
    """Its budget could not be spoken for."""
    rng = np.random.default_rng(5)
    recorded = [each for seed in range(3) for each in _trained(rng, seed) if each.row != "nf4"]
    with pytest.raises(BenchModelsError, match=r"no training of nf4 is recorded: .* --seed N"):
        smallest(BUDGETS, recorded, FAMILIES)


def test_rows_share_the_weights_that_they_start_from() -> None:
    """What is only cast or quantized scatters with what it was made of."""
    found = families_of(SUITE)

    assert found["student3-int8"] == "student3"
    assert found["pruned30-int8"] == "baseline"
    assert found["heads50"] == "heads50"
