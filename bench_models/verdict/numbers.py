"""Judges numbers: those that repeat exactly, and those that scatter."""

from dataclasses import dataclass
from math import ceil, expm1, inf, isfinite, log, log1p
from statistics import fmean, median

from bench_models.stats.estimate import Estimate
from bench_models.stats.paired_ratios import Mean, Ratio, log_ratio, relative_differences
from bench_models.stats.sequential import (
    CHANGE_LOOKS,
    EQUIVALENCE_ALPHA,
    HARMLESS,
    SAME_REPEATS,
    VALUE_ALPHA,
    change_tail,
    equivalence_tail,
)
from bench_models.verdict.change import Change, Verdict, worsening_of
from bench_models.verdict.measurements import Benchmark, Measurements

# What would have been seen, nine times in ten.
_SEEN_TAIL = 0.1

# A change beyond a factor of eleven, or 1,000 %, is none that few pairs would need to tell: nothing is said to be seen.
_MOST_SEEN_PCT = 1000.0

# An interval of one or two degrees of freedom may reach further than floating point does. What lies beyond a factor
# of a million is shown as that, unless the change itself is larger; no exponential is taken of more than 700.
_FARTHEST, _LARGEST_EXPONENT = log(1e6), 700.0

# What was computed twice in floating point may differ in the last digits, and did not change. Up to the first integer
# whose successor is none in floating point, integers were counted.
_ROUNDING, _MOST_COUNTED = 1e-9, 2.0**53


def changes_of(measurements: Measurements) -> list[Ratio]:
    """Return the change of each pair: as a logarithm, or, where not all numbers are positive, relative to BASE."""
    if measurements.positive:
        return [log_ratio(pair.base, pair.head) for pair in measurements.pairs]
    base, head = ([fmean(getattr(pair, side)) for pair in measurements.pairs] for side in ("base", "head"))
    return relative_differences(base, head)


def repeats_needed(error: float) -> int:
    """Return how often both sides must repeat their unlike numbers until chance does that with ``error`` at most.

    A number that is one of two at random, as 3 or 4, repeats n times on either side and differs between them
    with a chance of at most 2 (1/4)^n; with more or unlike chances it is less.
    """
    return ceil(log(2 / error, 4))


def judge_exact(measurements: Measurements, share: float = VALUE_ALPHA) -> Change:
    """Judge numbers that repeat: any change beyond the margin counts, once it is sure that they do.

    ``share`` is the error that the benchmark may spend on being called regressed. Unchanged takes as many repeats
    as a number takes to be called the same.
    """
    benchmark, base, head = measurements.benchmark, measurements.pairs[0].base[0], measurements.pairs[0].head[0]
    count, margin = len(measurements.pairs), abs(base) * benchmark.margin_pct / 100 * (1 + _ROUNDING)
    rounding = 0.0 if not benchmark.margin_pct and _counted(base) and _counted(head) else _ROUNDING
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
    change = 0.0 if base == head else (head - base) / abs(base) * 100 if base else inf
    return Change(
        benchmark=benchmark,
        verdict=verdict,
        reason=reason,
        base=base,
        head=head,
        change_pct=Estimate(value=change, low=change, high=change, level=1 - _ROUNDING) if isfinite(change) else None,
        pairs=count,
    )


def _counted(number: float) -> bool:
    return float(number).is_integer() and abs(number) < _MOST_COUNTED


def judge_noisy(measurements: Measurements, mean: Mean | None, share: float) -> Change:
    """Judge numbers that scatter, by the interval of their mean change.

    Unchanged is what excludes a change as large as the margin. Of the rest, regressed or improved is what
    excludes every change that may be harmless (stats/sequential.py): so a change of the margin's size is never taken
    for nothing more often than its own bound says, and what a reviewer does not care for is not called a change.
    A number that is one of a few by chance may be alike on both sides in a few pairs, and then shows no scatter: so it
    is called unchanged after no fewer pairs than one that repeats.
    """
    benchmark, count = measurements.benchmark, len(measurements.pairs)
    base, head = (median(fmean(getattr(pair, side)) for pair in measurements.pairs) for side in ("base", "head"))
    if mean is None:
        why = f"{count} pair is too few"
        return Change(benchmark=benchmark, verdict="undecided", reason=why, base=base, head=head, pairs=count)
    units = _Units(logarithmic=measurements.positive, sized=measurements.sized)
    margin, harmless = units.of(benchmark.margin_pct), units.of(benchmark.margin_pct * HARMLESS)
    wide, narrow = mean.half_width(change_tail(share, count)), mean.cautious_half_width(equivalence_tail())
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
    """What the mean change of a benchmark counts: a logarithm, or shares of a size, which BASE's numbers may lack."""

    logarithmic: bool
    sized: bool

    def of(self, pct: float) -> float:
        """Return a change in percent; a share of no size is nothing."""
        if self.logarithmic:
            return log1p(pct / 100)
        return pct / 100 if self.sized else 0.0

    def pct(self, change: float) -> float:
        """Return a change as a percentage, which is finite."""
        return 100 * (expm1(min(change, _LARGEST_EXPONENT)) if self.logarithmic else change)

    def estimate(self, change: float, reach: float, level: float) -> Estimate:
        """Return a change in percent with an interval that reaches so far to either side."""
        high = min(change + reach, max(change, _FARTHEST)) if self.logarithmic else change + reach
        return Estimate(value=self.pct(change), low=self.pct(change - reach), high=self.pct(high), level=level)
