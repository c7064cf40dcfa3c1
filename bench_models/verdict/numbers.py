"""Judges numbers that scatter or repeat exactly, and slow-downs that come in bursts.

Bursts: the mean of blocks shows what the median within a pair forgives. A neighbour's burst hits either side alike,
pair after pair, and averages out over pairs. What hits HEAD alone in every pair is HEAD's own, such as a cache that is
emptied in every fifth call. Bursts never make a check red, so looking for them spends nothing of the error budget.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil, expm1, inf, isfinite, log, log1p
from statistics import fmean, median

from bench_models.stats.estimate import Estimate
from bench_models.stats.paired_ratios import Mean, Ratio, log_ratio, relative_differences
from bench_models.stats.sequential import (
    CHANGE_LOOKS,
    EQUIVALENCE_ALPHA,
    EQUIVALENCE_TAIL,
    HARMLESS,
    LOOKS,
    SAME_REPEATS,
    VALUE_ALPHA,
    change_tail,
)
from bench_models.verdict.change import Change, Verdict, worsening_of
from bench_models.verdict.measurements import Benchmark, Measurements

# A detectable change would have been seen nine times in ten.
_SEEN_TAIL = 0.1

# A change beyond 1,000 % is obvious without statistics: beyond it, no detectable change is reported.
_MOST_SEEN_PCT = 1000.0

# An interval of two degrees of freedom may reach further than floating point does. What lies beyond a factor
# of a million is shown as that, unless the change itself is larger; no exponential is taken of more than 700.
_FARTHEST, _LARGEST_EXPONENT = log(1e6), 700.0

# What was computed twice in floating point may differ in the last digits, and did not change. Up to the first integer
# whose successor is none in floating point, integers were counted.
ROUNDING, _MOST_COUNTED = 1e-9, 2.0**53


def changes_of(measurements: Measurements) -> list[Ratio]:
    """Return the change of each pair: as a logarithm, or, where not all numbers are positive, relative to BASE."""
    if measurements.positive:
        return [log_ratio(pair.base, pair.head) for pair in measurements.pairs]
    base, head = ([fmean(getattr(pair, side)) for pair in measurements.pairs] for side in ("base", "head"))
    return relative_differences(base, head)


def repeats_needed(error: float) -> int:
    """Return how often both sides must repeat their unlike numbers until chance does that with ``error`` at most.

    A number that takes one of two values at random repeats n times on each side and differs between the sides with
    a chance of at most 2 (1/4)^n; with more values, or uneven chances, it is less.
    """
    return ceil(log(2 / error, 4))


def judge_exact(measurements: Measurements, share: float = VALUE_ALPHA) -> Change:
    """Judge numbers that repeat: any change beyond the margin counts, once it is sure that they do.

    ``share`` is the error that the benchmark may spend on being called regressed. Unchanged takes as many repeats
    as a number takes to be called the same.
    """
    benchmark, base, head = measurements.benchmark, measurements.pairs[0].base[0], measurements.pairs[0].head[0]
    count, margin = len(measurements.pairs), abs(base) * benchmark.margin_pct / 100 * (1 + ROUNDING)
    rounding = 0.0 if not benchmark.margin_pct and _counted(base) and _counted(head) else ROUNDING
    beyond = abs(head - base) > max(margin, rounding * abs(base))
    needed = repeats_needed(share) if beyond else SAME_REPEATS
    verdict: Verdict = "unchanged"
    reason = f"exact; the margin is {benchmark.margin_pct:g} %"
    if count < needed:
        seen = "the same so far" if base == head else "differs between the sides"
        verdict, reason = "undecided", f"{seen}, and may scatter: it takes {needed} repeats to tell, not {count}"
    elif base == head:
        reason = f"the same in {count} repeats"
    elif beyond:
        verdict = "regressed" if worsening_of(benchmark, head - base) > 0 else "improved"
    return Change(
        benchmark=benchmark,
        verdict=verdict,
        reason=reason,
        base=base,
        head=head,
        change_pct=exact_change(base, head),
        pairs=count,
    )


def exact_change(base: float, head: float) -> Estimate | None:
    """Return a change that is certain, in percent; None where BASE's number is too near zero for one."""
    pct = 0.0 if base == head else (head - base) / abs(base) * 100 if base else inf
    return Estimate(value=pct, low=pct, high=pct, level=1 - ROUNDING) if isfinite(pct) else None


def _counted(number: float) -> bool:
    return float(number).is_integer() and abs(number) < _MOST_COUNTED


