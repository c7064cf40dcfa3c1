"""Budgets: a variant's figures beside their limits, each kept, broken or open.

``judge`` decides once for a commit: asv tracks its answer, and every renderer looks it up in the variant's report.
"""

from bisect import bisect_left
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Literal

from msgspec import Meta

from bench_models.metrics.scorecard import Scorecard, agreement
from bench_models.stats.estimate import Estimate
from bench_models.stats.proportions import bounded_drop, bounded_share, paired_drop
from bench_models.suites.suite import Budget

Status = Literal["kept", "broken", "open"]
FigureName = Literal["accuracy drop", "size reduction", "agreement"]
Unit = Literal["points", "%"]

# From the best to the worst: what is shown to be broken outweighs what cannot be told. asv keeps a status by its place.
STATUSES: tuple[Status, ...] = ("kept", "open", "broken")

# "Kept" and "broken" are each claimed with this confidence.
CONFIDENCE = 0.95

# 29 of 1,000 are 2.9000000000000004 %, which does not break a budget of 2.9.
_ROUNDING = 1e-9
# Nobody labels more than so many times the sentences that there are.
MANY_TIMES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What a variant's budget is judged by: flips among labelled sentences, equal answers among all, and size.

    Of ``sentences`` with labels, ``lost`` are answered right by the baseline alone and ``won`` by the variant alone;
    of ``asked`` sentences, those without labels included, ``agreeing`` are answered alike.
    """

    sentences: int
    lost: int
    won: int
    asked: int
    agreeing: int
    size_reduction_pct: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetLine:
    """One figure beside its limit, and whether it keeps it.

    A figure of sentences also stands for sentences that were not asked: it is kept or broken only where its whole
    interval lies on one side of the limit, and open where the limit lies inside. A size is exact.
    """

    figure: FigureName
    unit: Annotated[Unit, Meta(description="Of value, interval and limit.")]
    value: float
    interval: Annotated[
        Estimate | None,
        Meta(description="Each end holds with 95 % confidence, both together with its level; null for what is exact."),
    ]
    limit: Annotated[
        float, Meta(description="The largest drop, or the smallest reduction or agreement, that is allowed.")
    ]
    status: Annotated[
        Status, Meta(description="Open: the sentences show neither that it is kept nor that it is broken.")
    ]
    sentences_count: Annotated[
        Annotated[int, Meta(ge=1)] | None,
        Meta(description="How many sentences the figure is of; null for what is exact."),
    ] = None
    sentences_needed_count: Annotated[
        Annotated[int, Meta(ge=1)] | None,
        Meta(description="About how many would tell an open one; null where no number would, and for others."),
    ] = None

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
        if self.sentences_needed_count is None:
            return "open, as it lies too near the limit for any number of sentences to tell"
        return (
            f"open, as it cannot be told from so few sentences: about {about(self.sentences_needed_count):,} instead "
            f"of {self.sentences_count:,} would tell"
        )


def worst(statuses: Collection[Status]) -> Status:
    """Return the status of a whole budget, given those of its lines: broken before open before kept."""
    return max(statuses, key=STATUSES.index, default="kept")


def status_of(recorded: float) -> Status | None:
    """Return the status that asv recorded as a number, or None where it is one of another version."""
    return dict(enumerate(STATUSES)).get(int(recorded))


def fails(status: Status, *, strict: bool) -> bool:
    """Say whether a status fails a run: broken always does, open only where the suite is strict."""
    return status == "broken" or (strict and status == "open")


def judge(budget: Budget, baseline: Scorecard, card: Scorecard) -> tuple[BudgetLine, ...]:
    """Compare a variant's figures with its budget: one line a figure."""
    return judge_counts(budget, counts_of(baseline, card))


