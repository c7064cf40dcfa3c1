"""Finds slow-downs that come in bursts: the mean of blocks shows what the median within a pair forgives.

A neighbour's burst hits either side alike, pair after pair, and averages out over pairs. What hits HEAD alone in every
pair is HEAD's own, as a cache that is emptied in every fifth call. This never makes a check red, so it spends nothing
of the error budget.
"""

from collections.abc import Sequence
from dataclasses import replace
from math import expm1, log, log1p
from statistics import fmean

from bench_models.stats.paired_ratios import Mean, Ratio
from bench_models.stats.sequential import CHANGE_LOOKS, HARMLESS, change_tail, equivalence_tail
from bench_models.verdict.change import Change, worsening_of
from bench_models.verdict.measurements import Measurements

# What the medians may say and the means may doubt: a regression is red without them.
DOUBTFUL = frozenset({"unchanged", "improved", "undecided"})

# Two blocks have no median that forgives one of them.
_FORGIVEN = 3

# Beyond it an exponential is no finite number.
_LARGEST_EXPONENT = 700.0


def has_bursts(measurements: Measurements) -> bool:
    """Say whether its pairs have so many blocks that bursts may be forgiven in them."""
    return measurements.benchmark.kind == "time" and any(len(pair.base) >= _FORGIVEN for pair in measurements.pairs)


def averages_of(measurements: Measurements) -> Sequence[Ratio]:
    """Return of each pair the logarithm of the ratio of the sides' mean times.

    Each counts alike: by what their blocks tell, pairs with bursts would count less, and they are looked for.
    """
    return [Ratio(value=log(fmean(pair.head)) - log(fmean(pair.base))) for pair in measurements.pairs]


def doubted(change: Change, average: Mean, share: float) -> Change:
    """Return as undecided what the medians call no harm, or nothing yet, where the means show harm.

    The test is that of a regression: the mean is not within the margin, and exceeds half of it by an interval at the
    level of alarms. Before the first look that may alarm, the level of calm is enough to want more pairs. What the
    medians leave open may be slower in every block: there the mean has to exceed what they say, too.
    """
    benchmark, margin = change.benchmark, log1p(change.benchmark.margin_pct / 100)
    tail = change_tail(share, change.pairs) if change.pairs >= CHANGE_LOOKS[0] else equivalence_tail()
    worsening, least = worsening_of(benchmark, average.value), log1p(benchmark.margin_pct * HARMLESS / 100)
    if change.verdict == "undecided" and change.change_pct is not None:
        least = max(least, worsening_of(benchmark, log1p(change.change_pct.value / 100)))
    within = worsening + average.half_width(equivalence_tail()) < margin
    if within or worsening - average.half_width(tail) <= least:
        return change
    pct = 100 * expm1(min(average.value, _LARGEST_EXPONENT))
    reason = f"by the median of its blocks {_by_median(change)}, but by their mean HEAD is at {pct:+.1f} %"
    return replace(change, verdict="undecided", reason=f"{reason}: the change comes in bursts", detectable_pct=None)


def _by_median(change: Change) -> str:
    if change.verdict == "unchanged" or change.change_pct is None:
        return f"within the margin of {change.benchmark.margin_pct:g} %"
    return f"at {change.change_pct.value:+.1f} %"
