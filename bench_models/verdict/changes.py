"""What became of each benchmark between two commits. Pure: every renderer looks the verdict up here."""

from collections.abc import Callable, Sequence

from bench_models.stats.looks import LOOKS, Shares
from bench_models.stats.pairs import Mean, Ratio, means
from bench_models.verdict.answers import judge_answers
from bench_models.verdict.bursts import DOUBTFUL, averages_of, doubted, has_bursts
from bench_models.verdict.change import Change
from bench_models.verdict.numbers import changes_of, judge_exact, judge_noisy
from bench_models.verdict.observations import Observed
from bench_models.verdict.troubled import troubled

# Neither side gives a number, and neither side's doing makes it so.
NOT_MEASURED = frozenset({"skipped", "fails on both"})


def judge(observed: Sequence[Observed], shares: Shares | None = None) -> list[Change]:
    """Return what became of each benchmark.

    ``shares`` says how many benchmarks of the whole check share the error budget, those of other shards
    included; without it they are those that are here. A variance belongs to a machine, so benchmarks lend
    theirs to others of their shard only, and each gets the verdict that its own shard gave.
    """
    shares = shares or _shares(observed)
    means_of = _means([each for each in observed if each.scatters], changes_of)
    averages = _means([each for each in observed if has_bursts(each)], averages_of)
    changes = [_judge(each, means_of.get(id(each)), shares.of(each.benchmark.kind)) for each in observed]
    return [
        doubted(change, average, shares.of(each.benchmark.kind))
        if change.verdict in DOUBTFUL and (average := averages.get(id(each)))
        else change
        for each, change in zip(observed, changes, strict=True)
    ]


def wants_more(observed: Observed, change: Change) -> bool:
    """Say whether more pairs could decide what is open."""
    return change.verdict == "undecided" and observed.unsettled and len(observed.pairs) < LOOKS[-1]


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


def _shares(observed: Sequence[Observed]) -> Shares:
    working = [each for each in observed if each.works]
    timed = sum(each.benchmark.kind == "time" for each in working)
    return Shares(timed=timed, values=sum(each.answers is None for each in working) - timed)


def _means(observed: Sequence[Observed], changes: Callable[[Observed], Sequence[Ratio]]) -> dict[int, Mean | None]:
    """Return the mean change of each benchmark, by identity; ``changes`` tells those of its pairs."""
    lending: dict[tuple[object, ...], list[Observed]] = {}
    for each in observed:
        if each.pairs:
            # Peaks of memory scatter far less than times, and lend them nothing; nor does what has no ratios.
            peers = (each.shard, each.benchmark.kind) if each.positive else (each.benchmark,)
            lending.setdefault(peers, []).append(each)
    found: dict[int, Mean | None] = {}
    for group in lending.values():
        found |= zip(map(id, group), means(list(map(changes, group))), strict=True)
    return found


def _judge(observed: Observed, mean: Mean | None, share: float) -> Change:
    unmeasured = troubled(observed)
    if unmeasured is not None:
        return unmeasured
    if not observed.pairs:
        return Change(benchmark=observed.benchmark, verdict="undecided", reason="not measured before the check ended")
    if observed.answers is not None:
        return judge_answers(observed, observed.answers)
    if observed.benchmark.kind == "time":
        return judge_noisy(observed, mean, share)
    # A number spends half of its share on being taken for exact, and half on the looks at it once it scatters.
    return judge_noisy(observed, mean, share / 2) if observed.scatters else judge_exact(observed, share)
