"""How often an unchanged recipe breaks a budget when it is trained again. Pure: trainings in, rates out.

A budget line is broken where a bound passes its limit (metrics/budgets.py). Over trainings with other seeds these
bounds scatter; a row's are taken as normal around their own mean. The variance that counts is the row's own moderated
by that of the typical row, so that five trainings which happened to agree do not make a budget tight.

Each row is compared with the baseline of the same seed, so that rows rise and fall together, and so do those that start
from the same trained weights. How often any line is broken is therefore simulated for all lines at once
(excess.py), with common shocks of none to four fifths of the variance, and the worst of them counts. Accuracy and
agreement are taken as independent of each other, which makes it more. Sizes do not scatter.
"""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, stdev
from typing import Literal

import numpy as np
from excess import chance_of_any, exceeded_in, excesses, moderated
from numpy.typing import NDArray
from scipy.special import stdtr

from bench_models.errors import BenchModelsError
from bench_models.metrics.budgets import Counts, agreement_bounds, drop_bounds
from bench_models.suites.suite import Budget, Suite

# How often an unchanged recipe may break one of all budgets of its suite.
RATE = 0.01
_FEWEST = 3
# Budgets are stated in tenths.
_TENTH = 10

Figure = Literal["accuracy drop", "agreement"]
FIGURES: tuple[Figure, ...] = ("accuracy drop", "agreement")


@dataclass(frozen=True, slots=True, kw_only=True)
class Retraining:
    """What one training of a row came to: its seed, its precision and what its budget is judged by."""

    row: str
    seed: int
    precision: Literal["fp32", "bf16"]
    counts: Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Scatter:
    """How the bounds that can break a row's line scatter over trainings; higher is worse.

    ``mean``, ``own`` and ``deviation`` are in points of accuracy, or in percent of sentences that are answered
    otherwise, and ``usual`` is the figure's own mean. ``deviation`` is made of the row's ``own`` and that of all rows.
    """

    usual: float
    mean: float
    own: float
    deviation: float
    trainings: int

    def chance_above(self, limit: float) -> float:
        """Return about how often another training comes out above a limit, with the freedom of the row's own."""
        return 1 - float(stdtr(self.trainings - 1, self.excess_of(limit)))

    def excess_of(self, limit: float) -> float:
        """Return how far a limit lies above the mean, in deviations of another training from it."""
        return (limit - self.mean) / self._spread

    def limit_at(self, excess: float) -> float:
        """Return the limit that lies so far above the mean."""
        return self.mean + self._spread * excess

    @property
    def _spread(self) -> float:
        return self.deviation * math.sqrt(1 + 1 / self.trainings)


def families_of(suite: Suite) -> dict[str, str]:
    """Return for each row the row whose trained weights it starts from."""
    families = {}
    for name in suite.names:
        trained = [row.name for row in suite.lineage(name) if any(step.trained for step in row.steps)]
        families[name] = trained[-1] if trained else suite.baseline.name
    return families


def scatters(retrainings: Sequence[Retraining], figure: Figure, loss_points: float = 0.0) -> dict[str, Scatter]:
    """Return how a figure of each row scatters, as if each training had lost so many points more.

    Raises ``BenchModelsError`` for a row with fewer than three trainings: two say little of a spread.
    """
    by_row: dict[str, list[Counts]] = defaultdict(list)
    for each in retrainings:
        by_row[each.row].append(_worse(each.counts, loss_points))
    for row, counts in by_row.items():
        if len(counts) < _FEWEST:
            raise BenchModelsError(
                f"{row} was trained {len(counts)} times: how it scatters takes at least {_FEWEST}, with other seeds"
            )
    bounds = {row: [_bound(each, figure) for each in counts] for row, counts in by_row.items()}
    own = np.array([stdev(values) for values in bounds.values()])
    counting = moderated(own, [len(values) for values in bounds.values()])
    return {
        row: Scatter(
            usual=fmean(_value(each, figure) for each in by_row[row]),
            mean=fmean(values),
            own=float(own[place]),
            deviation=float(counting[place]),
            trainings=len(values),
        )
        for place, (row, values) in enumerate(bounds.items())
    }


