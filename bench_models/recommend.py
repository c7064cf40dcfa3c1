"""The variant to ship, for a priority and a tolerance. Pure: figures in, a choice and its reasons out.

A variant qualifies when the *upper end* of its accuracy drop's interval keeps the tolerance. What qualifies is
narrowed by one figure after another, the priority's own first: each keeps what cannot be told apart from the best by
it, that is, whose interval reaches the best one. Times and drops have intervals; sizes are exact, up to the margin that
a reviewer cares about; a figure without an interval has the same low, value and high, and counts as exact. What is left
over stands in the table's order, so that the baseline goes before what is no better.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from bench_models.errors import BenchModelsError
from bench_models.metrics import SIZE
from bench_models.stats.estimate import Estimate

Priority = Literal["speed", "accuracy", "size", "balanced"]
Criterion = Priority

PRIORITIES: tuple[Priority, ...] = get_args(Priority)

# After the priority itself, what a tie is broken by.
_ORDER: dict[Priority, tuple[Criterion, ...]] = {
    "speed": ("speed", "size", "accuracy"),
    "accuracy": ("accuracy", "speed", "size"),
    "size": ("size", "accuracy", "speed"),
    "balanced": ("balanced", "accuracy", "size"),
}

# 91.0 - 90.0 of a hundred sentences may come out a hair above one point.
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One variant with the figures that decide; those of the first one, the baseline, are what drops refer to."""

    name: str
    latency_s: Estimate
    accuracy_drop_points: Estimate
    size_bytes: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PassedOver:
    """A variant that was not chosen, and the figure that decided; ``order`` when none did."""

    candidate: Candidate
    because: Literal["tolerance", "order"] | Criterion


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """The choice, with what it rests on.

    ``tied`` cannot be told apart from the best by the priority's own figure, the choice among them. ``by_point``
    would be chosen if drops had no intervals. ``wider`` is the smallest larger tolerance, in points, at which another
    variant would be chosen, with that one.
    """

    priority: Priority
    tolerance_points: float
    chosen: Candidate
    tied: tuple[Candidate, ...]
    passed_over: tuple[PassedOver, ...]
    by_point: Candidate
    wider: tuple[float, Candidate] | None


def recommend(candidates: Sequence[Candidate], priority: str, tolerance_points: float) -> Recommendation:
    """Choose among variants, the first of which is the baseline.

    Raises ``BenchModelsError`` for an unknown priority, for a tolerance that is no number or below zero, and where no
    variant but the baseline keeps the tolerance.
    """
    known = _known(priority)
    if not (math.isfinite(tolerance_points) and tolerance_points >= 0):
        raise BenchModelsError(
            f"an accuracy tolerance of {tolerance_points:g} points makes no sense: it is how many percentage points "
            "may be lost, zero or more"
        )
    baseline, *others = candidates
    if not any(_keeps(each, tolerance_points) for each in others):
        raise BenchModelsError(_none_within(others, tolerance_points))
    points = [each for each in candidates if each.accuracy_drop_points.value <= tolerance_points + _ROUNDING]
    chosen, tied, passed_over = _narrowed(candidates, _within(candidates, tolerance_points), known)
    return Recommendation(
        priority=known,
        tolerance_points=tolerance_points,
        chosen=chosen,
        tied=tied,
        passed_over=passed_over,
        by_point=_narrowed(candidates, points or [baseline], known)[0],
        wider=_wider(candidates, known, tolerance_points, chosen),
    )


def sentences_needed(candidate: Candidate, tolerance_points: float, sentences: int) -> int | None:
    """Return with how many test sentences the candidate would qualify, about, if its drop stayed as it is.

    An interval shrinks with the square root of the number of sentences. None where the point itself does not keep the
    tolerance, or lies on it: then no number of sentences is enough.
    """
    drop = candidate.accuracy_drop_points
    room = tolerance_points - drop.value
    if room <= 0:
        return None
    return math.ceil(sentences * ((drop.high - drop.value) / room) ** 2)


def trade_off(candidate: Candidate, baseline: Candidate) -> float:
    """Return the geometric mean of speed-up and size ratio, what ``balanced`` goes by.

    Twice as fast and half as large weigh the same, and so do milliseconds and seconds: the order of variants does not
    depend on a unit, nor on which of them is the baseline.

    Source: Fleming and Wallace, How not to lie with statistics: the correct way to summarize benchmark results,
    Communications of the ACM 29 (1986).
    """
    return _cost(baseline).value / _cost(candidate).value


