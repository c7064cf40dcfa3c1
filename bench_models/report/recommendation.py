"""Chooses the variant to ship, for a priority and a tolerance. Pure: reports of variants in, a choice and reasons out.

A variant qualifies when the *upper end* of its accuracy drop's interval keeps the tolerance. What qualifies is
narrowed by one criterion after another, the priority first: each keeps what cannot be told apart from the best by
it. What is left over stands in the table's order, so that the baseline goes before what is no better.

Speed-ups have intervals of their own, and those that overlap are tied. Sizes are exact, up to the margin that a
reviewer cares about. Accuracies come from the same sentences, so two variants are paired: what matters is the interval
of *their* difference, and not those of their drops against a third, the baseline.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, get_args

from bench_models.errors import BenchModelsError
from bench_models.metrics import SIZE
from bench_models.report.document import Standing, VariantReport
from bench_models.stats.estimate import Estimate
from bench_models.stats.proportions import paired_drop
from bench_models.text import show_points

Priority = Literal["speed", "accuracy", "size", "balanced"]
Reason = Literal["tolerance", "order"] | Priority

PRIORITIES: tuple[Priority, ...] = get_args(Priority)

# After the priority itself, what a tie is broken by.
_ORDER: dict[Priority, tuple[Priority, ...]] = {
    "speed": ("speed", "size", "accuracy"),
    "accuracy": ("accuracy", "speed", "size"),
    "size": ("size", "accuracy", "speed"),
    "balanced": ("balanced", "accuracy", "size"),
}
# 91.0 - 90.0 of a hundred sentences may come out a hair above one point.
_ROUNDING = 1e-9
# Of pairs of variants: a choice is made again and again, for one tolerance after another.
_REMEMBERED = 2**14


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A variant of which everything is known that is traded off; the first candidate is the baseline.

    ``right`` has 1 or 0 for each test sentence, in the order that all candidates share; None where that is not known.
    """

    name: str
    standing: Standing
    speed_up: Estimate
    accuracy: Estimate
    accuracy_drop_points: Estimate
    size_bytes: float
    right: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """The choice, with what it rests on.

    ``tied`` cannot be told apart from the best by the priority, the choice among them. ``passed_over`` has the others
    by name, each with what decided; ``order`` when nothing did. ``by_point`` would be chosen if drops had no
    intervals. ``wider`` is the smallest larger tolerance, in points, at which another variant would be chosen, with
    that one.
    """

    priority: Priority
    tolerance_points: float
    chosen: Candidate
    tied: tuple[Candidate, ...]
    passed_over: dict[str, Reason]
    by_point: Candidate
    wider: tuple[float, Candidate] | None


def candidates_of(variants: Iterable[VariantReport]) -> list[Candidate]:
    """Return the variants of which all is known, in their order."""
    return [
        Candidate(
            name=each.name,
            standing=each.standing,
            speed_up=each.speed_up_single_stream_ratio,
            accuracy=each.accuracy_share,
            accuracy_drop_points=each.accuracy_drop_points,
            size_bytes=each.size_bytes,
            right=each.correct_by_sentence,
        )
        for each in variants
        if each.speed_up_single_stream_ratio and each.accuracy_share and each.accuracy_drop_points and each.size_bytes
    ]


def recommend(candidates: Sequence[Candidate], priority: str, tolerance_points: float) -> Recommendation:
    """Choose among variants, the first of which is the baseline.

    Raises ``BenchModelsError`` for an unknown priority, for a tolerance that is negative or not a number, and where no
    variant but the baseline keeps the tolerance.
    """
    known = _known(priority)
    if not (math.isfinite(tolerance_points) and tolerance_points >= 0):
        raise BenchModelsError(
            f"an accuracy tolerance of {in_points(tolerance_points)} makes no sense: it is how many percentage points "
            "may be lost, zero or more"
        )
    tolerance_points += 0.0  # turns -0.0 into zero
    if not any(_keeps(each, tolerance_points) for each in candidates[1:]):
        raise BenchModelsError(_none_within(candidates[1:], tolerance_points))
    chosen, tied, passed_over = _narrowed(candidates, _within(candidates, tolerance_points), known)
    points = [each for each in candidates if each.accuracy_drop_points.value <= tolerance_points + _ROUNDING]
    return Recommendation(
        priority=known,
        tolerance_points=tolerance_points,
        chosen=chosen,
        tied=tied,
        passed_over=passed_over,
        by_point=_narrowed(candidates, points or candidates[:1], known)[0],
        wider=_wider(candidates, known, tolerance_points, chosen),
    )


def sentences_needed(candidate: Candidate, tolerance_points: float, sentences: int) -> int | None:
    """Return with how many test sentences the candidate would qualify, about, if its drop stayed as it is.

    An interval shrinks with the square root of the number of sentences. None where the point itself does not keep the
    tolerance, or lies on it: then no number of sentences is enough.
    """
    drop = candidate.accuracy_drop_points
    room = tolerance_points - drop.value
    return None if room <= _ROUNDING else math.ceil(sentences * ((drop.high - drop.value) / room) ** 2)


