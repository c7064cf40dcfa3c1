"""What became of each benchmark between two commits. Pure: every renderer looks the verdict up here."""

from collections.abc import Sequence

from bench_models.outcomes import Failed, Skipped
from bench_models.stats.looks import LOOKS, Shares
from bench_models.stats.pairs import Mean, means
from bench_models.verdict.answers import judge_answers
from bench_models.verdict.change import Change, Verdict
from bench_models.verdict.numbers import changes_of, judge_exact, judge_noisy
from bench_models.verdict.observations import Absent, Observed


def judge(observed: Sequence[Observed], shares: Shares | None = None) -> list[Change]:
    """Return what became of each benchmark.

    ``shares`` says how many benchmarks of the whole check share the error budget, those of other shards
    included; without it they are those that are here. A variance belongs to a machine, so benchmarks lend
    theirs to others of their shard only, and each gets the verdict that its own shard gave.
    """
    shares = shares or _shares(observed)
    means_of = _means(observed)
    return [_judge(each, means_of.get(id(each)), shares.of(each.subject.kind)) for each in observed]


def wants_more(observed: Observed, change: Change) -> bool:
    """Say whether more pairs could decide what is open."""
    return change.verdict == "undecided" and observed.unsettled and len(observed.pairs) < LOOKS[-1]


def exit_status(changes: Sequence[Change], *, complete: bool = True, strict: bool = False) -> int:
    """Return 0 for pass, 1 for a regression, 2 for what could not be measured, 3 for undecided if strict."""
    verdicts = {change.verdict for change in changes}
    if not complete or "failed" in verdicts or not verdicts:
        return 2
    if "regressed" in verdicts:
        return 1
    return 3 if strict and "undecided" in verdicts else 0


def _shares(observed: Sequence[Observed]) -> Shares:
    working = [each for each in observed if each.works]
    timed = sum(each.subject.kind == "time" for each in working)
    return Shares(timed=timed, values=sum(each.answers is None for each in working) - timed)


def _means(observed: Sequence[Observed]) -> dict[int, Mean | None]:
    """Return the mean change of each benchmark that scatters, by identity."""
    lending: dict[tuple[object, ...], list[Observed]] = {}
    for each in observed:
        if each.scatters and each.pairs:
            # Peaks of memory scatter far less than times, and lend them nothing; nor does what has no ratios.
            peers = (each.shard, each.subject.kind) if each.positive else (each.subject,)
            lending.setdefault(peers, []).append(each)
    found: dict[int, Mean | None] = {}
    for group in lending.values():
        found |= zip(map(id, group), means([changes_of(each) for each in group]), strict=True)
    return found


def _judge(observed: Observed, mean: Mean | None, share: float) -> Change:
    troubled = _troubled(observed)
    if troubled is not None:
        return troubled
    if not observed.pairs:
        return Change(subject=observed.subject, verdict="undecided", reason="not measured before the check ended")
    if observed.answers is not None:
        return judge_answers(observed, observed.answers)
    if observed.subject.kind == "time":
        return judge_noisy(observed, mean, share)
    # A number spends half of its share on being taken for exact, and half on the looks at it once it scatters.
    return judge_noisy(observed, mean, share / 2) if observed.scatters else judge_exact(observed, share)


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
            verdict, reason = "failed", f"{_before(base)} on HEAD: {head.error}"
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


def _before(base: Absent | Skipped) -> str:
    return "new, and failed" if isinstance(base, Absent) else f"{_in_words(base)} on BASE and fails"


def _in_words(trouble: Absent | Skipped | Failed | None) -> str:
    if isinstance(trouble, Skipped):
        return f"skipped ({trouble.reason})"
    return "not there" if isinstance(trouble, Absent) else "measured"