def rate(budgets: Mapping[str, Budget], retrainings: Sequence[Retraining], families: Mapping[str, str]) -> float:
    """Return in how many trainings, at most, an unchanged recipe breaks one of all budgets."""
    both = _both(budgets, retrainings)
    limits = [[_limit(budgets.get(row), figure) for row in both[figure]] for figure in both]
    excess = [
        [found.excess_of(limit) for found, limit in zip(both[figure].values(), of_rows, strict=True)]
        for figure, of_rows in zip(both, limits, strict=True)
    ]
    return chance_of_any(_excesses(both, families), np.array(excess))


def smallest(
    budgets: Mapping[str, Budget], retrainings: Sequence[Retraining], families: Mapping[str, str], rate: float = RATE
) -> dict[str, Budget]:
    """Return the tightest budgets that keep the suite's rate, in tenths; sizes and absent limits stay as they are.

    All lines are as far from their means, in their own deviations.
    """
    both = _both(budgets, retrainings)
    counted = [[_limit(budgets.get(row), figure) < math.inf for row in both[figure]] for figure in both]
    excess = exceeded_in(_excesses(both, families), np.array(counted), rate)
    found = {}
    for row, budget in budgets.items():
        lost, apart = (math.ceil(_TENTH * of_rows[row].limit_at(excess)) / _TENTH for of_rows in both.values())
        found[row] = replace(
            budget,
            max_accuracy_drop_points=lost,
            min_agreement_pct=None if budget.min_agreement_pct is None else max(0.0, 100 - apart),
        )
    return found


def caught(row: str, budget: Budget, retrainings: Sequence[Retraining], loss_points: float) -> float:
    """Return how often a true loss of so many points beyond the usual one breaks the row's budget, at least.

    It flips the answers that it costs and no others, and the line that finds it more often counts.
    """
    limits = {figure: _limit(budget, figure) for figure in FIGURES}
    return max(
        scatters(retrainings, figure, loss_points)[row].chance_above(limit)
        for figure, limit in limits.items()
        if limit < math.inf
    )


def _both(budgets: Mapping[str, Budget], retrainings: Sequence[Retraining]) -> dict[Figure, dict[str, Scatter]]:
    """Return how drops and agreements scatter, of all rows that were trained again."""
    missing = budgets.keys() - {each.row for each in retrainings}
    if missing:
        raise BenchModelsError(
            f"no training of {', '.join(sorted(missing))} is recorded: "
            "`python tools/retraining.py --seed N` records one"
        )
    return {figure: scatters(retrainings, figure) for figure in FIGURES}


def _excesses(both: Mapping[Figure, Mapping[str, Scatter]], families: Mapping[str, str]) -> NDArray[np.float64]:
    """Return the simulated excesses of all lines: shocks x draws x figures x rows."""
    rows = both[FIGURES[0]]
    own = np.array([[found.own for found in of_rows.values()] for of_rows in both.values()])
    return excesses(own, [found.trainings for found in rows.values()], [families[row] for row in rows])


def _limit(budget: Budget | None, figure: Figure) -> float:
    """Return the limit of what breaks a line, or infinity where there is none."""
    if budget is None:
        return math.inf
    if figure == "accuracy drop":
        return budget.max_accuracy_drop_points
    return math.inf if budget.min_agreement_pct is None else 100 - budget.min_agreement_pct


def _worse(counts: Counts, points: float) -> Counts:
    """Return the counts with so many points more lost, by sentences that would otherwise not have flipped."""
    more = min(round(counts.sentences * points / 100), counts.sentences - counts.lost - counts.won)
    return replace(counts, lost=counts.lost + more, agreeing=counts.agreeing - min(more, counts.agreeing))


def _bound(counts: Counts, figure: Figure) -> float:
    """Return the bound that breaks a line when it passes the limit: the least drop, or the least disagreement."""
    return drop_bounds(counts).low if figure == "accuracy drop" else 100 - agreement_bounds(counts).high


def _value(counts: Counts, figure: Figure) -> float:
    return drop_bounds(counts).value if figure == "accuracy drop" else agreement_bounds(counts).value
