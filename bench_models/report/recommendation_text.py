"""Writes a recommendation: what to ship, why not the others, and what would change the answer."""

from bench_models.errors import BenchModelsError
from bench_models.metrics import SIZE, SPEED_UP
from bench_models.metrics.budgets import MANY_TIMES, STATUSES, about
from bench_models.report.document import Report, VariantReport
from bench_models.report.recommendation import (
    Candidate,
    Priority,
    Reason,
    Recommendation,
    candidates_of,
    in_points,
    loses,
    recommend,
    sentences_needed,
    trade_off,
)
from bench_models.stats.estimate import Estimate
from bench_models.text import listed, show_points, with_interval

_SUPERLATIVES: dict[Priority, str] = {
    "speed": "the fastest",
    "accuracy": "the most accurate",
    "size": "the smallest",
    "balanced": "the best by the geometric mean of speed-up and size ratio",
}
_COMPARATIVES: dict[Reason, str] = {
    "speed": "slower",
    "accuracy": "less accurate",
    "size": "larger",
    "balanced": "worse balanced",
}


def recommended(report: Report, priority: str, tolerance_points: float) -> str:
    """Return the recommendation as Markdown.

    Raises ``BenchModelsError`` where there is none to give, with what would be right.
    """
    baseline, candidates = report.variants[0], candidates_of(report.variants)
    if not candidates or candidates[0].name != baseline.name:
        raise BenchModelsError(
            f"the baseline of {report.suite} was not measured at {report.commit[:8]}, so nothing can be compared with "
            f"it: {_lack(baseline)}"
        )
    choice = recommend(candidates, priority, tolerance_points)
    title = f"# {report.suite} at {report.commit[:8]}: ship {choice.chosen.name}"
    parts = (
        title,
        _why(report, choice, candidates[0]),
        _passed_over(report, choice, candidates),
        _what_would_change(report, choice, candidates[0]),
    )
    return "\n\n".join(parts) + "\n"


def _why(report: Report, choice: Recommendation, baseline: Candidate) -> str:
    chosen = choice.chosen
    tied = [each.name for each in choice.tied if each is not chosen]
    text = (
        f"Of the variants that lose at most {in_points(choice.tolerance_points)} of accuracy, the whole interval "
        f"counted, {chosen.name} is {'among ' if tied else ''}{_SUPERLATIVES[choice.priority]}: "
        f"{_figures(report, chosen)}."
    )
    if tied:
        text += f" By that alone it cannot be told apart from {listed(tied)}; {_tie_breaker(choice, tied)}."
        text += _best_by_point(choice)
    if chosen is baseline:
        text += " That is the baseline: none of the compressed variants within the tolerance is better."
    return f"{text} Its budget is {chosen.standing}." if chosen.standing in STATUSES else text


def _tie_breaker(choice: Recommendation, tied: list[str]) -> str:
    by = dict.fromkeys(choice.passed_over[name] for name in tied)
    words = [_COMPARATIVES[reason] for reason in by if reason in _COMPARATIVES]
    return f"what it is preferred to is {listed(words, 'or')}" if words else "it stands first in the table"


def _best_by_point(choice: Recommendation) -> str:
    """Say what a tie of accuracies hides."""
    best = min(choice.tied, key=lambda each: each.accuracy_drop_points.value)
    drop = best.accuracy_drop_points.value
    if choice.priority != "accuracy" or drop == choice.chosen.accuracy_drop_points.value:
        return ""
    return f" The best of them by its point is {best.name}, with {_points_lost(drop)}."


def _passed_over(report: Report, choice: Recommendation, candidates: list[Candidate]) -> str:
    """Return a line for each other variant with what decided."""
    reasons = {each.name: _reason(choice, each, candidates[0]) for each in candidates if each is not choice.chosen}
    others = [each for each in report.variants if each.name != choice.chosen.name]
    lines = [f"* {each.name}: {reasons.get(each.name) or f'not measured: {_lack(each)}'}" for each in others]
    return "\n".join(["Passed over:", "", *lines])