def _known(priority: str) -> Priority:
    for each in PRIORITIES:
        if each == priority:
            return each
    raise BenchModelsError(f"unknown priority {priority!r}: the priorities are {', '.join(PRIORITIES)}")


def _keeps(candidate: Candidate, tolerance_points: float) -> bool:
    return candidate.accuracy_drop_points.high <= tolerance_points + _ROUNDING


def _within(candidates: Sequence[Candidate], tolerance_points: float) -> list[Candidate]:
    """Return what keeps the tolerance; the baseline does, as it loses nothing against itself."""
    return [each for each in candidates if each is candidates[0] or _keeps(each, tolerance_points)]


def _narrowed(
    candidates: Sequence[Candidate], qualified: Sequence[Candidate], priority: Priority
) -> tuple[Candidate, tuple[Candidate, ...], tuple[PassedOver, ...]]:
    """Return the choice, what ties with it by the priority, and why each other one was passed over."""
    left: list[Candidate] = list(qualified)
    tied: tuple[Candidate, ...] = ()
    because: dict[str, Literal["tolerance", "order"] | Criterion]
    because = {each.name: "tolerance" for each in candidates if each not in left}
    for criterion in _ORDER[priority]:
        kept = _not_worse(left, criterion)
        because |= {each.name: criterion for each in left if each not in kept}
        left, tied = kept, tied or tuple(kept)
    because |= {each.name: "order" for each in left[1:]}
    passed = (PassedOver(candidate=each, because=because[each.name]) for each in candidates if each is not left[0])
    return left[0], tied, tuple(passed)


def _not_worse(candidates: Sequence[Candidate], criterion: Criterion) -> list[Candidate]:
    """Return those whose interval reaches that of the best by its point; lower is better.

    Drops of accuracy are differences on the same sentences already, whose noise variants share: there the interval has
    to reach the best's point, so that what surely loses accuracy never ties with what does not.
    """
    figure = _FIGURES[criterion]
    best = min(map(figure, candidates), key=lambda estimate: estimate.value)
    reach = best.value if criterion == "accuracy" else best.high
    return [each for each in candidates if figure(each).low <= reach]


def _wider(
    candidates: Sequence[Candidate], priority: Priority, tolerance_points: float, chosen: Candidate
) -> tuple[float, Candidate] | None:
    ends = sorted({each.accuracy_drop_points.high for each in candidates})
    for end in (end for end in ends if end > tolerance_points + _ROUNDING):
        other, _, _ = _narrowed(candidates, _within(candidates, end), priority)
        if other is not chosen:
            return end, other
    return None


def _none_within(others: Sequence[Candidate], tolerance_points: float) -> str:
    if not others:
        return (
            "there is nothing to recommend: no variant but the baseline was measured; `bench-models run` measures them"
        )
    closest = min(others, key=lambda each: each.accuracy_drop_points.high)
    drop = closest.accuracy_drop_points
    within = [each.name for each in others if each.accuracy_drop_points.value <= tolerance_points + _ROUNDING]
    points = f"by the point alone {', '.join(within)} would do" if within else "even by the point none does"
    return (
        f"no variant keeps an accuracy tolerance of {tolerance_points:g} points: the closest is {closest.name}, which "
        f"loses {drop.value:.2f} and, with its {drop.level:.0%} interval, up to {drop.high:.2f}; {points}; allow more, "
        "or ship the baseline"
    )


def _cost(candidate: Candidate) -> Estimate:
    """Return the geometric mean of time and size, whose ratio of two variants has no unit."""
    size, time = candidate.size_bytes, candidate.latency_s
    value, low, high = (math.sqrt(seconds * size) for seconds in (time.value, time.low, time.high))
    return Estimate(value=value, low=low, high=high, level=time.level)


def _size(candidate: Candidate) -> Estimate:
    size = candidate.size_bytes
    slack = SIZE.margin_pct / 100
    return Estimate(value=size, low=size * (1 - slack / 2), high=size * (1 + slack / 2), level=1 - _ROUNDING)


_FIGURES: dict[Criterion, Callable[[Candidate], Estimate]] = {
    "speed": lambda candidate: candidate.latency_s,
    "accuracy": lambda candidate: candidate.accuracy_drop_points,
    "size": _size,
    "balanced": _cost,
}
