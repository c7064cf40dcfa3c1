"""Judges every benchmark of a check, without I/O: every renderer looks its verdict up here."""

from collections.abc import Callable, Sequence

from bench_models.outcomes import Failed, Skipped
from bench_models.stats.paired_ratios import Mean, Ratio, means
from bench_models.stats.sequential import LOOKS, Shares
from bench_models.verdict.answers import judge_answers
from bench_models.verdict.change import Change, Verdict
from bench_models.verdict.measurements import Absent, Measurements, Refused, Trouble
from bench_models.verdict.numbers import (
    DOUBTFUL,
    averages_of,
    changes_of,
    doubted,
    has_bursts,
    judge_exact,
    judge_noisy,
)

# Verdicts on benchmarks that give no number on either side, which is not the change's doing.
NOT_MEASURED = frozenset({"skipped", "fails on both"})


def judge(measurements: Sequence[Measurements], shares: Shares | None = None) -> list[Change]:
    """Return the verdict on each benchmark.

    ``shares`` counts the benchmarks of the whole check that share the error budget, those of other shards included;
    without it, all that are given. A variance belongs to a machine, so benchmarks share theirs with others of their
    shard only, and merged shards give each benchmark the verdict that its own shard gave.
    """
    shares = shares or _shares(measurements)
    means_of = _means([each for each in measurements if each.scatters], changes_of)
    averages = _means([each for each in measurements if has_bursts(each)], averages_of)
    changes = [_judge(each, means_of.get(id(each)), shares.of(each.benchmark.kind)) for each in measurements]
    return [
        doubted(change, average, shares.of(each.benchmark.kind))
        if change.verdict in DOUBTFUL and (average := averages.get(id(each)))
        else change
        for each, change in zip(measurements, changes, strict=True)
    ]


def wants_more(measurements: Measurements, change: Change) -> bool:
    """Say whether more pairs could decide an undecided benchmark."""
    return change.verdict == "undecided" and measurements.unsettled and len(measurements.pairs) < LOOKS[-1]


def exit_status(changes: Sequence[Change], *, complete: bool = True, strict: bool = False) -> int:
    """Return 0 for pass, 1 for a regression or a loss, 2 for not measured, 3 for undecided if strict.

    A benchmark that fails or is skipped on both sides counts only where there is no other.
    """
    verdicts = {change.verdict for change in changes}
    if not complete or "failed" in verdicts or verdicts <= NOT_MEASURED:
        return 2
    if verdicts & {"regressed", "lost"}:
        return 1
    return 3 if strict and "undecided" in verdicts else 0


def _shares(measurements: Sequence[Measurements]) -> Shares:
    working = [each for each in measurements if each.works and (each.pairs or not each.unaffected)]
    timed = sum(each.benchmark.kind == "time" for each in working)
    return Shares(timed=timed, values=sum(each.answers is None for each in working) - timed)


def _means(
    measurements: Sequence[Measurements], changes: Callable[[Measurements], Sequence[Ratio]]
) -> dict[int, Mean | None]:
    """Return the mean change of each benchmark, by identity; ``changes`` tells those of its pairs.

    A benchmark has None before the first look: an interval of two pairs would reach from a tenth to tenfold.
    """
    lending: dict[tuple[object, ...], list[Measurements]] = {}
    for each in measurements:
        if each.pairs:
            # Peaks of memory scatter far less than times, and lend them nothing; nor does what has no ratios.
            peers = (each.shard, each.benchmark.kind) if each.positive else (each.benchmark,)
            lending.setdefault(peers, []).append(each)
    found: dict[int, Mean | None] = {}
    for group in lending.values():
        for each, mean in zip(group, means(list(map(changes, group))), strict=True):
            found[id(each)] = mean if len(each.pairs) >= LOOKS[0] else None
    return found


def _judge(measurements: Measurements, mean: Mean | None, share: float) -> Change:
    unmeasured = troubled(measurements)
    if unmeasured is not None:
        return unmeasured
    if not measurements.pairs and measurements.unaffected:
        return Change(benchmark=measurements.benchmark, verdict="unchanged", reason=measurements.unaffected)
    if not measurements.pairs:
        return Change(
            benchmark=measurements.benchmark, verdict="undecided", reason="not measured before the check ended"
        )
    if measurements.answers is not None:
        return judge_answers(measurements, measurements.answers)
    if measurements.benchmark.kind == "time":
        return judge_noisy(measurements, mean, share)
    # A number spends half of its share on being taken for exact, and half on the looks at it once it scatters.
    return judge_noisy(measurements, mean, share / 2) if measurements.scatters else judge_exact(measurements, share)


def troubled(measurements: Measurements) -> Change | None:
    """Return the verdict on a benchmark that a side lacks, skips or fails at; None where both sides work."""
    if measurements.works:
        return None
    verdict, reason = _verdict(measurements.base, measurements.head)
    if verdict == "not comparable" and measurements.pairs:  # it was compared until BASE failed
        verdict, reason = "failed", f"{_in_words(measurements.base)} on BASE after {len(measurements.pairs)} pairs"
    return Change(benchmark=measurements.benchmark, verdict=verdict, reason=reason)


def _verdict(base: Trouble | None, head: Trouble | None) -> tuple[Verdict, str]:
    for side in (head, base):
        if isinstance(side, Refused):
            return "failed", side.error
    if isinstance(head, Failed):
        return _failed(base, head)
    if base is None:  # a skip takes away what worked, too: somebody has to accept that
        return "lost", f"measured on BASE, {_in_words(head)} on HEAD"
    if head is not None:
        return "skipped", f"{_in_words(base)} on BASE, {_in_words(head)} on HEAD"
    if isinstance(base, Absent):
        return "new", "not there on BASE"
    # The benchmark may have been mended or only made to fit: neither shows that the code is better.
    return "not comparable", f"{_in_words(base)} on BASE, measured on HEAD"


def _failed(base: Trouble | None, head: Failed) -> tuple[Verdict, str]:
    if base is None:
        return "regressed", f"fails on HEAD and not on BASE: {head.error}"
    if isinstance(base, Failed):
        also = "" if base == head else f"; on BASE: {base.error}"
        return "fails on both", f"{head.error}{also}"
    before = "new, and failed" if isinstance(base, Absent) else f"{_in_words(base)} on BASE and fails"
    return "failed", f"{before} on HEAD: {head.error}"


def _in_words(trouble: Trouble | None) -> str:
    match trouble:
        case Skipped(reason=reason):
            return f"skipped ({reason})"
        case Failed(error=error) | Refused(error=error):
            return f"fails ({error})"
        case Absent():
            return "not there"
        case None:
            return "measured"
