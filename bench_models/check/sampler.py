"""Takes rounds of pairs until every benchmark is decided."""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tqdm import tqdm

from bench_models.check.both_sides import LostError
from bench_models.check.pair_runner import PairRunner
from bench_models.check.planning import Planned, grouped
from bench_models.check.progress import Progress, Troubles, refused
from bench_models.outcomes import reason_of
from bench_models.stats.sequential import LOOKS, Shares
from bench_models.verdict.judge import judge, wants_more
from bench_models.verdict.measurements import SIDES, SideName

log = logging.getLogger(__name__)

# A benchmark fails now and then on both sides alike; four times more on one of them is that side's doing.
_FAILS_MORE = 4


@dataclass(kw_only=True)
class Sampler:
    """Takes rounds of pairs; ``shares`` counts the benchmarks of the whole check that share the error budget."""

    runner: PairRunner
    shares: Shares
    _losses: Counter[tuple[Planned, SideName]] = field(default_factory=Counter)

    @property
    def progress(self) -> Progress:
        """What was measured so far."""
        return self.runner.progress

    def run(self, planned: Sequence[Planned], looks: Sequence[int] = LOOKS, *, until_decided: bool = True) -> None:
        """Measure all, look after so many pairs, and go on with what is open.

        Without ``until_decided`` everything is measured up to the last look: a recording.
        """
        groups = grouped(planned)
        values = [each for each in planned if each.runs and each.benchmark.kind == "value"]
        # What tells much in little time comes first. Answers are taken twice, to see that they repeat; other numbers
        # go on in the rounds of the times, whose parents are new: what a number has from its parent is drawn anew, too.
        self._round(groups, values)
        self._round(groups, [each for each in values if self.progress.of(each).answers is not None])
        for look in looks:
            wanted = self._wanted(planned, until_decided=until_decided and look != looks[0])
            if not wanted:
                break
            log.info("%d open: up to %d pairs each", len(wanted), look)
            while wanted := [each for each in self._unsettled(wanted) if self.progress.pairs(each) < look]:
                self._renew(wanted)
                self._round(groups, wanted)

    def _wanted(self, planned: Sequence[Planned], *, until_decided: bool) -> list[Planned]:
        """Return what more pairs tell more of and is open, by the verdict that a report would give now."""
        unsettled = self._unsettled(planned)
        if not until_decided:
            return unsettled
        changes = {change.benchmark: change for change in judge(list(self.progress.measurements.values()), self.shares)}
        return [each for each in unsettled if wants_more(self.progress.of(each), changes[each.benchmark])]

    def _unsettled(self, planned: Sequence[Planned]) -> list[Planned]:
        """Return what more pairs tell more of."""
        return [each for each in planned if self.progress.works(each) and self.progress.of(each).unsettled]

    def _renew(self, wanted: Sequence[Planned]) -> None:
        """Give each round its own parents.

        Workers inherit where their parent's code and data happen to lie, which alone made a side a few
        percent slower, pair after pair. With a parent a round that luck is drawn anew for each pair.
        """
        self.runner.renew(wanted)

    def _round(self, groups: Mapping[str, Sequence[Planned]], wanted: Sequence[Planned]) -> None:
        """Take one pair of everything that is wanted."""
        names = {each.benchmark for each in wanted}
        due = [[each for each in group if each.benchmark in names] for group in groups.values()]
        for group in tqdm([each for each in due if each], unit="pair", leave=False, disable=None, desc="measuring"):
            self._replicate(group)

    def _replicate(self, group: list[Planned]) -> None:
        """Take one pair of a group; what fails at it has a second try with fresh workers, and the others theirs."""
        had = {each.benchmark: self.progress.pairs(each) for each in group}
        now: Counter[tuple[Planned, SideName]] = Counter()
        while remaining := [
            each for each in group if self.progress.works(each) and self.progress.pairs(each) == had[each.benchmark]
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
        """Say whether a side failed so much more often than the other that chance explains it badly."""
        (other,) = set(SIDES) - {side}
        return self._losses[planned, side] - self._losses[planned, other] >= _FAILS_MORE

    def _confirmed(self, lost: LostError) -> Troubles:
        """Return what sides met, or why it says nothing of them: one works, as soon as the other is not there."""
        for side, trouble in lost.troubles.items() if lost.together else ():
            if self.runner.works_alone(lost.planned, side):
                said = f"{side.upper()} fails twice beside the other side, and works alone ({reason_of(trouble)})"
                return refused(f"{said}: do both use the same port or file, or too much memory?")
        return lost.troubles
