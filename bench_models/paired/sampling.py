"""Pairs of fresh workers that take timed blocks in turn, until every benchmark is decided."""

import logging
import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace

from tqdm import tqdm

from bench_models.outcomes import Failed, Skipped
from bench_models.paired.channel import Message
from bench_models.paired.groups import Planned, grouped
from bench_models.paired.sides import (
    SIDES,
    BenchmarkFailedError,
    BenchmarkSkippedError,
    Process,
    Side,
    SideName,
    WorkerLostError,
)
from bench_models.stats.looks import LOOKS
from bench_models.verdict.changes import judge, wants_more
from bench_models.verdict.observations import Answers, Observed, Pair, Subject

log = logging.getLogger(__name__)

# A block is long beside the clock and the message that starts it. It is as short as that allows: what
# disturbs two cores that others share comes and goes within milliseconds, and hits both sides alike only
# when they alternate as fast.
BLOCK_S = 0.01
# Each side's time within a pair; more of it says little more, as pairs differ by more than blocks.
SIDE_S = 0.6
FEWEST_TURNS, MOST_TURNS = 4, 64
# From here on a call averages over disturbances by itself, and four of them cost too much.
LONG_CALL_S = 0.5

# A number that repeats is exact; it takes two processes to see that.
_REPEATS = 2
_REPLY_S = 60.0

