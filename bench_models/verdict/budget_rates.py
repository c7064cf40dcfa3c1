"""How often an unchanged recipe breaks a budget when it is trained again. Pure: recorded trainings in, rates out.

A budget line is broken where a bound passes its limit (verdict/budgets.py). Over trainings with other seeds these
bounds scatter; a row's are taken as normal around their own mean. Their standard deviation is the row's own or the
pooled one of all rows, whichever is larger, so that five trainings which happened to agree do not make a budget tight.
Rows that start from the same trained weights rise and fall together, and count once towards the degrees of freedom.
However rows depend on each other, one of all lines is broken at most as often as all of them together (Boole), so
that is the rate of the suite. A mean of few trainings is itself uncertain: chances are those of a new observation,
by Student's t distribution. Sizes do not scatter.
"""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, stdev
from typing import Literal

from scipy.special import stdtr, stdtrit

from bench_models.errors import BenchModelsError
from bench_models.suites.suite import Budget, Suite
from bench_models.verdict.counts import Counts, agreement_bounds, drop_bounds

# How often an unchanged recipe may break one of all budgets of its suite.
RATE = 0.01
_FEWEST = 3
# Budgets are stated in tenths.
_TENTH = 10

Figure = Literal["accuracy drop", "agreement"]


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

    ``mean`` and ``deviation`` are in points of accuracy, or in percent of sentences that are answered otherwise, and
    ``usual`` is the figure's own mean. ``deviation`` is the larger one of the row's own and all rows' together.
    """

    usual: float
    mean: float
    deviation: float
    trainings: int
    freedom: int

    def chance_above(self, limit: float) -> float:
        """Return how often another training comes out above a limit."""
        return 1 - float(stdtr(self.freedom, (limit - self.mean) / self._spread))

    def exceeded_in(self, share: float) -> float:
        """Return the limit that another training exceeds in so many cases."""
        return self.mean + self._spread * float(stdtrit(self.freedom, 1 - share))

    @property
    def _spread(self) -> float:
        # Identical trainings leave nothing to scatter; a ten-thousandth of a point keeps the arithmetic whole.
        return max(self.deviation, 1e-4) * math.sqrt(1 + 1 / self.trainings)


def families_of(suite: Suite) -> dict[str, str]:
    """Return for each row the row whose trained weights it starts from."""
    families = {}
    for name in suite.names:
        trained = [row.name for row in suite.lineage(name) if any(step.trained for step in row.steps)]
        families[name] = trained[-1] if trained else suite.baseline.name
    return families


def scatters(
    retrainings: Sequence[Retraining], families: Mapping[str, str], figure: Figure, loss_points: float = 0.0
) -> dict[str, Scatter]:
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
    pooled = pooled_deviation(list(bounds.values()))
    freedom = _freedom(bounds, families)
    return {
        row: Scatter(
            usual=fmean(_value(each, figure) for each in by_row[row]),
            mean=fmean(values),
            deviation=max(stdev(values), pooled),
            trainings=len(values),
            freedom=freedom,
        )
        for row, values in bounds.items()
    }


def pooled_deviation(rows: Sequence[Sequence[float]]) -> float:
    """Return the standard deviation within rows: the root of the mean variance, weighted by degrees of freedom."""
    squares = sum((len(values) - 1) * stdev(values) ** 2 for values in rows)
    return math.sqrt(squares / sum(len(values) - 1 for values in rows))


def rate(budgets: Mapping[str, Budget], retrainings: Sequence[Retraining], families: Mapping[str, str]) -> float:
    """Return in how many trainings, at most, an unchanged recipe breaks one of all budgets."""
    drops, others = _both(budgets, retrainings, families)
    chances = [drops[row].chance_above(budget.max_accuracy_drop_points) for row, budget in budgets.items()]
    chances += [
        others[row].chance_above(100 - budget.min_agreement_pct)
        for row, budget in budgets.items()
        if budget.min_agreement_pct is not None
    ]
    return min(1.0, sum(chances))


def smallest(
    budgets: Mapping[str, Budget], retrainings: Sequence[Retraining], families: Mapping[str, str], rate: float = RATE
) -> dict[str, Budget]:
    """Return the tightest budgets that keep the suite's rate, in tenths; sizes and absent limits stay as they are."""
    drops, others = _both(budgets, retrainings, families)
    lines = len(budgets) + sum(budget.min_agreement_pct is not None for budget in budgets.values())
    found = {}
    for row, budget in budgets.items():
        lost = math.ceil(_TENTH * drops[row].exceeded_in(rate / lines)) / _TENTH
        apart = math.ceil(_TENTH * others[row].exceeded_in(rate / lines)) / _TENTH
        found[row] = replace(
            budget,
            max_accuracy_drop_points=lost,
            min_agreement_pct=None if budget.min_agreement_pct is None else max(0.0, 100 - apart),
        )
    return found


def caught(
    row: str, budget: Budget, retrainings: Sequence[Retraining], families: Mapping[str, str], loss_points: float
) -> float:
    """Return how often a true loss of so many points beyond the usual one breaks the row's budget of accuracy."""
    lost = scatters(retrainings, families, "accuracy drop", loss_points)
    return lost[row].chance_above(budget.max_accuracy_drop_points)


def _both(
    budgets: Mapping[str, Budget], retrainings: Sequence[Retraining], families: Mapping[str, str]
) -> tuple[dict[str, Scatter], dict[str, Scatter]]:
    """Return how drops and agreements scatter, of all rows that have a budget."""
    missing = budgets.keys() - {each.row for each in retrainings}
    if missing:
        raise BenchModelsError(
            f"no training of {', '.join(sorted(missing))} is recorded: `python docs/retraining.py --seed N` records one"
        )
    return scatters(retrainings, families, "accuracy drop"), scatters(retrainings, families, "agreement")


def _worse(counts: Counts, points: float) -> Counts:
    """Return the counts with so many points more lost, by sentences that would otherwise not have flipped."""
    more = min(round(counts.sentences * points / 100), counts.sentences - counts.lost - counts.won)
    return replace(counts, lost=counts.lost + more, agreeing=counts.agreeing - min(more, counts.agreeing))


def _bound(counts: Counts, figure: Figure) -> float:
    """Return the bound that breaks a line when it passes the limit: the least drop, or the least disagreement."""
    return drop_bounds(counts).low if figure == "accuracy drop" else 100 - agreement_bounds(counts).high


def _value(counts: Counts, figure: Figure) -> float:
    return drop_bounds(counts).value if figure == "accuracy drop" else agreement_bounds(counts).value


def _freedom(bounds: Mapping[str, Sequence[float]], families: Mapping[str, str]) -> int:
    """Return the degrees of freedom of the pooled deviation: what shares trained weights counts once."""
    widest: dict[str, int] = {}
    for row, values in bounds.items():
        widest[families[row]] = max(widest.get(families[row], 0), len(values) - 1)
    return sum(widest.values())
