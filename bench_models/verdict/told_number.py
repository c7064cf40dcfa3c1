"""Compares a number with the answers that it stands for: where they disagree, it counts by itself."""

from collections.abc import Sequence
from dataclasses import replace
from math import inf, isclose, isfinite

from bench_models.stats.estimate import Estimate
from bench_models.verdict.change import Change, Verdict, worsening_of
from bench_models.verdict.flips import SMALLEST_OF_MARGIN
from bench_models.verdict.measurements import Measurements

# What was computed twice in floating point may differ in the last digits, and did not change.
_ROUNDING = 1e-9


def with_number(change: Change, measurements: Measurements) -> Change:
    """Return the verdict on the answers, or another where the number says something else: then it must not pass."""
    base, head = ([getattr(pair, side)[0] for pair in measurements.pairs] for side in ("base", "head"))
    if _repeats(base) and _repeats(head):
        return _repeated(change, base[0], head[0])
    return _scattered(change, base, head)


def _repeated(change: Change, base: float, head: float) -> Change:
    verdict: Verdict
    beyond = _beyond(change, base, head)
    if beyond and worsening_of(change.benchmark, beyond) > 0:
        verdict = "regressed"
    elif beyond:
        verdict = "improved" if change.verdict == "unchanged" else change.verdict
    elif change.verdict == "unchanged" and abs(head - base) > _margin(change, base):
        verdict = "undecided"  # the flips allow for it, and do not show it
    else:
        return change
    return replace(
        change,
        verdict=verdict,
        reason=f"number and answers disagree: {base:g} became {head:g}, and the answers say: {change.reason}",
        base=base,
        head=head,
        change_pct=_exact(base, head),
        detectable_pct=None,
    )


def _scattered(change: Change, base: Sequence[float], head: Sequence[float]) -> Change:
    """Judge what does not repeat: the answers are those of the first pair, and another pair would give others.

    A loss is shown only where the worst number of BASE and the best of HEAD still show it.
    """
    worst, best = (max, min) if change.benchmark.better == "lower" else (min, max)
    mildest = worst(base), best(head)
    worsening = worsening_of(change.benchmark, mildest[1] - mildest[0])
    beyond = worsening > 0 and _beyond(change, *mildest) != 0
    lost = change.verdict == "regressed" and worsening >= SMALLEST_OF_MARGIN * _margin(change, mildest[0])
    return replace(
        change,
        verdict="regressed" if beyond or (lost and worsening > 0) else "undecided",
        reason=(
            f"the number does not repeat: {_spread(base)} on BASE and {_spread(head)} on HEAD in {len(base)} pairs; "
            f"the answers of the first say: {change.reason}"
        ),
        base=mildest[0],
        head=mildest[1],
        change_pct=None,
        pairs=len(base),
        detectable_pct=None,
    )


def _beyond(change: Change, base: float, head: float) -> float:
    """Return how far the number went beyond what its margin and the flipped answers allow; 0 where it did not."""
    went, flips, estimate = head - base, change.flips, change.change_pct
    alike = flips is None or not (flips.right_to_wrong or flips.wrong_to_right)
    if not alike and (estimate is None or not base):
        return 0.0  # there is nothing to hold the number against
    low, high = (0.0, 0.0) if alike or estimate is None else (estimate.low, estimate.high)
    margin = _margin(change, base)
    least, most = low / 100 * abs(base) - margin, high / 100 * abs(base) + margin
    return went - most if went > most else min(0.0, went - least)


def _margin(change: Change, base: float) -> float:
    return (change.benchmark.margin_pct + _ROUNDING) / 100 * abs(base)


def _repeats(numbers: Sequence[float]) -> bool:
    return all(isclose(each, numbers[0], rel_tol=_ROUNDING) for each in numbers)


def _spread(numbers: Sequence[float]) -> str:
    least, most = f"{min(numbers):g}", f"{max(numbers):g}"
    return least if least == most else f"{least} to {most}"


def _exact(base: float, head: float) -> Estimate | None:
    change_pct = 100 * (head - base) / abs(base) if base else inf
    if not isfinite(change_pct):  # so near to zero that there is nothing to relate to
        return None
    return Estimate(value=change_pct, low=change_pct, high=change_pct, level=1 - _ROUNDING)