Report = Callable[[Observed], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocks:
    """How a benchmark is timed within a pair: calls a block, and who is first in each two blocks."""

    number: int
    turns: int

    @classmethod
    def of(cls, call_s: float, number: int) -> "Blocks":
        """Choose for a call that takes so long; ``number`` is the suite's own choice, or 0."""
        number = number or max(1, round(BLOCK_S / call_s))
        if number * call_s > LONG_CALL_S:
            return cls(number=number, turns=1)
        turns = round(SIDE_S / (number * call_s))
        return cls(number=number, turns=2 * (max(FEWEST_TURNS, min(MOST_TURNS, turns)) // 2))


@dataclass(kw_only=True)
class Sampler:
    """Takes pairs and keeps what came of them; ``kept`` is told of every change."""

    sides: Mapping[SideName, Side]
    caches: Mapping[str, Mapping[SideName, str]]
    observed: dict[Subject, Observed]
    kept: Report
    elsewhere: int = 0
    timed_s: float = 0.0
    _blocks: dict[Subject, Blocks] = field(default_factory=dict)
    _losses: Counter[Subject] = field(default_factory=Counter)
    _pairs: int = 0
    _renewals: int = 0

    def run(self, planned: Sequence[Planned], looks: Sequence[int] = LOOKS, *, until_decided: bool = True) -> None:
        """Measure all, look after so many pairs, and go on with what is open.

        Without ``until_decided`` everything is measured up to the last look: a recording.
        """
        groups = grouped(planned)
        for _ in range(_REPEATS):
            self._round(groups, [each for each in planned if each.runs and each.subject.kind == "value"])
        pairs = 0
        for look in looks:
            wanted = self._wanted(planned, until_decided=until_decided and pairs > 0)
            if not wanted:
                break
            log.info("%d benchmarks open: up to %d pairs each", len(wanted), look)
            while wanted := [each for each in wanted if self.works(each) and self._count(each) < look]:
                self._renew()
                self._round(groups, wanted)
            pairs = look

    def rehearse(self, planned: Planned) -> dict[SideName, list[str]]:
        """Open a benchmark without timing it; return what either side's worker imported for it.

        A worker that computes on CUDA cannot be forked: from then on workers are spawned.
        """
        with ExitStack() as stack:
            workers = {side: stack.enter_context(self.sides[side].worker()) for side in SIDES}
            try:
                replies = self._both(planned, workers, together=True, do="open")
                if replies is None:
                    return {}
                if any(reply["circumstances"].get("device", "cpu") != "cpu" for reply in replies.values()):
                    for side in self.sides.values():
                        side.spawn_only()
                return {side: worker.ask(_REPLY_S, do="imported")["modules"] for side, worker in workers.items()}
            except (_LostError, BenchmarkFailedError):
                return {}  # the first pair will meet it again, and say so

    def _count(self, planned: Planned) -> int:
        return len(self.observed[planned.subject].pairs)

    def works(self, planned: Planned) -> bool:
        """Say whether neither side has met trouble with a benchmark."""
        observed = self.observed[planned.subject]
        return observed.base is None and observed.head is None

    def _wanted(self, planned: Sequence[Planned], *, until_decided: bool) -> list[Planned]:
        """Return what has noise and is open, by the verdict that a report would give now."""
        changes = {change.subject: change for change in judge(list(self.observed.values()), self.elsewhere)}
        noisy = [each for each in planned if self.works(each) and self._scatters(each.subject)]
        if not until_decided:
            return noisy
        return [each for each in noisy if wants_more(self.observed[each.subject], changes[each.subject])]

    def _scatters(self, subject: Subject) -> bool:
        observed = self.observed[subject]
        return subject.kind == "time" or (observed.answers is None and not observed.repeats)

    def _renew(self) -> None:
        """Give each round its own parents.

        Workers inherit where their parent's code and data happen to lie, which alone made a side a few
        percent slower, pair after pair. With a parent a round that luck is drawn anew for each pair.
        """
        if self._renewals:  # the first parents are new
            for renew in (Side.restart, Side.warmed_again, Side.warmed):
                for side in self.sides.values():
                    renew(side)
        self._renewals += 1

    def _round(self, groups: Mapping[str, Sequence[Planned]], wanted: Sequence[Planned]) -> None:
        """Take one pair of everything that is wanted."""
        names = {each.subject for each in wanted}
        due = [[each for each in group if each.subject in names] for group in groups.values()]
        for group in tqdm([each for each in due if each], unit="pair", leave=False, disable=None, desc="measuring"):
            self._replicate(group)

    def _replicate(self, group: list[Planned]) -> None:
        """Take one pair of a group; a worker that dies costs its benchmark a second try, not the others theirs."""
        had = {each.subject: len(self.observed[each.subject].pairs) for each in group}
        while remaining := [each for each in group if self.works(each) and self._count(each) == had[each.subject]]:
            try:
                self._pair(remaining)
            except _LostError as lost:
                self._losses[lost.planned.subject] += 1
                if self._losses[lost.planned.subject] > 1:
                    self._trouble(lost.planned, lost.troubles)
                log.warning("%s: %s", lost.planned.subject, "; ".join(map(str, lost.troubles.values())))

    def _pair(self, group: list[Planned]) -> None:
        self._pairs += 1
        order = SIDES if self._pairs % 2 else SIDES[::-1]
        with ExitStack() as stack:
            workers = {side: stack.enter_context(self.sides[side].worker()) for side in order}
            if group[0].subject.kind == "value":
                for planned in group:
                    self._value(planned, workers)
                return
            opened = [planned for planned in group if self._open(planned, workers)]
            _pin(workers)
            for planned in opened:
                self._time(planned, workers)

    def _open(self, planned: Planned, workers: Mapping[SideName, Process]) -> bool:
        """Set a benchmark up on both sides at once, which nothing is timed beside."""
        replies = self._both(planned, workers, together=True, do="open")
        if replies is None:
            return False
        if planned.subject not in self._blocks:
            slowest = max(float(reply["call_s"]) for reply in replies.values())
            if not slowest > 0:
                self._trouble(planned, {side: Failed(error=f"a call took {slowest} s") for side in SIDES})
                return False
            self._blocks[planned.subject] = Blocks.of(slowest, int(replies["base"]["number"]))
        return True

    def _time(self, planned: Planned, workers: Mapping[SideName, Process]) -> None:
        blocks = self._blocks[planned.subject]
        seconds: dict[SideName, list[float]] = {side: [] for side in SIDES}
        order = tuple(workers)
        for turn in range(blocks.turns):
            for side in order if turn % 2 == 0 else order[::-1]:
                request = {"do": "block", "benchmark": planned.subject.benchmark, "number": blocks.number}
                reply = self._asked(planned, workers[side], request)
                if reply is None:
                    return
                seconds[side].append(float(reply["seconds"]) / blocks.number)
                self.timed_s += float(reply["seconds"])
        self._add(planned, Pair(base=tuple(seconds["base"]), head=tuple(seconds["head"])))

    def _value(self, planned: Planned, workers: Mapping[SideName, Process]) -> None:
        """Take a number from each side, one after the other: it may be a time."""
        replies = self._both(planned, workers, together=False, do="value")
        if replies is None:
            return
        base, head = (float(replies[side]["value"]) for side in SIDES)
        self._add(planned, Pair(base=(base,), head=(head,)))
        if all(replies[side]["answers"] for side in SIDES):
            self._answer(planned, replies)

    def _answer(self, planned: Planned, replies: Mapping[SideName, Message]) -> None:
        texts = {side: tuple(str(text) for text, _ in replies[side]["answers"]) for side in SIDES}
        if texts["base"] != texts["head"]:
            error = Failed(
                error="the sides answer different examples, so accuracy cannot be compared example by example"
            )
            self._trouble(planned, dict.fromkeys(SIDES, error))
            return
        right = {side: tuple(bool(right) for _, right in replies[side]["answers"]) for side in SIDES}
        answers = Answers(base=right["base"], head=right["head"], examples=texts["head"])
        self._keep(replace(self.observed[planned.subject], answers=answers))

    def _both(
        self, planned: Planned, workers: Mapping[SideName, Process], *, together: bool, do: str
    ) -> dict[SideName, Message] | None:
        """Ask both sides; return both replies, or None after noting what either side met."""
        subject, lost = planned.subject, False
        replies: dict[SideName, Message] = {}
        troubles: dict[SideName, Failed | Skipped] = {}
        requests = {
            side: {
                "do": do,
                "benchmark": subject.benchmark,
                "parameters": list(subject.parameters),
                "cache": self.caches[planned.cache][side] if planned.cache else None,
            }
            for side in workers
        }
        for side, worker in workers.items() if together else ():
            worker.post(**requests[side])
        for side, worker in workers.items():
            if not together:
                worker.post(**requests[side])
            try:
                replies[side] = worker.reply(planned.timeout_s)
            except BenchmarkSkippedError as skip:
                troubles[side] = Skipped(reason=str(skip))
            except BenchmarkFailedError as error:
                lost |= isinstance(error, WorkerLostError)
                troubles[side] = Failed(error=str(error))
        if lost:
            raise _LostError(planned, troubles)
        if troubles:
            self._trouble(planned, troubles)
            return None
        unlike = _unlike(*(replies[side]["circumstances"] for side in SIDES))
        if unlike:
            self._trouble(planned, dict.fromkeys(SIDES, Failed(error=unlike)))
            return None
        return replies

    def _asked(self, planned: Planned, worker: Process, request: Message) -> Message | None:
        try:
            reply = worker.ask(planned.timeout_s, **request)
        except WorkerLostError as error:
            raise _LostError(planned, {worker.side: Failed(error=str(error))}) from error
        except BenchmarkFailedError as error:
            self._trouble(planned, {worker.side: Failed(error=str(error))})
            return None
        if not reply["seconds"] > 0:
            self._trouble(planned, {worker.side: Failed(error=f"its clock showed {reply['seconds']} s for a block")})
            return None
        return reply

    def _add(self, planned: Planned, pair: Pair) -> None:
        before = self.observed[planned.subject]
        self._keep(replace(before, pairs=(*before.pairs, pair)))

    def trouble(self, planned: Sequence[Planned], troubles: Mapping[SideName, Failed | Skipped]) -> None:
        """Note what a side met with benchmarks, which are then measured no more."""
        for each in planned:
            observed = self.observed[each.subject]
            for side, trouble in troubles.items():
                observed = observed.troubled(side, trouble)
            self._keep(observed)

    def _trouble(self, planned: Planned, troubles: Mapping[SideName, Failed | Skipped]) -> None:
        self.trouble([planned], troubles)

    def _keep(self, observed: Observed) -> None:
        self.observed[observed.subject] = observed
        self.kept(observed)


class _LostError(Exception):
    """A worker died over a benchmark."""

    def __init__(self, planned: Planned, troubles: Mapping[SideName, Failed | Skipped]) -> None:
        super().__init__(str(planned.subject))
        self.planned, self.troubles = planned, troubles


def _pin(workers: Mapping[SideName, Process]) -> None:
    """Put both workers on one core, where they meet the same neighbours; they never compute at once."""
    if not hasattr(os, "sched_getaffinity"):
        return
    core = max(os.sched_getaffinity(0))
    for worker in workers.values():
        with suppress(BenchmarkFailedError):  # the next request tells
            worker.ask(_REPLY_S, do="pin", core=core)


def _unlike(base: Mapping[str, str], head: Mapping[str, str]) -> str:
    """Return in words how the sides' circumstances differ, or nothing."""
    names = [name for name in {**base, **head} if base.get(name) != head.get(name)]
    unlike = [f"{name}: {base.get(name, 'unset')} on BASE, {head.get(name, 'unset')} on HEAD" for name in names]
    return f"the sides cannot be compared, they differ in {'; '.join(unlike)}" if unlike else ""
