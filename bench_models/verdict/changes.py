"""What became of each benchmark between two commits. Pure: every renderer looks the verdict up here."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log1p
from statistics import fmean, median
from typing import Literal

from bench_models.outcomes import Failed, Skipped
from bench_models.stats.estimate import Estimate
from bench_models.stats.looks import ALARM_LOOKS, FALSE_CALM, LOOKS, alarm_tail, calm_tail
from bench_models.stats.pairs import Mean, Ratio, log_ratio, means
from bench_models.stats.proportions import mcnemar, paired_drop
from bench_models.verdict.observations import Absent, Answers, Observed, Pair, Subject

Verdict = Literal["regressed", "failed", "undecided", "improved", "new", "missing", "unchanged", "skipped"]

SHOWN_FLIPS = 10
# What would have been seen, nine times in ten.
_SEEN_TAIL = 0.1

# What was computed twice in floating point may differ in the last digits, and did not change.
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Flips:
    """Examples that are answered differently."""

    right_to_wrong: int
    wrong_to_right: int
    p_value: float
    lost: tuple[str, ...]
    won: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A verdict on one benchmark with the numbers that it rests on.

    ``change_pct`` is HEAD relative to BASE, greater than zero for more, whatever is better; its
    interval holds for all benchmarks and all looks of the check at once. ``visible_pct`` is the
    smallest change that would have been seen.
    """

    subject: Subject
    verdict: Verdict
    reason: str
    base: float | None = None
    head: float | None = None
    change_pct: Estimate | None = None
    pairs: int = 0
    visible_pct: float | None = None
    flips: Flips | None = None


def judge(observed: Sequence[Observed], elsewhere: int = 0) -> list[Change]:
    """Return what became of each benchmark.

    The error budget is shared by all benchmarks in which chance has a part: those here and those that
    other shards of the same check measure ``elsewhere``.
    """
    sharing = elsewhere + sum(each.by_statistics and each.works for each in observed)
    spreads: dict[int, Mean | None] = {}
    for kind in ("time", "value"):  # peaks of memory scatter far less than times, and lend them nothing
        noisy = [each for each in observed if each.scatters and each.subject.kind == kind]
        spreads |= zip(map(id, noisy), means([_log_ratios(each) for each in noisy]), strict=True)
    return [_judge(each, spreads.get(id(each)), alarm_tail(max(1, sharing))) for each in observed]


def wants_more(observed: Observed, change: Change) -> bool:
    """Say whether more pairs could decide what is open."""
    return change.verdict == "undecided" and observed.scatters and len(observed.pairs) < LOOKS[-1]


def exit_status(changes: Sequence[Change], *, complete: bool = True, strict: bool = False) -> int:
    """Return 0 for pass, 1 for a regression, 2 for what could not be measured, 3 for undecided if strict."""
    verdicts = {change.verdict for change in changes}
    if not complete or "failed" in verdicts or not verdicts:
        return 2
    if "regressed" in verdicts:
        return 1
    return 3 if strict and "undecided" in verdicts else 0


def _judge(observed: Observed, spread: Mean | None, tail: float) -> Change:
    troubled = _troubled(observed)
    if troubled is not None:
        return troubled
    if not observed.pairs:
        return Change(subject=observed.subject, verdict="undecided", reason="not measured before the check ended")
    if observed.answers is not None:
        return _answered(observed, observed.answers, tail)
    return _noisy(observed, spread, tail) if observed.scatters else _exact(observed)


def _troubled(observed: Observed) -> Change | None:
    """Return the verdict on what a side has not, skips or fails at; None where both have it."""
    subject, base, head = observed.subject, observed.base, observed.head
    if base is None and head is None:
        return None
    verdict: Verdict
    if isinstance(head, Failed):
        if base == head:
            verdict, reason = "failed", head.error
        elif isinstance(base, Failed):
            verdict, reason = "failed", f"fails on both sides: {head.error}"
        elif base is None:
            verdict, reason = "regressed", f"fails on HEAD and not on BASE: {head.error}"
        else:
            verdict, reason = "failed", f"{_in_words(base)} on BASE and fails on HEAD: {head.error}"
    elif isinstance(base, Failed):
        if head is None:
            verdict, reason = "improved", f"fails on BASE and not on HEAD: {base.error}"
        else:
            verdict, reason = "failed", f"fails on BASE and {_in_words(head)} on HEAD: {base.error}"
    elif head is None:
        verdict, reason = "new", f"{_in_words(base)} on BASE"
    elif base is None:
        verdict, reason = "missing", f"{_in_words(head)} on HEAD"
    else:
        verdict, reason = "skipped", f"{_in_words(base)} on BASE, {_in_words(head)} on HEAD"
    return Change(subject=subject, verdict=verdict, reason=reason)