def judge_counts(budget: Budget, counts: Counts) -> tuple[BudgetLine, ...]:
    """Compare counts with a budget: one line a figure."""
    lines = [
        _sentences_line(
            "accuracy drop", budget.max_accuracy_drop_points, partial(drop_bounds, counts), counts.sentences
        ),
        _reduction_line(budget.min_size_reduction_pct, counts.size_reduction_pct),
    ]
    if budget.min_agreement_pct is not None:
        bounds = partial(agreement_bounds, counts)
        lines.append(_sentences_line("agreement", budget.min_agreement_pct, bounds, counts.asked))
    return tuple(lines)


def counts_of(baseline: Scorecard, card: Scorecard) -> Counts:
    """Count how a variant's answers differ from the baseline's."""
    flips = [right for right, now in zip(baseline.correct, card.correct, strict=True) if right != now]
    equal = agreement(baseline, card)
    return Counts(
        sentences=len(card.truth),
        lost=sum(flips),
        won=len(flips) - sum(flips),
        asked=len(equal),
        agreeing=sum(equal),
        size_reduction_pct=size_reduction_pct(baseline, card),
    )


def accuracy_drop_points(baseline: Scorecard, card: Scorecard) -> Estimate:
    """Return by how many percentage points the accuracy fell, on the same sentences."""
    return paired_drop(baseline.correct, card.correct).scaled(100)


def size_reduction_pct(baseline: Scorecard, card: Scorecard) -> float:
    """Return by how many percent of the baseline the artifact shrank."""
    return 100 * (1 - card.size_bytes / baseline.size_bytes)


def drop_bounds(counts: Counts, times: float = 1) -> Estimate:
    """Return the drop in points with its bounds, as if ``times`` as many sentences had flipped alike."""
    sentences, lost = round(times * counts.sentences), round(times * counts.lost)
    won = min(round(times * counts.won), sentences - lost)  # both may be rounded up
    return bounded_drop(lost, won, sentences, CONFIDENCE).scaled(100)


def agreement_bounds(counts: Counts, times: float = 1) -> Estimate:
    """Return the agreement in percent with its bounds, as if ``times`` as many sentences had been asked."""
    return bounded_share(round(times * counts.agreeing), round(times * counts.asked), CONFIDENCE).scaled(100)


def _reduction_line(limit: float, pct: float) -> BudgetLine:
    status: Status = "kept" if pct >= limit - _ROUNDING else "broken"
    return BudgetLine(figure="size reduction", unit="%", value=pct, interval=None, limit=limit, status=status)


def _sentences_line(
    figure: FigureName, limit: float, bounds: Callable[[float], Estimate], sentences: int
) -> BudgetLine:
    """Return the line of a figure of sentences; ``bounds`` gives its interval with so many times the sentences."""

    def status_of(times: float) -> Status:
        return _status(figure, bounds(times), limit)

    found, status = bounds(1), status_of(1)
    return BudgetLine(
        figure=figure,
        unit="points" if figure == "accuracy drop" else "%",
        value=found.value,
        interval=found,
        limit=limit,
        status=status,
        sentences_count=sentences,
        sentences_needed_count=_needed(status_of, sentences) if status == "open" else None,
    )


def _status(figure: FigureName, found: Estimate, limit: float) -> Status:
    """Return the status of a drop that may be at most ``limit``, or of a figure that must reach it."""
    least, most = found.low - limit, found.high - limit
    if figure != "accuracy drop":
        least, most = -most, -least
    if most <= _ROUNDING:
        return "kept"
    return "broken" if least > _ROUNDING else "open"


def _needed(status_of: Callable[[float], Status], sentences: int) -> int | None:
    """Return with how many sentences of the same kind a figure would not be open, or None where none would do."""
    if status_of(MANY_TIMES) == "open":
        return None
    numbers = range(sentences, MANY_TIMES * sentences + 1)
    return numbers[bisect_left(numbers, 1, key=lambda number: int(status_of(number / sentences) != "open"))]


def about(number: int) -> int:
    """Return a number with the two digits that an estimate has, and no less than it is."""
    digit: int = 10 ** max(0, len(str(number)) - 2)
    return -(-number // digit) * digit
