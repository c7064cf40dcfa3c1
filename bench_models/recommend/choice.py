"""Chooses the variant to ship, for a priority and a tolerance. Pure: figures in, a choice and reasons out.

A variant qualifies when the *upper end* of its accuracy drop's interval keeps the tolerance. What qualifies is
narrowed by one figure after another, the priority's own first: each keeps what cannot be told apart from the best by
it (``ties``). What is left over stands in the table's order, so that the baseline goes before what is no better.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from bench_models.errors import BenchModelsError
from bench_models.recommend.candidates import ROUNDING, Candidate, in_points
from bench_models.recommend.ties import Criterion, not_worse

Priority = Criterion

PRIORITIES: tuple[Priority, ...] = get_args(Priority)

# After the priority itself, what a tie is broken by.
_ORDER: dict[Priority, tuple[Criterion, ...]] = {
    "speed": ("speed", "size", "accuracy"),
    "accuracy": ("accuracy", "speed", "size"),
    "size": ("size", "accuracy", "speed"),
    "balanced": ("balanced", "accuracy", "size"),
}


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
            f"an accuracy tolerance of {in_points(tolerance_points)} makes no sense: it is how many percentage points "
            "may be lost, zero or more"
        )
    baseline, *others = candidates
    if not any(_keeps(each, tolerance_points) for each in others):
        raise BenchModelsError(_none_within(others, tolerance_points))
    tolerance_points += 0.0  # of -0.0 makes zero
    points = [each for each in candidates if each.accuracy_drop_points.value <= tolerance_points + ROUNDING]
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


def _known(priority: str) -> Priority:
    for each in PRIORITIES:
        if each == priority:
            return each
    raise BenchModelsError(f"unknown priority {priority!r}: the priorities are {', '.join(PRIORITIES)}")


def _keeps(candidate: Candidate, tolerance_points: float) -> bool:
    return candidate.accuracy_drop_points.high <= tolerance_points + ROUNDING


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
        kept = not_worse(left, criterion)
        because |= {each.name: criterion for each in left if each not in kept}
        left, tied = kept, tied or tuple(kept)
    because |= {each.name: "order" for each in left[1:]}
    passed = (PassedOver(candidate=each, because=because[each.name]) for each in candidates if each is not left[0])
    return left[0], tied, tuple(passed)


def _wider(
    candidates: Sequence[Candidate], priority: Priority, tolerance_points: float, chosen: Candidate
) -> tuple[float, Candidate] | None:
    ends = sorted({each.accuracy_drop_points.high for each in candidates})
    for end in (end for end in ends if end > tolerance_points + ROUNDING):
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
    within = [each.name for each in others if each.accuracy_drop_points.value <= tolerance_points + ROUNDING]
    points = f"by the point alone {', '.join(within)} would do" if within else "even by the point none does"
    return (
        f"no variant keeps an accuracy tolerance of {in_points(tolerance_points)}: the closest is {closest.name}, "
        f"which loses {drop.value:.2f} and, with its {drop.level:.0%} interval, up to {drop.high:.2f}; {points}; allow "
        "more, or ship the baseline"
    )
