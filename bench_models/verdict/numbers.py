"""Verdicts on numbers: those that repeat exactly, and those that scatter."""

from math import exp, log1p
from statistics import fmean, median

from bench_models.stats.estimate import Estimate
from bench_models.stats.looks import ALARM_LOOKS, FALSE_CALM, calm_tail
from bench_models.stats.pairs import Mean, Ratio, log_ratio
from bench_models.verdict.change import Change, Verdict, harm_of
from bench_models.verdict.observations import Observed, Pair

# What would have been seen, nine times in ten.
_SEEN_TAIL = 0.1

# What was computed twice in floating point may differ in the last digits, and did not change.
_ROUNDING = 1e-9


def log_ratios(observed: Observed) -> list[Ratio]:
    """Return the log-ratio of each pair; none where a number changes its sign."""
    if not all(map(_positive, observed.pairs)):
        return []
    return [log_ratio(pair.base, pair.head) for pair in observed.pairs]


def judge_exact(observed: Observed) -> Change:
    """Judge numbers that repeat: any change beyond the margin counts."""
    subject, base, head = observed.subject, observed.pairs[0].base[0], observed.pairs[0].head[0]
    margin = abs(base) * subject.margin_pct / 100 * (1 + _ROUNDING)
    verdict: Verdict = "unchanged"
    if abs(head - base) > max(margin, _ROUNDING * abs(base)):
        verdict = "regressed" if harm_of(subject, head - base) > 0 else "improved"
    change = 0.0 if base == head else (head - base) / abs(base) * 100 if base else None
    return Change(
        subject=subject,
        verdict=verdict,
        reason="the same" if base == head else f"exact; the margin is {subject.margin_pct:g} %",
        base=base,
        head=head,
        change_pct=None if change is None else Estimate(value=change, low=change, high=change, level=1 - _ROUNDING),
        pairs=len(observed.pairs),
    )


def judge_noisy(observed: Observed, spread: Mean | None, tail: float) -> Change:
    """Judge numbers that scatter, by the interval of their mean ratio.

    Unchanged is what excludes a change as large as the margin. Of the rest, regressed or improved is what
    excludes no change at all, and is at least half the margin: so a change of the margin's size is found
    unless chance calls it unchanged, which has its own bound (stats/looks.py).
    """
    subject, count = observed.subject, len(observed.pairs)
    base, head = (median(fmean(getattr(pair, side)) for pair in observed.pairs) for side in ("base", "head"))
    if spread is None:
        why = f"{count} pair is too few" if all(_positive(pair) for pair in observed.pairs) else "changes its sign"
        return Change(subject=subject, verdict="undecided", reason=why, base=base, head=head, pairs=count)
    margin = log1p(subject.margin_pct / 100)
    wide, narrow = spread.half_width(tail), spread.half_width(calm_tail())
    harm = harm_of(subject, spread.value)
    verdict: Verdict = "undecided"
    reason, shown, level = f"the margin is {subject.margin_pct:g} %", wide, 1 - 2 * tail * len(ALARM_LOOKS)
    if abs(harm) + narrow < margin:
        verdict, reason = "unchanged", f"within the margin of {subject.margin_pct:g} %"
        shown, level = narrow, 1 - 2 * FALSE_CALM
    elif count >= ALARM_LOOKS[0] and abs(harm) > wide and abs(harm) >= margin / 2:
        verdict = "regressed" if harm > 0 else "improved"
        reason = f"not by chance, and not within the margin of {subject.margin_pct:g} %"
    return Change(
        subject=subject,
        verdict=verdict,
        reason=reason,
        base=base,
        head=head,
        change_pct=Estimate(
            value=_pct(spread.value),
            low=_pct(spread.value - shown),
            high=_pct(spread.value + shown),
            level=level,
        ),
        pairs=count,
        visible_pct=_pct(max(margin / 2, wide + spread.half_width(_SEEN_TAIL))),
    )


def _positive(pair: Pair) -> bool:
    return min(*pair.base, *pair.head) > 0


def _pct(log_change: float) -> float:
    return 100 * (exp(log_change) - 1)
