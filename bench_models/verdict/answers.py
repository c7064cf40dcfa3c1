"""Judges right and wrong answers to the same examples, and the number that stands for them.

On one machine answers repeat exactly, so that an unchanged tree flips none, and nothing is red by chance. What chance
decides is which of its examples a change flips: the test asks whether so uneven a split would be chance. Its level is
each outcome's own, so that a verdict does not depend on how many other benchmarks a check has.

Source: McNemar, Note on the sampling error of the difference between correlated proportions, Psychometrika 12 (1947),
exact; Schuirmann, A comparison of the two one-sided tests procedure and the power approach, J. Pharmacokinet.
Biopharm. 15 (1987), for what is called unchanged, with the bounds of stats/proportions.py.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from math import isclose
from statistics import fmean

from bench_models.stats.estimate import Estimate
from bench_models.stats.proportions import bounded_drop, drop_of, mcnemar
from bench_models.stats.sequential import EQUIVALENCE_ALPHA
from bench_models.verdict.change import Change, Flips, Verdict, worsening_of
from bench_models.verdict.measurements import Answers, Benchmark, Measurements
from bench_models.verdict.numbers import ROUNDING, exact_change

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
    """Say what equal answers cannot show: the fewer they are, the larger a loss may flip none by chance."""
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


# A change that flips answers at random, and loses nothing, may be called regressed in this share of outcomes.
ACCURACY_ALPHA = 0.01

# The smallest loss that can be called a regression, as a part of the margin: as for times.
SMALLEST_OF_MARGIN = 0.5

# A detectable loss would have been seen nine times in ten.
_SEEN = 0.9


def decided(lost: int, won: int, count: int, margin: float) -> Verdict:
    """Return the verdict on ``lost`` and ``won`` of ``count`` examples; ``margin`` is a share of all examples."""
    if _shown(lost, won, count, margin):
        return "regressed"
    if _shown(won, lost, count, margin):
        return "improved"
    bounds = bounded_drop(lost, won, count, level=1 - EQUIVALENCE_ALPHA)
    if lost == won == 0 or (-margin < bounds.low and bounds.high < margin):
        return "unchanged"
    return "undecided"


def smallest_seen(stray: int, count: int, margin: float) -> int:
    """Return the smallest loss that is called regressed nine times in ten, beside ``stray`` flips by chance.

    It is ``count`` where no smaller one is: a loss of all examples leaves none to flip by chance.
    """

    def seen(loss: int) -> bool:
        # The more of the stray ones are lost, the clearer it is: so many suffice.
        enough = bisect_left(range(stray + 1), 1, key=lambda lost: _shown(loss + lost, stray - lost, count, margin))
        return enough <= stray and mcnemar(enough, stray - enough) >= _SEEN

    return bisect_left(range(count), 1, key=seen)


def unseen(count: int) -> float:
    """Return the share of answers that a change can lose and flip none of ``count`` examples one time in twenty.

    Source: the exact form of the rule of three; Hanley and Lippman-Hand, If nothing goes wrong, is everything all
    right?, JAMA 249 (1983).
    """
    return float(1 - EQUIVALENCE_ALPHA ** (1 / count))


def _shown(lost: int, won: int, count: int, margin: float) -> bool:
    """Say whether a loss is significant, and large enough for somebody to care about."""
    large = lost - won >= SMALLEST_OF_MARGIN * margin * count * (1 - ROUNDING)
    return lost > won and large and mcnemar(lost, won) <= ACCURACY_ALPHA


def with_number(change: Change, measurements: Measurements) -> Change:
    """Return the verdict on the answers, or a stricter one where the number disagrees with them."""
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
        change_pct=exact_change(base, head),
        detectable_pct=None,
    )


def _scattered(change: Change, base: Sequence[float], head: Sequence[float]) -> Change:
    """Judge a number that does not repeat: the answers are those of the first pair, and other pairs would differ.

    A loss is shown only where the worst number of BASE and the best one of HEAD still show it.
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
    """Return how far the number changed beyond what its margin and the flipped answers allow, or 0."""
    went, flips, estimate = head - base, change.flips, change.change_pct
    alike = flips is None or not (flips.right_to_wrong or flips.wrong_to_right)
    if not alike and (estimate is None or not base):
        return 0.0  # there is nothing to compare the number with
    low, high = (0.0, 0.0) if alike or estimate is None else (estimate.low, estimate.high)
    margin = _margin(change, base)
    least, most = low / 100 * abs(base) - margin, high / 100 * abs(base) + margin
    return went - most if went > most else min(0.0, went - least)


def _margin(change: Change, base: float) -> float:
    return (change.benchmark.margin_pct + ROUNDING) / 100 * abs(base)


def _repeats(numbers: Sequence[float]) -> bool:
    return all(isclose(each, numbers[0], rel_tol=ROUNDING) for each in numbers)


def _spread(numbers: Sequence[float]) -> str:
    least, most = f"{min(numbers):g}", f"{max(numbers):g}"
    return least if least == most else f"{least} to {most}"