def trade_off(candidate: Candidate, baseline: Candidate) -> float:
    """Return the geometric mean of speed-up and size ratio, what ``balanced`` goes by.

    Twice as fast and half as large weigh the same, whatever the units: the order of variants does not depend on one,
    nor on which of them is the baseline.

    Source: Fleming and Wallace, How not to lie with statistics: the correct way to summarize benchmark results,
    Communications of the ACM 29 (1986).
    """
    return _score(candidate, "balanced").value / _score(baseline, "balanced").value


def frontier(points: Sequence[tuple[float, float]]) -> list[int]:
    """Return the places of the points that no other dominates, from the smallest first coordinate to the largest.

    More is better in both coordinates. A point dominates another that it equals or exceeds in both and exceeds in
    one; of equal points none dominates the other, so all of them belong to the frontier or none does.

    Source: Kung, Luccio and Preparata, On finding the maxima of a set of vectors, J. ACM 22 (1975).
    """
    best = float("-inf")
    found: list[int] = []
    for place in sorted(range(len(points)), key=lambda place: points[place], reverse=True):
        second = points[place][1]
        if second > best or (found and points[place] == points[found[-1]]):
            found.append(place)
            best = max(best, second)
    return sorted(found, key=lambda place: (points[place][0], -points[place][1], place))


def surely_less_accurate(candidate: Candidate, than: Candidate) -> bool:
    """Say whether the interval of the difference excludes zero; without their sentences, points count as exact."""
    lost = candidate.accuracy_drop_points.value - than.accuracy_drop_points.value
    if lost <= _ROUNDING:
        return False
    return candidate.right is None or than.right is None or _least_lost(than.right, candidate.right) > 0


def in_points(points: float) -> str:
    """Return a number of percentage points as it was given, with its unit."""
    return f"{points + 0.0:.15g} point{'' if points == 1 else 's'}"


def loses(points: float) -> str:
    """Return the verb for a number of percentage points that are lost: below zero they are gained."""
    return f"{'gains' if points < 0 else 'loses'} {show_points(abs(points))}"


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
) -> tuple[Candidate, tuple[Candidate, ...], dict[str, Reason]]:
    """Return the choice, what ties with it by the priority, and why each other one was passed over."""
    left, tied = list(qualified), tuple(_not_worse(qualified, priority))
    because: dict[str, Reason] = {each.name: "tolerance" for each in candidates if each not in left}
    for criterion in _ORDER[priority]:
        best = _not_worse(left, criterion)
        because |= {each.name: criterion for each in left if each not in best}
        left = best
    because |= {each.name: "order" for each in left[1:]}
    return left[0], tied, {each.name: because[each.name] for each in candidates if each is not left[0]}


def _not_worse(candidates: Sequence[Candidate], criterion: Priority) -> list[Candidate]:
    """Return those that cannot be told apart from the best, in their order."""
    if criterion == "accuracy":
        return _most_accurate(candidates)
    scores = [_score(each, criterion) for each in candidates]
    best = max(scores, key=lambda score: score.value)
    return [each for each, score in zip(candidates, scores, strict=True) if score.high >= best.low]


def _most_accurate(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the most accurate ones, down to the first that surely loses against any of the candidates.

    Against any, and not only against the best one: a noisy best could not be told apart from what surely loses against
    a calm one beside it. And what has a better point than a tied one is tied, however narrow its interval is.
    """
    worse = [
        each.accuracy_drop_points.value
        for each in candidates
        if any(surely_less_accurate(each, other) for other in candidates)
    ]
    end = min(worse, default=math.inf)
    return [each for each in candidates if each.accuracy_drop_points.value < end]


def _score(candidate: Candidate, criterion: Priority) -> Estimate:
    """Return what speaks for a candidate; more is better."""
    speed_up, size = candidate.speed_up, candidate.size_bytes
    if criterion == "speed":
        return speed_up
    if criterion == "size":
        slack = SIZE.margin_pct / 200
        low, high = 1 / (size * (1 + slack)), 1 / (size * (1 - slack))
        return Estimate(value=1 / size, low=low, high=high, level=speed_up.level)
    low, value, high = (math.sqrt(times / size) for times in (speed_up.low, speed_up.value, speed_up.high))
    return Estimate(value=value, low=low, high=high, level=speed_up.level)


@lru_cache(_REMEMBERED)
def _least_lost(before: str, after: str) -> float:
    return paired_drop([each == "1" for each in before], [each == "1" for each in after]).low


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
        f"no variant keeps an accuracy tolerance of {in_points(tolerance_points)}: the closest is {closest.name}, "
        f"which {loses(drop.value)} and, with its {drop.level:.0%} interval, may lose up to {drop.high:.2f}; {points}; "
        "allow more, or ship the baseline"
    )
