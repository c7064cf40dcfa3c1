"""Finds the candidates that one figure cannot tell apart from the best.

Times have intervals of their own, and those that overlap are tied. Sizes are exact, up to the margin that a reviewer
cares about. Accuracies come from the same sentences, so two variants are paired: what matters is the interval of
*their* difference, and not those of their drops against a third, the baseline. A figure without an interval has the
same low, value and high, and counts as exact.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Literal

from bench_models.metrics import SIZE
from bench_models.recommend.candidates import ROUNDING, Candidate, cost
from bench_models.stats.estimate import Estimate
from bench_models.stats.proportions import paired_drop

Criterion = Literal["speed", "accuracy", "size", "balanced"]

# Of pairs of variants: a choice is made again and again, for one tolerance after another.
_REMEMBERED = 2**14


def not_worse(candidates: Sequence[Candidate], criterion: Criterion) -> list[Candidate]:
    """Return those that cannot be told apart from the best, in their order."""
    if criterion == "accuracy":
        return _most_accurate(candidates)
    figure = _FIGURES[criterion]
    best = min(map(figure, candidates), key=lambda estimate: estimate.value)
    return [each for each in candidates if figure(each).low <= best.high]


def surely_less_accurate(candidate: Candidate, than: Candidate) -> bool:
    """Say whether the interval of the difference excludes zero; without their sentences, points count as exact."""
    lost = candidate.accuracy_drop_points.value - than.accuracy_drop_points.value
    if lost <= ROUNDING:
        return False
    if candidate.right is None or than.right is None:
        return True
    return _least_lost(than.right, candidate.right) > 0


def _most_accurate(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the most accurate ones, down to the first that surely loses against any of the candidates.

    Against any, and not only against the best one: a noisy best could not be told apart from what surely loses against
    a calm one beside it. And what has a better point than a tied one is tied, however narrow its interval is.
    """
    worse = (
        each.accuracy_drop_points.value
        for each in candidates
        if any(surely_less_accurate(each, other) for other in candidates)
    )
    end = min(worse, default=None)
    return [each for each in candidates if end is None or each.accuracy_drop_points.value < end]


@lru_cache(_REMEMBERED)
def _least_lost(before: str, after: str) -> float:
    """Return the lower end of the share that is lost."""
    return paired_drop([each == "1" for each in before], [each == "1" for each in after]).low


def _size(candidate: Candidate) -> Estimate:
    size = candidate.size_bytes
    slack = SIZE.margin_pct / 100
    return Estimate(value=size, low=size * (1 - slack / 2), high=size * (1 + slack / 2), level=1 - ROUNDING)


_FIGURES: dict[Criterion, Callable[[Candidate], Estimate]] = {
    "speed": lambda candidate: candidate.time,
    "size": _size,
    "balanced": cost,
}