def _lack(variant: VariantReport) -> str:
    return "; ".join(variant.reasons) or "a figure is missing"


def _reason(choice: Recommendation, candidate: Candidate, baseline: Candidate) -> str:
    drop, reason = candidate.accuracy_drop_points, choice.passed_over[candidate.name]
    if reason == "tolerance":
        return f"may lose {show_points(drop.high)} ({abs(drop.value):.2f}{' gained' if drop.value < 0 else ''} here)"
    if reason == "order":
        return f"no better than {choice.chosen.name} in anything that was asked, and further down the table"
    figure = {
        "speed": with_interval(candidate.speed_up, SPEED_UP.show),
        "accuracy": _points_lost(drop.value),
        "size": SIZE.show(candidate.size_bytes),
        "balanced": _told_apart(trade_off(candidate, baseline), max(trade_off(each, baseline) for each in choice.tied)),
    }[reason]
    return f"{'' if reason == choice.priority else 'tied, and '}{_COMPARATIVES[reason]}: {figure}"


def _what_would_change(report: Report, choice: Recommendation, baseline: Candidate) -> str:
    """Return what another tolerance, and more sentences, would lead to."""
    wider = "No larger tolerance leads to another answer."
    if choice.wider is not None:
        tolerance, other = choice.wider
        # Rounded up: what is printed must suffice.
        wider = (
            f"From `--accuracy-tolerance {_rounded_up(tolerance)}` on it is {other.name}: {_figures(report, other)}."
        )
    return f"What would change the answer:\n\n* {_by_point(report, choice, baseline)}\n* {wider}"


def _by_point(report: Report, choice: Recommendation, baseline: Candidate) -> str:
    other, sentences = choice.by_point, report.summary.sentences
    if other is choice.chosen:
        return "Going by the points alone, without intervals of accuracy, leads to the same answer."
    drop = other.accuracy_drop_points
    text = (
        f"By the point alone it would be {other.name}, which {loses(drop.value)} here, but may lose "
        f"{drop.high:.2f} elsewhere."
    )
    if sentences is None or other is baseline:
        return text
    needed = sentences_needed(other, choice.tolerance_points, sentences)
    if needed is None or needed > MANY_TIMES * sentences:
        return f"{text} That is too near the tolerance for any number of test sentences to show."
    return f"{text} If that holds, about {about(needed):,} test sentences instead of {sentences:,} would show it."


def _figures(report: Report, candidate: Candidate) -> str:
    reduction = report[candidate.name].size_reduction_pct
    size = SIZE.show(candidate.size_bytes) + (f" ({reduction:.1f} % smaller)" if reduction else "")
    return f"{with_interval(candidate.speed_up, SPEED_UP.show)}, {size}, {_lost(candidate.accuracy_drop_points)}"


def _lost(drop: Estimate) -> str:
    """Return how much accuracy is lost, with its interval; below zero both are turned into those of a gain."""
    sign = -1 if drop.value < 0 else 1
    low, high = sorted((sign * drop.low + 0.0, sign * drop.high + 0.0))  # turns -0.0 into zero
    return _points_lost(drop.value) + ("" if drop.exact else f" ({low:.2f} to {high:.2f})")


def _points_lost(points: float) -> str:
    return f"{show_points(abs(points))} {'gained' if points < 0 else 'lost'}"


def _told_apart(one: float, other: float) -> str:
    """Return ``one, not other``, with two decimals or as many as it takes to see that they differ."""
    digits = next((digits for digits in range(2, 16) if round(one, digits) != round(other, digits)), 2)
    return f"{one:.{digits}f}, not {other:.{digits}f}"


def _rounded_up(points: float) -> str:
    hundredths = round(points * 100, 6)
    return f"{-(-hundredths // 1) / 100:.2f}"
