"""What became of each benchmark between two commits. Pure: every renderer looks the verdict up here."""

from collections.abc import Sequence

from bench_models.stats.looks import LOOKS, alarm_tail
from bench_models.stats.pairs import Mean, means
from bench_models.verdict.answers import judge_answers
from bench_models.verdict.change import Change
from bench_models.verdict.numbers import judge_exact, judge_noisy, log_ratios
from bench_models.verdict.observations import Observed
from bench_models.verdict.troubled import troubled

# Neither side gives a number, and neither side's doing makes it so.
NOT_MEASURED = frozenset({"skipped", "fails on both"})


def judge(observed: Sequence[Observed], elsewhere: int = 0) -> list[Change]:
    """Return what became of each benchmark.

    The error budget is shared by all benchmarks in which chance has a part: those here and those that
    other shards of the same check measure ``elsewhere``.
    """
    sharing = elsewhere + sum(each.by_statistics and each.works for each in observed)
    spreads: dict[int, Mean | None] = {}
    for kind in ("time", "value"):  # peaks of memory scatter far less than times, and lend them nothing
        noisy = [each for each in observed if each.scatters and each.subject.kind == kind]
        spreads |= zip(map(id, noisy), means([log_ratios(each) for each in noisy]), strict=True)
    return [_judge(each, spreads.get(id(each)), alarm_tail(max(1, sharing))) for each in observed]


def wants_more(observed: Observed, change: Change) -> bool:
    """Say whether more pairs could decide what is open."""
    return change.verdict == "undecided" and observed.scatters and len(observed.pairs) < LOOKS[-1]


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


def _judge(observed: Observed, spread: Mean | None, tail: float) -> Change:
    unmeasured = troubled(observed)
    if unmeasured is not None:
        return unmeasured
    if not observed.pairs:
        return Change(subject=observed.subject, verdict="undecided", reason="not measured before the check ended")
    if observed.answers is not None:
        return judge_answers(observed, observed.answers)
    return judge_noisy(observed, spread, tail) if observed.scatters else judge_exact(observed)
