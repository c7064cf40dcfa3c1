"""The verdict on right and wrong answers to the same examples."""

from statistics import fmean

from bench_models.stats.estimate import Estimate
from bench_models.stats.looks import FALSE_CALM, VALUE_ALARM
from bench_models.stats.proportions import mcnemar, paired_drop
from bench_models.verdict.change import Change, Flips, Verdict
from bench_models.verdict.observations import Answers, Observed, Subject

SHOWN_FLIPS = 10


def judge_answers(observed: Observed, answers: Answers) -> Change:
    """Judge right and wrong answers to the same examples."""
    subject, pair = observed.subject, observed.pairs[0]
    lost = [text for b, h, text in zip(answers.base, answers.head, answers.examples, strict=True) if b and not h]
    won = [text for b, h, text in zip(answers.base, answers.head, answers.examples, strict=True) if h and not b]
    share = VALUE_ALARM
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
