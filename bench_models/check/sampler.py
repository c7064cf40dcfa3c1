"""Takes rounds of pairs until every benchmark is decided, and tries benchmarks that only one side has.

A benchmark that HEAD alone has must work, or every later check meets it. A benchmark that HEAD lacks or skips is lost
only if it works on BASE: a broken benchmark may be removed.
"""

import logging
import math
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from tqdm import tqdm

from bench_models.check.both_sides import BothSides, LostError, Progress, Troubles, refused
from bench_models.check.pair_runner import PairRunner
from bench_models.check.planning import Planned, grouped
from bench_models.outcomes import Failed, Skipped, reason_of
from bench_models.stats.sequential import LOOKS, Shares
from bench_models.verdict.judge import judge, wants_more
from bench_models.verdict.measurements import SIDES, Absent, SideName

log = logging.getLogger(__name__)


# Benchmarks may fail now and then on both sides; four failures more on one side are that side's doing.
_FAILS_MORE = 4


class OutOfTimeError(Exception):
    """The time that a check may take is spent."""


@dataclass(kw_only=True)
class Sampler:
    """Takes rounds of pairs; ``shares`` counts the benchmarks of the whole check that share the error budget.

    ``ends_at`` is the moment, on the monotonic clock, after which no more pairs are begun.
    """

    runner: PairRunner
    shares: Shares
    ends_at: float = math.inf
    _losses: Counter[tuple[Planned, SideName]] = field(default_factory=Counter)

    @property
    def progress(self) -> Progress:
        """What was measured so far."""
        return self.runner.progress

    def run(self, planned: Sequence[Planned], looks: Sequence[int] = LOOKS, *, until_decided: bool = True) -> None:
        """Measure all benchmarks up to the first look, and the undecided ones on to each look that follows.

        Without ``until_decided`` everything is measured up to the last look: a recording.
        """
        with suppress(OutOfTimeError):
            self._run(planned, looks, until_decided=until_decided)

    def unseen(self, planned: Sequence[Planned]) -> list[Planned]:
        """Return the benchmarks that have fewer pairs than the first look takes, though more would tell more."""
        return [each for each in self._unsettled(planned) if self.progress.pairs(each) < LOOKS[0]]

    def _run(self, planned: Sequence[Planned], looks: Sequence[int], *, until_decided: bool) -> None:
        groups = grouped(planned)
        values = [each for each in planned if each.runs and each.benchmark.kind == "value"]
        # Numbers come first, as they say much in little time. Those with answers are taken twice, to see that they
        # repeat; others go on in the rounds of the times, whose parents are new, as a number may depend on its parent.
        self._round(groups, values)
        self._round(groups, [each for each in values if self.progress.of(each).answers is not None])
        for look in looks:
            wanted = self._wanted(planned, until_decided=until_decided and look != looks[0])
            if not wanted:
                break
            log.info("%d open: up to %d pairs each", len(wanted), look)
            while wanted := [each for each in self._unsettled(wanted) if self.progress.pairs(each) < look]:
                # Workers inherit where their parent's code and data happen to lie, which alone made a side a few
                # percent slower, pair after pair. With new parents each round, that is drawn again for each pair.
                self.runner.renew(wanted)
                self._round(groups, wanted)

    def _wanted(self, planned: Sequence[Planned], *, until_decided: bool) -> list[Planned]:
        """Return the benchmarks that more pairs could decide, by the verdict that a report would give now."""
        unsettled = self._unsettled(planned)
        if not until_decided:
            return unsettled
        changes = {change.benchmark: change for change in judge(list(self.progress.measurements.values()), self.shares)}
        return [each for each in unsettled if wants_more(self.progress.of(each), changes[each.benchmark])]

    def _unsettled(self, planned: Sequence[Planned]) -> list[Planned]:
        """Return the benchmarks that more pairs say more about."""
        return [each for each in planned if self.progress.works(each) and self.progress.of(each).unsettled]

    def _round(self, groups: Mapping[str, Sequence[Planned]], wanted: Sequence[Planned]) -> None:
        """Take one pair of each benchmark that is wanted."""
        names = {each.benchmark for each in wanted}
        due = [[each for each in group if each.benchmark in names] for group in groups.values()]
        for group in tqdm([each for each in due if each], unit="pair", leave=False, disable=None, desc="measuring"):
            if time.monotonic() >= self.ends_at:
                raise OutOfTimeError
            self._replicate(group)

    def _replicate(self, group: list[Planned]) -> None:
        """Take one pair of each benchmark of a group; what fails has a second try, with fresh workers."""
        goal = {each.benchmark: self.progress.pairs(each) + 1 for each in group}
        now: Counter[tuple[Planned, SideName]] = Counter()
        while remaining := [
            each for each in group if self.progress.works(each) and self.progress.pairs(each) < goal[each.benchmark]
        ]:
            try:
                self.runner.take(remaining)
            except LostError as lost:
                blamed = [(lost.planned, side) for side in lost.troubles]
                now.update(blamed)
                self._losses.update(blamed)
                if not lost.again or any(self._stands_out(*each) for each in blamed):
                    self.progress.add_trouble(lost.troubles, lost.planned)
                elif any(now[each] > 1 for each in blamed):
                    self.progress.add_trouble(self._confirmed(lost), lost.planned)
                log.warning("%s: %s", lost.planned.benchmark, "; ".join(map(reason_of, lost.troubles.values())))

    def _stands_out(self, planned: Planned, side: SideName) -> bool:
        """Say whether a side failed so much more often than the other that chance hardly explains it."""
        (other,) = set(SIDES) - {side}
        return self._losses[planned, side] - self._losses[planned, other] >= _FAILS_MORE

    def _confirmed(self, lost: LostError) -> Troubles:
        """Return the troubles, or, where a side works without the other one beside it, that they disturb each other."""
        for side, trouble in lost.troubles.items() if lost.together else ():
            if self.runner.works_alone(lost.planned, side):
                said = f"{side.upper()} fails twice beside the other side, and works alone ({reason_of(trouble)})"
                return refused(f"{said}: do both use the same port or file, or too much memory?")
        return lost.troubles


