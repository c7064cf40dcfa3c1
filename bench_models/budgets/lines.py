"""Budget lines: kept, broken or open. Pure: every renderer looks the status up here."""

from bisect import bisect_left
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Literal

from bench_models.budgets.counts import Counts, agreement_bounds, counts_of, drop_bounds
from bench_models.metrics.scorecard import Scorecard
from bench_models.stats.estimate import Estimate
from bench_models.suites.suite import Budget

Status = Literal["kept", "broken", "open"]
FigureName = Literal["accuracy drop", "size reduction", "agreement"]

# From the best to the worst: what is shown to be broken outweighs what cannot be told. asv keeps a status by its place.
STATUSES: tuple[Status, ...] = ("kept", "open", "broken")

# 29 of 1,000 are 2.9000000000000004 %, which does not break a budget of 2.9.
_ROUNDING = 1e-9
# Nobody labels more than so many times the sentences that there are.
_MANY_TIMES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetLine:
    """One figure beside its limit, and whether it keeps it.

    A figure of sentences stands for those that were not asked, too: it is kept or broken only where its interval,
    each end of which holds with 95 % confidence, lies on one side of the limit, and open where the limit lies inside.
    ``sentences`` is how many were asked, ``needed`` about how many would tell if all stays as it is, or None where
    no number would. A size is exact.
    """

    figure: FigureName
    value: float
    limit: float
    status: Status
    interval: Estimate | None = None
    sentences: int | None = None
    needed: int | None = None

    @property
    def unit(self) -> str:
        """What value, interval and limit count."""
        return "points" if self.figure == "accuracy drop" else "%"

    def sentence(self, variant: str) -> str:
        """Return the line in words: variant, figure, interval, budget and status."""
        bound = "at most" if self.figure == "accuracy drop" else "at least"
        interval = ""
        if self.interval is not None:
            interval = f" ({self.interval.level:.0%} interval {self.interval.ends('.2f')})"
        return (
            f"{variant}: {self.figure} is {self.value:.2f} {self.unit}{interval}, the budget is {bound} "
            f"{self.limit:.2f} {self.unit}: {self._verdict()}"
        )

    def _verdict(self) -> str:
        if self.status != "open":
            return self.status
        if self.needed is None:
            return "open, as it lies too near the limit for any number of sentences to tell"
        return (
            f"open, as it cannot be told from so few sentences: about {_about(self.needed):,} instead of "
            f"{self.sentences:,} would tell"
        )


def worst(statuses: Collection[Status]) -> Status:
    """Return what a variant's lines come to: broken before open before kept."""
    return max(statuses, key=STATUSES.index, default="kept")


def fails(status: Status, *, strict: bool) -> bool:
    """Say whether a status fails a run: only what is shown, or what is open, too, where a suite is strict."""
    return status == "broken" or (strict and status == "open")


def judge(budget: Budget, baseline: Scorecard, card: Scorecard) -> tuple[BudgetLine, ...]:
    """Compare a variant's figures with its budget: one line a figure."""
    return judge_counts(budget, counts_of(baseline, card))


def judge_counts(budget: Budget, counts: Counts) -> tuple[BudgetLine, ...]:
    """Compare counts with a budget: one line a figure."""
    lines = [_drop_line(budget.max_accuracy_drop_points, counts), _reduction_line(budget, counts.size_reduction_pct)]
    if budget.min_agreement_pct is not None:
        lines.append(_agreement_line(budget.min_agreement_pct, counts))
    return tuple(lines)


def _reduction_line(budget: Budget, pct: float) -> BudgetLine:
    limit = budget.min_size_reduction_pct
    status: Status = "kept" if pct >= limit - _ROUNDING else "broken"
    return BudgetLine(figure="size reduction", value=pct, limit=limit, status=status)


def _drop_line(limit: float, counts: Counts) -> BudgetLine:
    found = drop_bounds(counts)

    def status_of(times: float) -> Status:
        return _upper_status(drop_bounds(counts, times), limit)

    return _line("accuracy drop", limit, found, status_of, counts.sentences)


def _agreement_line(limit: float, counts: Counts) -> BudgetLine:
    found = agreement_bounds(counts)

    def status_of(times: float) -> Status:
        return _lower_status(agreement_bounds(counts, times), limit)

    return _line("agreement", limit, found, status_of, counts.asked)


def _line(
    figure: FigureName, limit: float, found: Estimate, status_of: Callable[[float], Status], sentences: int
) -> BudgetLine:
    """Return a line whose status is that of once the sentences that there are."""
    status = status_of(1)
    return BudgetLine(
        figure=figure,
        value=found.value,
        limit=limit,
        status=status,
        interval=found,
        sentences=sentences,
        needed=_needed(status_of, sentences) if status == "open" else None,
    )


def _upper_status(found: Estimate, limit: float) -> Status:
    """Return the status of a figure that may be at most ``limit``."""
    if found.high <= limit + _ROUNDING:
        return "kept"
    return "broken" if found.low > limit + _ROUNDING else "open"


def _lower_status(found: Estimate, limit: float) -> Status:
    """Return the status of a figure that must be at least ``limit``."""
    if found.low >= limit - _ROUNDING:
        return "kept"
    return "broken" if found.high < limit - _ROUNDING else "open"


def _needed(status_of: Callable[[float], Status], sentences: int) -> int | None:
    """Return with how many sentences of the same kind a figure would not be open, or None where none would do."""
    if status_of(_MANY_TIMES) == "open":
        return None
    numbers = range(sentences, _MANY_TIMES * sentences + 1)
    return numbers[bisect_left(numbers, 1, key=lambda number: int(status_of(number / sentences) != "open"))]


def _about(number: int) -> int:
    """Return a number with the two digits that an estimate has, and no less than it is."""
    digit: int = 10 ** max(0, len(str(number)) - 2)
    return -(-number // digit) * digit
