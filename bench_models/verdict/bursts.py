"""Times that are longer now and then: the median within a pair forgives a burst, and the mean of its blocks does not.

A neighbour's burst hits either side alike, pair after pair, and averages out over pairs. What hits HEAD alone in every
pair is HEAD's own, as a cache that is emptied in every fifth call. This never makes a check red, so it spends nothing
of the error budget.
"""

from collections.abc import Sequence
from dataclasses import replace
from math import expm1, log, log1p
from statistics import fmean

from bench_models.stats.looks import ALARM_LOOKS, HARMLESS, alarm_tail, calm_tail
from bench_models.stats.pairs import Mean, Ratio
from bench_models.verdict.change import Change, harm_of
from bench_models.verdict.observations import Observed

# Two blocks have no median that forgives one of them.
_FORGIVEN = 3

# Beyond it an exponential is no finite number.
_LARGEST_EXPONENT = 700.0


def has_bursts(observed: Observed) -> bool:
    """Say whether its pairs have so many blocks that bursts may be forgiven in them."""
    return observed.subject.kind == "time" and any(len(pair.base) >= _FORGIVEN for pair in observed.pairs)


def averages_of(observed: Observed) -> Sequence[Ratio]:
    """Return of each pair the logarithm of the ratio of the sides' mean times.

    Each counts alike: by what their blocks tell, pairs with bursts would count less, and they are looked for.
    """
    return [Ratio(value=log(fmean(pair.head)) - log(fmean(pair.base))) for pair in observed.pairs]


def doubted(change: Change, average: Mean, share: float) -> Change:
    """Return what was called unchanged by medians as undecided, where the means show harm.

    The test is that of a regression: the mean is not within the margin, and exceeds half of it by an interval at the
    level of alarms. Before the first look that may alarm, the level of calm is enough to want more pairs.
    """
    subject, margin = change.subject, log1p(change.subject.margin_pct / 100)
    tail = alarm_tail(share, change.pairs) if change.pairs >= ALARM_LOOKS[0] else calm_tail()
    harm = harm_of(subject, average.value)
    within = harm + average.half_width(calm_tail()) < margin
    if within or harm - average.half_width(tail) <= log1p(subject.margin_pct * HARMLESS / 100):
        return change
    pct = 100 * expm1(min(average.value, _LARGEST_EXPONENT))
    reason = (
        f"by the median of its blocks within the margin of {subject.margin_pct:g} %, but by their mean HEAD is at "
        f"{pct:+.1f} %: the change comes in bursts"
    )
    return replace(change, verdict="undecided", reason=reason, visible_pct=None)