def try_one_sided(both: BothSides, planned: Sequence[Planned]) -> None:
    """Run once what the other side lacks, skips or, if that is BASE, fails at; only trouble is added."""
    for side in SIDES:
        mine = [each for each in planned if _is_for(side, both, each)]
        if not mine:
            continue
        log.info("%d for %s alone: running each once", len(mine), side.upper())
        both.cache(mine, (side,))
        works = [each for each in mine if getattr(both.progress.of(each), side) is None]
        for group in dict.fromkeys(each.group for each in works):
            _once(both, [each for each in works if each.group == group], side)


def ask_bases_own(both: BothSides, planned: Sequence[Planned]) -> None:
    """Run BASE's own version of what HEAD rewrote and cannot run, to tell whether it worked before.

    HEAD's version runs on both sides, so that both skip it or fail at it alike.
    """
    asked = [each.of_bases_own for each in planned if each.rewritten and _is_for("base", both, each, Failed)]
    if asked:
        log.info("%d rewritten, and not measured on HEAD: running BASE's own versions once", len(asked))
        both.cache(asked, ("base",))
    for each in asked:
        if both.progress.of(each).base is None:
            _once(both, [each], "base")


def _is_for(side: SideName, both: BothSides, planned: Planned, *also: type[Failed]) -> bool:
    seen = both.progress.of(planned)
    if side == "head":
        return seen.base is not None and seen.head is None
    return seen.base is None and isinstance(seen.head, (Absent, Skipped, *also))


def _once(both: BothSides, group: Sequence[Planned], side: SideName) -> None:
    """Run each benchmark of a group on the one side that has it: only trouble is added, after a second try."""
    waiting, tried = list(group), set[Planned]()
    while waiting:
        with both.worker(group[0], side) as worker:
            try:
                for planned in tuple(waiting):
                    for do in ("value",) if planned.benchmark.kind == "value" else ("open", "close"):
                        both.ask(planned, {side: worker}, {side: both.request(planned, side, do)})
                    del waiting[0]
            except LostError as lost:
                if lost.planned in tried or not lost.again:
                    both.progress.add_trouble(lost.troubles, lost.planned)
                    del waiting[0]
                tried.add(lost.planned)
