"""One pair: a fresh worker on either side, which take timed blocks in turn."""

import math
import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field

from bench_models.outcomes import Failed, Skipped
from bench_models.paired.channel import Message
from bench_models.paired.groups import Planned
from bench_models.paired.notes import Notes, Troubles, failed_on
from bench_models.paired.sides import (
    SIDES,
    BenchmarkFailedError,
    BenchmarkSkippedError,
    Process,
    Side,
    SideName,
    WorkerLostError,
)
from bench_models.stats.pairs import log_ratio
from bench_models.verdict.observations import Answers, Pair, Subject

# A block is long beside the clock and the message that starts it. It is as short as that allows: what
# disturbs two cores that others share comes and goes within milliseconds, and hits both sides alike only
# when they alternate as fast.
BLOCK_S = 0.01
# A pair ends when its blocks agree so well, as processes differ by more: a standard error of the
# logarithm, which six blocks and a third of a second a side are needed to know. Or after so much time.
CALM = 0.008
FEWEST_TURNS, FEWEST_S = 6, 0.3
SIDE_S = 1.8

_REPLY_S = 60.0

Workers = Mapping[SideName, Process]


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocks:
    """How a benchmark is timed within a pair: calls a block, and how many blocks a side."""

    number: int
    fewest: int
    most: int

    @classmethod
    def of(cls, call_s: float, number: int) -> "Blocks":
        """Choose for a call that takes so long; ``number`` is the suite's own choice, or 0."""
        number = number or max(1, round(BLOCK_S / call_s))
        block_s = number * call_s
        most = max(1, 2 * round(SIDE_S / block_s / 2))
        return cls(number=number, fewest=min(most, max(FEWEST_TURNS, round(FEWEST_S / block_s))), most=most)

    def suffice(self, seconds: Mapping[SideName, Sequence[float]]) -> bool:
        """Say whether a pair may end with these blocks: after every second turn (A B B A) its calm is known."""
        turns = len(seconds["base"])
        if turns >= self.most:
            return True
        return turns >= self.fewest and turns % 2 == 0 and log_ratio(seconds["base"], seconds["head"]).error < CALM


class LostError(Exception):
    """A worker died over a benchmark."""

    def __init__(self, planned: Planned, troubles: Troubles) -> None:
        """Say over which, and what its last words were."""
        super().__init__(str(planned.subject))
        self.planned, self.troubles = planned, troubles


