"""Takes one pair: a fresh worker on each side, which take timed blocks in turn."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field

from bench_models.check.blocks import Blocks
from bench_models.check.planning import Planned, SuiteName
from bench_models.check.process import (
    REPLY_S,
    SIDES,
    BenchmarkFailedError,
    BenchmarkSkippedError,
    Process,
    SideName,
    WorkerLostError,
    WorkerSpoiltError,
    awake_alone,
    on_one_core,
)
from bench_models.check.progress import Progress, failed_on, refused
from bench_models.check.setup_caches import Caches
from bench_models.check.sides import Side, elsewhere, make_alike
from bench_models.check.worker.protocol import Message
from bench_models.outcomes import Failed, Skipped
from bench_models.verdict.measurements import Answers, Benchmark, Pair

Workers = Mapping[SideName, Process]


class LostError(Exception):
    """A side gave no answer in this pair.

    ``again`` says that another try may tell more, as no worker hung, and ``together`` that both sides did it at once.
    """

    def __init__(
        self, planned: Planned, troubles: Mapping[SideName, Failed | Skipped], *, again: bool, together: bool
    ) -> None:
        """Say over which benchmark, and what happened."""
        super().__init__(str(planned.benchmark))
        self.planned, self.troubles, self.again, self.together = planned, troubles, again, together


@dataclass(kw_only=True)
class Pairing:
    """Takes pairs, and notes what comes of them; ``one_core`` says that workers compute with one thread.

    ``sides`` has both sides with their own suites, and with HEAD's where BASE runs that, too.
    """

    sides: Mapping[SuiteName, Mapping[SideName, Side]]
    progress: Progress
    one_core: bool = True
    timed_s: float = 0.0
    _caches: Caches = field(default_factory=Caches)
    _blocks: dict[Benchmark, Blocks] = field(default_factory=dict)

    def side_of(self, planned: Planned, side: SideName) -> Side:
        """Return what runs a benchmark on a side."""
        return self.sides[planned.suite][side]

    def renew(self, planned: Sequence[Planned]) -> None:
        """Begin again with another parent wherever these benchmarks run, and with what they cached quickly."""
        running = {self.side_of(each, side): None for each in planned for side in SIDES}
        for side in running:
            side.renew()
        for side in running:
            side.discovered()
        make_alike(running)
        self._caches.forget_quick(running)
        self.cache([each for each in planned if self.progress.works(each)])

    def take(self, group: Sequence[Planned]) -> None:
        """Take one pair of each benchmark of a group, all by the same two workers; raises ``LostError``."""
        first = group[0]
        order = SIDES if self.progress.pairs(first) % 2 == 0 else SIDES[::-1]
        with ExitStack() as stack:
            lent = {side: self.side_of(first, side).worker(from_nothing=first.from_nothing) for side in order}
            workers = {side: stack.enter_context(worker) for side, worker in lent.items()}
            for planned in group:
                if planned.benchmark.kind == "value":
                    self._value(planned, workers)
                else:
                    with self._closing(planned, workers):
                        if self._open(planned, workers):
                            with on_one_core(workers) if self.one_core else nullcontext():
                                self._time(planned, workers)

    def once(self, group: Sequence[Planned], side: SideName) -> None:
        """Run each benchmark of a group on one side, which alone can: only trouble is noted, after a second try."""
        waiting, tried = list(group), set[Planned]()
        while waiting:
            place = self.side_of(group[0], side)
            with place.worker(from_nothing=group[0].from_nothing) as worker:
                try:
                    while waiting:
                        self._once(waiting[0], side, worker)
                        del waiting[0]
                except LostError as lost:
                    if lost.planned in tried or not lost.again:
                        self.progress.add_trouble(lost.troubles, lost.planned)
                        del waiting[0]
                    tried.add(lost.planned)

    def works_alone(self, planned: Planned, side: SideName) -> bool:
        """Say whether a side can open what it failed at while the other side was there, too."""
        with self.side_of(planned, side).worker(from_nothing=planned.from_nothing) as worker:
            try:
                worker.ask(planned.timeout_s, **self._request(planned, side, "open"))
                worker.ask(planned.timeout_s, **self._request(planned, side, "close"))
            except (BenchmarkFailedError, BenchmarkSkippedError):
                return False
        return True

    def cache(self, planned: Sequence[Planned], sides: Sequence[SideName] = SIDES) -> None:
        """Run each ``setup_cache`` once a side, one after the other: what the first builds, the second may reuse."""
        for each in planned:
            for side in sides:
                met = self._caches.make(each, self.side_of(each, side))
                if met is not None:
                    self.progress.add_trouble({side: met}, each)

    def rehearse(self, planned: Planned) -> dict[SideName, list[str]]:
        """Open a benchmark without timing it; return what either side's worker imported for it.

        A worker that computes on CUDA cannot be forked: from then on workers are spawned.
        """
        with ExitStack() as stack:
            workers = {side: stack.enter_context(self.side_of(planned, side).worker()) for side in SIDES}
            modules: dict[SideName, list[str]] = {}
            # The first pair will meet it again, and say so.
            with suppress(LostError, BenchmarkFailedError), self._closing(planned, workers):
                replies = self._both(planned, workers, "open", together=True)
                if replies is not None:
                    if any(reply["circumstances"].get("device", "cpu") != "cpu" for reply in replies.values()):
                        for sides in self.sides.values():
                            for side in sides.values():
                                side.spawn_only()
                    asked = {side: worker.ask(REPLY_S, do="imported") for side, worker in workers.items()}
                    modules = {side: reply["modules"] for side, reply in asked.items()}
            return modules

    def _once(self, planned: Planned, side: SideName, worker: Process) -> None:
        for do in ("value",) if planned.benchmark.kind == "value" else ("open", "close"):
            self._ask(planned, {side: worker}, {side: self._request(planned, side, do)})

    @contextmanager
    def _closing(self, planned: Planned, workers: Workers) -> Iterator[None]:
        """Tear down on both sides what was set up, whatever happened meanwhile."""
        try:
            yield
        except LostError as lost:
            for side, worker in workers.items():
                if lost.again or side not in lost.troubles:  # what hangs answers no more
                    with suppress(BenchmarkFailedError, BenchmarkSkippedError):  # the first failure says more
                        worker.ask(planned.timeout_s, **self._request(planned, side, "close"))
            raise
        self._both(planned, workers, "close", together=True)

    def _open(self, planned: Planned, workers: Workers) -> bool:
        """Set a benchmark up on both sides at once, which nothing is timed beside."""
        replies = self._both(planned, workers, "open", together=True)
        if replies is None:
            return False
        if planned.benchmark not in self._blocks:
            number, fixed = int(replies["head"]["number"]), bool(replies["head"]["fixed"])
            if planned.cold:
                self._blocks[planned.benchmark] = Blocks.cold(max(1, number))
                return True
            blocks = self._block_each(planned, workers, number)
            if blocks is None:
                return False
            call_s, setup_s = (max(seconds) for seconds in zip(*blocks.values(), strict=True))
            self._blocks[planned.benchmark] = Blocks.of(call_s, number if fixed else 0, setup_s)
        return True

    def _time(self, planned: Planned, workers: Workers) -> None:
        blocks = self._blocks[planned.benchmark]
        seconds: dict[SideName, list[float]] = {side: [] for side in SIDES}
        order = tuple(workers)
        while not blocks.suffice(seconds):
            turn = order if len(seconds["base"]) % 2 == 0 else order[::-1]
            taken = self._block_each(planned, {side: workers[side] for side in turn}, blocks.number)
            if taken is None:
                return
            for side, (call_s, _) in taken.items():
                seconds[side].append(call_s)
                self.timed_s += call_s * blocks.number
        self.progress.add_pair(planned, Pair(base=tuple(seconds["base"]), head=tuple(seconds["head"])))

    def _block_each(
        self, planned: Planned, workers: Workers, number: int
    ) -> dict[SideName, tuple[float, float]] | None:
        """Take a block of each side while the other one sleeps.

        Both, also where the first one fails: what fails on both sides is not HEAD's doing.
        """
        taken: dict[SideName, tuple[float, float] | None] = {}
        losses: dict[SideName, LostError] = {}
        for side in workers:
            try:
                with awake_alone(workers, side) as worker:
                    taken[side] = self._block(planned, worker, number)
            except LostError as lost:
                losses[side] = lost
        if losses:
            troubles = {side: lost.troubles[side] for side, lost in losses.items()}
            raise LostError(planned, troubles, again=all(lost.again for lost in losses.values()), together=False)
        known = {side: block for side, block in taken.items() if block is not None}
        return known if len(known) == len(workers) else None

    def _block(self, planned: Planned, worker: Process, number: int) -> tuple[float, float] | None:
        """Return the seconds of a call in a block and of the set-up before it, or None after noting trouble."""
        side, request = worker.side, {"do": "block", "benchmark": planned.benchmark.name, "number": number}
        replies = self._ask(planned, {side: worker}, {side: request})
        if replies is None:
            return None
        seconds, whole_s = float(replies[side]["seconds"]), float(replies[side]["whole_s"])
        if not seconds > 0:
            self.progress.add_trouble(failed_on([side], f"its clock showed {seconds} s for a block"), planned)
            return None
        return seconds / number, whole_s - seconds

    def _value(self, planned: Planned, workers: Workers) -> None:
        """Take a number from each side, one after the other: it may be a time."""
        replies = self._both(planned, workers, "value", together=False)
        if replies is None:
            return
        values: dict[SideName, float] = {side: float(replies[side]["value"]) for side in SIDES}
        self.progress.add_pair(planned, Pair(base=(values["base"],), head=(values["head"],)))
        if planned.answers and self.progress.of(planned).answers is None:
            self._answer(planned, workers)

    def _answer(self, planned: Planned, workers: Workers) -> None:
        replies = self._both(planned, workers, "answers", together=False)
        if replies is None:
            return
        examples = {side: tuple(example for example, _ in replies[side]["answers"]) for side in SIDES}
        right = {side: tuple(right for _, right in replies[side]["answers"]) for side in SIDES}
        if examples["base"] != examples["head"]:
            error = "the sides answer different examples, so accuracy cannot be compared example by example"
            self.progress.add_trouble(refused(error), planned)
        elif not examples["head"]:
            self.progress.add_trouble(failed_on(SIDES, "its outcomes are empty"), planned)
        else:
            self.progress.add_answers(
                planned, Answers(base=right["base"], head=right["head"], examples=examples["head"])
            )

    def _both(self, planned: Planned, workers: Workers, do: str, *, together: bool) -> dict[SideName, Message] | None:
        """Ask both sides to do the same; return the replies, or None after noting what either side met."""
        requests = {side: self._request(planned, side, do) for side in workers}
        replies = self._ask(planned, workers, requests, together=together)
        if replies is None:
            return None
        unlike = _unlike(*(replies[side].get("circumstances", {}) for side in SIDES))
        if unlike:
            self.progress.add_trouble(refused(unlike), planned)
            return None
        return replies

    def _ask(
        self, planned: Planned, workers: Workers, requests: Mapping[SideName, Message], *, together: bool = False
    ) -> dict[SideName, Message] | None:
        """Return the replies, or None after noting what a side skips; raises ``LostError`` for what it fails at.

        What gave numbers before and skips now has failed, too.
        """
        replies: dict[SideName, Message] = {}
        troubles: dict[SideName, Failed | Skipped] = {}
        spoilt: list[WorkerSpoiltError] = []
        for side in workers if together else ():
            workers[side].post(**requests[side])
        for side, worker in workers.items():
            if not together:
                worker.post(**requests[side])
            try:
                replies[side] = worker.reply(planned.timeout_s)
            except BenchmarkSkippedError as skip:
                troubles[side] = Skipped(reason=str(skip))
            except BenchmarkFailedError as error:
                spoilt += [error] if isinstance(error, WorkerSpoiltError) else []
                troubles[side] = Failed(error=str(error))
        foreign = "; ".join(filter(None, (elsewhere(side, reply) for side, reply in replies.items())))
        if foreign:
            self.progress.add_trouble(refused(foreign), planned)
            return None
        if any(isinstance(each, Failed) or self.progress.pairs(planned) for each in troubles.values()):
            again = all(isinstance(error, WorkerLostError) for error in spoilt)
            raise LostError(planned, troubles, again=again, together=together)
        if troubles:
            self.progress.add_trouble(troubles, planned)
            return None
        return replies

    def _request(self, planned: Planned, side: SideName, do: str) -> Message:
        return {
            "do": do,
            "benchmark": planned.benchmark.name,
            "parameters": list(planned.benchmark.parameters),
            "cache": self._caches.folder(planned, self.side_of(planned, side)),
        } | ({"cold": planned.cold} if do == "open" else {})


def _unlike(base: Mapping[str, str], head: Mapping[str, str]) -> str:
    """Return in words how the sides' circumstances differ, or nothing.

    What torch says of itself counts where both sides have imported it: importing it later is no other machine.
    """
    known = [name for name in {**base, **head} if name.isupper() or (name in base and name in head)]
    names = [name for name in known if base.get(name) != head.get(name)]
    unlike = [f"{name}: {base.get(name, 'unset')} on BASE, {head.get(name, 'unset')} on HEAD" for name in names]
    return f"the sides cannot be compared, they differ in {'; '.join(unlike)}" if unlike else ""