def judge_noisy(measurements: Measurements, mean: Mean | None, share: float) -> Change:
    """Judge numbers that scatter, by the interval of their mean change.

    The verdict is unchanged where the interval excludes a change as large as the margin, and otherwise regressed or
    improved where it excludes every change that may be harmless (stats/sequential.py). So a change of the margin's
    size is called unchanged no more often than its own bound says, and a change that no reviewer cares about is not
    called one. A number that takes one of a few values by chance may be equal on both sides in a few pairs, and then
    shows no scatter: so it takes as many pairs to be called unchanged as a number that repeats.
    """
    benchmark, count = measurements.benchmark, len(measurements.pairs)
    base, head = (median(fmean(getattr(pair, side)) for pair in measurements.pairs) for side in ("base", "head"))
    if mean is None:
        why = f"too few pairs for an interval: {count}, and it takes {LOOKS[0]}"
        return Change(benchmark=benchmark, verdict="undecided", reason=why, base=base, head=head, pairs=count)
    units = _Units(logarithmic=measurements.positive, sized=measurements.sized)
    margin, harmless = units.of(benchmark.margin_pct), units.of(benchmark.margin_pct * HARMLESS)
    wide, narrow = mean.half_width(change_tail(share, count)), mean.cautious_half_width(EQUIVALENCE_TAIL)
    worsening = worsening_of(benchmark, mean.value)
    verdict: Verdict = "undecided"
    reason, shown, level = _open(benchmark, count), wide, 1 - 2 * share
    needed = SAME_REPEATS if benchmark.kind == "value" else 0
    if abs(worsening) + narrow < margin and count < needed:
        reason = f"within the margin so far, and may be so by chance: it takes {needed} pairs to tell, not {count}"
    elif abs(worsening) + narrow < margin:
        verdict, reason = "unchanged", f"within the margin of {benchmark.margin_pct:g} %"
        shown, level = narrow, 1 - 2 * EQUIVALENCE_ALPHA
    elif count >= CHANGE_LOOKS[0] and abs(worsening) - wide > harmless:
        verdict = "regressed" if worsening > 0 else "improved"
        reason = f"more than half the margin of {benchmark.margin_pct:g} %, and not by chance"
    seen = max(harmless + wide, margin - narrow) + mean.half_width(_SEEN_TAIL)
    told = units.sized and count >= CHANGE_LOOKS[0] and units.pct(seen) <= _MOST_SEEN_PCT
    return Change(
        benchmark=benchmark,
        verdict=verdict,
        reason=reason,
        base=base,
        head=head,
        change_pct=units.estimate(mean.value, shown, level) if units.sized else None,
        pairs=count,
        detectable_pct=abs(units.pct(worsening_of(benchmark, seen))) if told else None,
    )


def _open(benchmark: Benchmark, count: int) -> str:
    if count < CHANGE_LOOKS[0]:
        return f"too few pairs to call a change: {count}, and it takes {CHANGE_LOOKS[0]}"
    if benchmark.margin_pct:
        return f"the margin is {benchmark.margin_pct:g} %"
    return "scatters, so that it can never be shown to be within a margin of 0 %: give it a larger one"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Units:
    """The scale of a mean change: logarithmic, or relative to the size of BASE's numbers, if any."""

    logarithmic: bool
    sized: bool

    def of(self, pct: float) -> float:
        """Return a change in percent on this scale; 0 where BASE's numbers have no size."""
        if self.logarithmic:
            return log1p(pct / 100)
        return pct / 100 if self.sized else 0.0

    def pct(self, change: float) -> float:
        """Return a change on this scale as a finite percentage."""
        return 100 * (expm1(min(change, _LARGEST_EXPONENT)) if self.logarithmic else change)

    def estimate(self, change: float, reach: float, level: float) -> Estimate:
        """Return a change in percent with an interval of this half-width."""
        high = min(change + reach, max(change, _FARTHEST)) if self.logarithmic else change + reach
        return Estimate(value=self.pct(change), low=self.pct(change - reach), high=self.pct(high), level=level)


# The verdicts of the medians that the means may change to undecided: a regression needs no confirmation.
DOUBTFUL = frozenset({"unchanged", "improved", "undecided"})

# The median of fewer blocks hides no burst.
_FORGIVEN = 3


def has_bursts(measurements: Measurements) -> bool:
    """Say whether the pairs have enough blocks for a median to hide a burst."""
    return measurements.benchmark.kind == "time" and any(len(pair.base) >= _FORGIVEN for pair in measurements.pairs)


def averages_of(measurements: Measurements) -> Sequence[Ratio]:
    """Return of each pair the logarithm of the ratio of the sides' mean times.

    All pairs have the same weight: weighted by the scatter of their blocks, pairs with bursts would count less, and
    those are what is looked for.
    """
    return [Ratio(value=log(fmean(pair.head)) - log(fmean(pair.base))) for pair in measurements.pairs]


def doubted(change: Change, average: Mean, share: float) -> Change:
    """Return a change as undecided where the means of blocks show a regression that their medians do not.

    The test is that of a regression: the mean is not within the margin, and exceeds half of it by an interval at the
    level of regressions. Before the first look that may call one, the level of the equivalence test is enough to want
    more pairs. A change that the medians leave open may slow down every block: there the mean has to exceed the
    medians' change, too.
    """
    benchmark, margin = change.benchmark, log1p(change.benchmark.margin_pct / 100)
    tail = change_tail(share, change.pairs) if change.pairs >= CHANGE_LOOKS[0] else EQUIVALENCE_TAIL
    worsening, least = worsening_of(benchmark, average.value), log1p(benchmark.margin_pct * HARMLESS / 100)
    if change.verdict == "undecided" and change.change_pct is not None:
        least = max(least, worsening_of(benchmark, log1p(change.change_pct.value / 100)))
    within = worsening + average.half_width(EQUIVALENCE_TAIL) < margin
    if within or worsening - average.half_width(tail) <= least:
        return change
    pct = 100 * expm1(min(average.value, _LARGEST_EXPONENT))
    median_says = f"within the margin of {benchmark.margin_pct:g} %"
    if change.verdict != "unchanged" and change.change_pct is not None:
        median_says = f"at {change.change_pct.value:+.1f} %"
    reason = f"by the median of its blocks {median_says}, but by their mean HEAD is at {pct:+.1f} %"
    return replace(change, verdict="undecided", reason=f"{reason}: the change comes in bursts", detectable_pct=None)
