"""Judges right and wrong answers to the same examples, and the number that stands for them."""

from statistics import fmean

from bench_models.stats.estimate import Estimate
from bench_models.stats.proportions import bounded_drop, drop_of, mcnemar
from bench_models.stats.sequential import EQUIVALENCE_ALPHA
from bench_models.verdict.change import Change, Flips
from bench_models.verdict.flips import ACCURACY_ALPHA, decided, smallest_seen, unseen
from bench_models.verdict.measurements import Answers, Benchmark, Measurements
from bench_models.verdict.told_number import with_number

SHOWN_FLIPS = 10


def judge_answers(measurements: Measurements, answers: Answers) -> Change:
    """Judge right and wrong answers to the same examples, and a number that says something else than they do."""
    benchmark, pair = measurements.benchmark, measurements.pairs[0]
    lost = [text for b, h, text in zip(answers.base, answers.head, answers.examples, strict=True) if b and not h]
    won = [text for b, h, text in zip(answers.base, answers.head, answers.examples, strict=True) if h and not b]
    count, right = len(answers.examples), fmean(answers.base)
    # Relative to the share of right answers, or of wrong ones, whatever unit the benchmark's number has.
    share_of = right if benchmark.better == "higher" else 1 - right
    margin = benchmark.margin_pct / 100 * share_of
    verdict = decided(len(lost), len(won), count, margin)
    drop = (
        bounded_drop(len(lost), len(won), count, level=1 - EQUIVALENCE_ALPHA)
        if verdict == "unchanged"
        else drop_of(len(lost), len(won), count, level=1 - 2 * ACCURACY_ALPHA)
    )
    flips = Flips(
        right_to_wrong=len(lost),
        wrong_to_right=len(won),
        p_value=min(mcnemar(len(lost), len(won)), mcnemar(len(won), len(lost))),
        lost=tuple(lost[:SHOWN_FLIPS]),
        won=tuple(won[: max(0, SHOWN_FLIPS - len(lost))]),
    )
    reason = _flipped(flips, drop.scaled(100), right, count) if lost or won else _same(count, margin)
    seen = smallest_seen(len(lost) + len(won), count, margin)
    too_few = seen > sum(answers.base)  # there are not so many to lose
    change = Change(
        benchmark=benchmark,
        verdict=verdict,
        reason=f"{reason}; so few examples show no loss of any size" if too_few and verdict == "undecided" else reason,
        base=pair.base[0],
        head=pair.head[0],
        change_pct=_relative(drop, benchmark, share_of),
        pairs=1,
        detectable_pct=100 * seen / count / share_of if share_of and not too_few else None,
        flips=flips,
    )
    return with_number(change, measurements)


def _same(count: int, margin: float) -> str:
    """Say what equal answers cannot show: the fewer there are, the larger a loss flips none of them by luck."""
    loss, missed = unseen(count), f"{EQUIVALENCE_ALPHA:.0%} of cases"
    said = f"all {count:,} answers the same; a loss of {100 * loss:.2g} points flips none in {missed}"
    few = f", more than the margin of {100 * margin:.2g}: there are too few of them to see that"
    return said + few if loss > margin else said


def _flipped(flips: Flips, drop_points: Estimate, right: float, examples: int) -> str:
    return (
        f"{flips.right_to_wrong} right to wrong and {flips.wrong_to_right} wrong to right of {examples:,} "
        f"({right:.1%} were right): {drop_points.value:+.2f} points lost "
        f"[{drop_points.low:+.2f}, {drop_points.high:+.2f}], McNemar p = {flips.p_value:.2g}"
    )


def _relative(drop: Estimate, benchmark: Benchmark, share_of: float) -> Estimate | None:
    """Return a drop of right answers as a change of the share of right answers, or of wrong ones, in percent."""
    if not share_of:
        return None
    scale = 100 / share_of
    if benchmark.better == "lower":  # it counts wrong answers
        return Estimate(value=drop.value * scale, low=drop.low * scale, high=drop.high * scale, level=drop.level)
    return Estimate(value=0.0 - drop.value * scale, low=-drop.high * scale, high=-drop.low * scale, level=drop.level)