def _in_words(trouble: Absent | Skipped | Failed | None) -> str:
    if isinstance(trouble, Skipped):
        return f"skipped ({trouble.reason})"
    return "not there" if isinstance(trouble, Absent) else "measured"


def _exact(observed: Observed) -> Change:
    """Judge numbers that repeat: any change beyond the margin counts."""
    subject, base, head = observed.subject, observed.pairs[0].base[0], observed.pairs[0].head[0]
    margin = abs(base) * subject.margin_pct / 100 * (1 + _ROUNDING)
    verdict: Verdict = "unchanged"
    if abs(head - base) > max(margin, _ROUNDING * abs(base)):
        verdict = "regressed" if _harm(subject, head - base) > 0 else "improved"
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


def _noisy(observed: Observed, spread: Mean | None, tail: float) -> Change:
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
    harm = _harm(subject, spread.value)
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


def _answered(observed: Observed, answers: Answers, tail: float) -> Change:
    """Judge right and wrong answers to the same examples."""
    subject, pair = observed.subject, observed.pairs[0]
    lost = [text for b, h, text in zip(answers.base, answers.head, answers.examples, strict=True) if b and not h]
    won = [text for b, h, text in zip(answers.base, answers.head, answers.examples, strict=True) if h and not b]
    # One look only, so all of the benchmark's share can be spent on it.
    share = tail * len(ALARM_LOOKS)
    drop = paired_drop(answers.base, answers.head, level=1 - 2 * share)
    calm = paired_drop(answers.base, answers.head, level=1 - 2 * FALSE_CALM)
    right = fmean(answers.base)
    # Relative to the share of right answers, or of wrong ones, whatever unit the benchmark's number has.
    share_of = right if subject.better == "higher" else 1 - right
    margin = subject.margin_pct / 100 * share_of
    p_value = mcnemar(len(lost), len(won))
    verdict: Verdict = "undecided"
    if not lost and not won:
        verdict = "unchanged"
    elif p_value / 2 <= share and abs(drop.value) >= margin:
        verdict = "regressed" if drop.value > 0 else "improved"
    elif -margin < calm.low and calm.high < margin:
        verdict = "unchanged"
    flips = Flips(
        right_to_wrong=len(lost),
        wrong_to_right=len(won),
        p_value=p_value,
        lost=tuple(lost[:SHOWN_FLIPS]),
        won=tuple(won[: max(0, SHOWN_FLIPS - len(lost))]),
    )
    return Change(
        subject=subject,
        verdict=verdict,
        reason=_flipped(len(answers.examples), flips, drop.scaled(100), right),
        base=pair.base[0],
        head=pair.head[0],
        change_pct=_relative(drop, subject, share_of),
        pairs=1,
        visible_pct=100 * max(margin, drop.high - drop.value) / share_of if share_of else None,
        flips=flips,
    )


def _flipped(examples: int, flips: Flips, drop_points: Estimate, right: float) -> str:
    if not flips.right_to_wrong and not flips.wrong_to_right:
        return f"all {examples:,} answers the same"
    return (
        f"{flips.right_to_wrong} right to wrong and {flips.wrong_to_right} wrong to right of {examples:,} "
        f"({right:.1%} were right): {drop_points.value:+.2f} points lost "
        f"[{drop_points.low:+.2f}, {drop_points.high:+.2f}], McNemar p = {flips.p_value:.2g}"
    )


def _relative(drop: Estimate, subject: Subject, share_of: float) -> Estimate | None:
    """Return a drop of right answers as a change of the share of right answers, or of wrong ones, in percent."""
    if not share_of:
        return None
    scale = 100 / share_of
    if subject.better == "lower":  # it counts wrong answers
        return Estimate(value=drop.value * scale, low=drop.low * scale, high=drop.high * scale, level=drop.level)
    return Estimate(value=0.0 - drop.value * scale, low=-drop.high * scale, high=-drop.low * scale, level=drop.level)


def _log_ratios(observed: Observed) -> list[Ratio]:
    if not all(map(_positive, observed.pairs)):
        return []
    return [log_ratio(pair.base, pair.head) for pair in observed.pairs]


def _positive(pair: Pair) -> bool:
    return min(*pair.base, *pair.head) > 0


def _harm(subject: Subject, change: float) -> float:
    """Return a change with the sign of what it does to the user: greater than zero is worse."""
    return change if subject.better == "lower" else -change


def _pct(log_change: float) -> float:
    return 100 * (exp(log_change) - 1)