@dataclass(kw_only=True)
class Pairing:
    """Takes pairs, and notes what comes of them."""

    sides: Mapping[SideName, Side]
    notes: Notes
    timed_s: float = 0.0
    _caches: dict[str, dict[SideName, str]] = field(default_factory=dict)
    _blocks: dict[Subject, Blocks] = field(default_factory=dict)
    _pairs: int = 0

    def take(self, group: Sequence[Planned]) -> None:
        """Take one pair of each benchmark of a group, all by the same two workers; raises ``LostError``."""
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
            for planned in opened:
                self._close(planned, workers)

    def cache(self, planned: Planned, sharing: Sequence[Planned]) -> None:
        """Run a ``setup_cache`` on either side, one after the other: what the first builds, the second may reuse."""
        files = self._caches.setdefault(str(planned.cache), {})
        for side in SIDES:
            try:
                files[side] = str(self.sides[side].cache(planned.subject.benchmark, planned.cache_timeout_s))
            except BenchmarkSkippedError as skip:
                self.notes.trouble({side: Skipped(reason=f"setup_cache: {skip}")}, *sharing)
            except BenchmarkFailedError as error:
                self.notes.trouble({side: Failed(error=f"setup_cache: {error}")}, *sharing)

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
            except (LostError, BenchmarkFailedError):
                return {}  # the first pair will meet it again, and say so

    def _open(self, planned: Planned, workers: Workers) -> bool:
        """Set a benchmark up on both sides at once, which nothing is timed beside."""
        replies = self._both(planned, workers, together=True, do="open")
        if replies is None:
            return False
        if planned.subject not in self._blocks:
            slowest = max(float(reply["call_s"]) for reply in replies.values())
            if not slowest > 0:
                self.notes.trouble(failed_on(SIDES, f"a call took {slowest} s"), planned)
                return False
            self._blocks[planned.subject] = Blocks.of(slowest, int(replies["base"]["number"]))
        return True

    def _time(self, planned: Planned, workers: Workers) -> None:
        blocks = self._blocks[planned.subject]
        seconds: dict[SideName, list[float]] = {side: [] for side in SIDES}
        order = tuple(workers)
        while not blocks.suffice(seconds):
            for side in order if len(seconds["base"]) % 2 == 0 else order[::-1]:
                taken = self._block(planned, workers[side], blocks.number)
                if taken is None:
                    return
                seconds[side].append(taken / blocks.number)
                self.timed_s += taken
        self.notes.pair(planned, Pair(base=tuple(seconds["base"]), head=tuple(seconds["head"])))

    def _block(self, planned: Planned, worker: Process, number: int) -> float | None:
        """Return the seconds that a block took, or None after noting what the worker met."""
        try:
            reply = worker.ask(planned.timeout_s, do="block", benchmark=planned.subject.benchmark, number=number)
        except WorkerLostError as error:
            raise LostError(planned, failed_on([worker.side], str(error))) from error
        except BenchmarkFailedError as error:
            self.notes.trouble(failed_on([worker.side], str(error)), planned)
            return None
        seconds = float(reply["seconds"])
        if not seconds > 0:
            self.notes.trouble(failed_on([worker.side], f"its clock showed {seconds} s for a block"), planned)
            return None
        return seconds

    def _close(self, planned: Planned, workers: Workers) -> None:
        """Tear down what was timed; a benchmark that cannot is in trouble, as under asv."""
        if self.notes.works(planned):
            self._both(planned, workers, together=True, do="close")

    def _value(self, planned: Planned, workers: Workers) -> None:
        """Take a number from each side, one after the other: it may be a time."""
        replies = self._both(planned, workers, together=False, do="value")
        if replies is None:
            return
        values: dict[SideName, float] = {side: float(replies[side]["value"]) for side in SIDES}
        odd = [side for side in SIDES if not math.isfinite(values[side])]
        if all(map(math.isnan, values.values())):  # asv's word for "not here"
            self.notes.trouble(dict.fromkeys(SIDES, Skipped(reason="returned no number")), planned)
            return
        if odd:
            self.notes.trouble({side: Failed(error=f"returned {values[side]}") for side in odd}, planned)
            return
        self.notes.pair(planned, Pair(base=(values["base"],), head=(values["head"],)))
        if planned.answers and self.notes.of(planned).answers is None:
            self._answer(planned, workers)

    def _answer(self, planned: Planned, workers: Workers) -> None:
        replies = self._both(planned, workers, together=False, do="answers")
        if replies is None:
            return
        texts = {side: tuple(str(text) for text, _ in replies[side]["answers"]) for side in SIDES}
        if texts["base"] != texts["head"]:
            error = "the sides answer different examples, so accuracy cannot be compared example by example"
            self.notes.trouble(failed_on(SIDES, error), planned)
            return
        right = {side: tuple(bool(right) for _, right in replies[side]["answers"]) for side in SIDES}
        self.notes.answers(planned, Answers(base=right["base"], head=right["head"], examples=texts["head"]))

    def _both(self, planned: Planned, workers: Workers, *, together: bool, do: str) -> dict[SideName, Message] | None:
        """Ask both sides; return both replies, or None after noting what either side met."""
        replies: dict[SideName, Message] = {}
        troubles: dict[SideName, Failed | Skipped] = {}
        lost = False
        for side in workers if together else ():
            workers[side].post(**self._request(planned, side, do))
        for side, worker in workers.items():
            if not together:
                worker.post(**self._request(planned, side, do))
            try:
                replies[side] = worker.reply(planned.timeout_s)
            except BenchmarkSkippedError as skip:
                troubles[side] = Skipped(reason=str(skip))
            except BenchmarkFailedError as error:
                lost |= isinstance(error, WorkerLostError)
                troubles[side] = Failed(error=str(error))
        if lost:
            raise LostError(planned, troubles)
        unlike = "" if troubles else _unlike(*(replies[side].get("circumstances", {}) for side in SIDES))
        if troubles or unlike:
            self.notes.trouble(troubles or failed_on(SIDES, unlike), planned)
            return None
        return replies

    def _request(self, planned: Planned, side: SideName, do: str) -> Message:
        return {
            "do": do,
            "benchmark": planned.subject.benchmark,
            "parameters": list(planned.subject.parameters),
            "cache": self._caches[planned.cache][side] if planned.cache else None,
        }


def _pin(workers: Workers) -> None:
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
