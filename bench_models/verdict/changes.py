"""Judges every benchmark of a check. Pure: every renderer looks the verdict up here."""

from collections.abc import Callable, Sequence

from bench_models.stats.paired_ratios import Mean, Ratio, means
from bench_models.stats.sequential import LOOKS, Shares
from bench_models.verdict.answers import judge_answers
from bench_models.verdict.bursts import DOUBTFUL, averages_of, doubted, has_bursts
from bench_models.verdict.change import Change
from bench_models.verdict.measurements import Measurements
from bench_models.verdict.numbers import changes_of, judge_exact, judge_noisy
from bench_models.verdict.troubled import troubled

# Neither side gives a number, and neither side's doing makes it so.
NOT_MEASURED = frozenset({"skipped", "fails on both"})


def judge(measurements: Sequence[Measurements], shares: Shares | None = None) -> list[Change]:
    """Return what became of each benchmark.

    ``shares`` says how many benchmarks of the whole check share the error budget, those of other shards
    included; without it they are those that are here. A variance belongs to a machine, so benchmarks lend
    theirs to others of their shard only, and each gets the verdict that its own shard gave.
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
    """Say whether more pairs could decide what is open."""
    return change.verdict == "undecided" and measurements.unsettled and len(measurements.pairs) < LOOKS[-1]


def exit_status(changes: Sequence[Change], *, complete: bool = True, strict: bool = False) -> int:
    """Return 0 for pass, 1 for a regression or a loss, 2 for what could not be measured, 3 for undecided if strict.

    What fails or is skipped on both sides is not the change's doing, unless there is nothing else.
    """
    verdicts = {change.verdict for change in changes}
    if not complete or "failed" in verdicts or verdicts <= NOT_MEASURED:
        return 2
    if verdicts & {"regressed", "lost"}:
        return 1
    return 3 if strict and "undecided" in verdicts else 0


def _shares(measurements: Sequence[Measurements]) -> Shares:
    working = [each for each in measurements if each.works]
    timed = sum(each.benchmark.kind == "time" for each in working)
    return Shares(timed=timed, values=sum(each.answers is None for each in working) - timed)


def _means(
    measurements: Sequence[Measurements], changes: Callable[[Measurements], Sequence[Ratio]]
) -> dict[int, Mean | None]:
    """Return the mean change of each benchmark, by identity; ``changes`` tells those of its pairs."""
    lending: dict[tuple[object, ...], list[Measurements]] = {}
    for each in measurements:
        if each.pairs:
            # Peaks of memory scatter far less than times, and lend them nothing; nor does what has no ratios.
            peers = (each.shard, each.benchmark.kind) if each.positive else (each.benchmark,)
            lending.setdefault(peers, []).append(each)
    found: dict[int, Mean | None] = {}
    for group in lending.values():
        found |= zip(map(id, group), means(list(map(changes, group))), strict=True)
    return found


def _judge(measurements: Measurements, mean: Mean | None, share: float) -> Change:
    unmeasured = troubled(measurements)
    if unmeasured is not None:
        return unmeasured
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
