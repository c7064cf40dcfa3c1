"""Budgets kept or broken. Pure: numbers in, verdict out; every renderer looks it up here."""

from dataclasses import dataclass
from typing import Literal

from bench_models.metrics.scorecard import Scorecard
from bench_models.stats.estimate import Estimate
from bench_models.stats.proportions import paired_drop
from bench_models.suites.suite import Budget

# 29 of 1,000 are 2.9000000000000004 %, which does not break a budget of 2.9.
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One figure beside its budget.

    The point decides, not the interval: both variants answered the very same test sentences, so the
    figure is exact for this split. The interval says how far it holds for other sentences; a size
    needs none.
    """

    figure: Literal["accuracy drop", "size reduction"]
    value: float
    interval: Estimate | None
    limit: float
    kept: bool

    @property
    def unit(self) -> str:
        """What value, interval and limit count."""
        return "points" if self.figure == "accuracy drop" else "%"

    def sentence(self, variant: str) -> str:
        """Return the check in words: variant, figure, interval and budget."""
        bound = "at most" if self.figure == "accuracy drop" else "at least"
        interval = ""
        if self.interval is not None:
            interval = f" ({self.interval.level:.0%} interval {self.interval.low:.2f} to {self.interval.high:.2f})"
        return (
            f"{variant}: {self.figure} is {self.value:.2f} {self.unit}{interval}, the budget is {bound} "
            f"{self.limit:.2f} {self.unit}: {'kept' if self.kept else 'broken'}"
        )


def accuracy_drop_points(baseline: Scorecard, card: Scorecard) -> Estimate:
    """Return by how many percentage points the accuracy fell, on the same sentences."""
    return paired_drop(baseline.correct, card.correct).scaled(100)


def size_reduction_pct(baseline: Scorecard, card: Scorecard) -> float:
    """Return by how many percent of the baseline the artifact shrank."""
    return 100 * (1 - card.size_bytes / baseline.size_bytes)


def drop_kept(budget: Budget, points: float) -> bool:
    """Say whether an accuracy drop is within the budget."""
    return points <= budget.max_accuracy_drop_points + _ROUNDING


def reduction_kept(budget: Budget, pct: float) -> bool:
    """Say whether a size reduction is what the budget asks for."""
    return pct >= budget.min_size_reduction_pct - _ROUNDING


def judge(budget: Budget, baseline: Scorecard, card: Scorecard) -> tuple[Check, Check]:
    """Compare a variant's figures with its budget."""
    drop = accuracy_drop_points(baseline, card)
    reduction = size_reduction_pct(baseline, card)
    return (
        Check(
            figure="accuracy drop",
            value=drop.value,
            interval=drop,
            limit=budget.max_accuracy_drop_points,
            kept=drop_kept(budget, drop.value),
        ),
        Check(
            figure="size reduction",
            value=reduction,
            interval=None,
            limit=budget.min_size_reduction_pct,
            kept=reduction_kept(budget, reduction),
        ),
    )
