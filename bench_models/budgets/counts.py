"""The counts that a budget is judged by: flips, equal answers and sizes, with their bounds."""

from dataclasses import dataclass

from bench_models.metrics.accuracy import agreement
from bench_models.metrics.scorecard import Scorecard
from bench_models.stats.estimate import Estimate
from bench_models.stats.proportions import bounded_drop, bounded_share, paired_drop

# "Kept" and "broken" are each claimed with this confidence.
CONFIDENCE = 0.95


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


def counts_of(baseline: Scorecard, card: Scorecard) -> Counts:
    """Count what became of the baseline's answers."""
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
