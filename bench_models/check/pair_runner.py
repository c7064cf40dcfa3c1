"""Takes one pair: a fresh worker on each side, which take timed blocks in turn."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field

from bench_models.check.both_sides import BothSides, LostError, Progress, Workers, failed_on, refused
from bench_models.check.planning import Planned
from bench_models.check.sides.process import (
    BenchmarkFailedError,
    BenchmarkSkippedError,
    Process,
    awake_alone,
    on_one_core,
)
from bench_models.check.worker.protocol import Message
from bench_models.stats.paired_ratios import log_ratio
from bench_models.verdict.measurements import SIDES, Answers, Benchmark, Pair, SideName

# A block is long compared with the clock's resolution and the message that starts it, and otherwise as short as
# possible: what disturbs shared cores comes and goes within milliseconds, and hits both sides alike only when they
# alternate as fast.
BLOCK_S = 0.01
# Knowing how large the error of a pair is takes some blocks, and so many seconds a side.
FEWEST_BLOCKS, FEWEST_S = 6, 0.3
# What a block costs beside its calls: a message there and back, and signals that stop and wake the other side.
MESSAGE_S = 0.0003


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """When a pair ends: when its log-ratio has the standard error ``error``, at the latest after ``side_s`` a side."""

    error: float
    side_s: float


# Processes differ by more than this error.
THOROUGH = Effort(error=0.008, side_s=1.8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocks:
    """How a benchmark is timed within a pair: calls a block, how many blocks a side, and the error that is enough."""

    number: int
    fewest: int
    most: int
    error: float = THOROUGH.error

    @classmethod
    def of(cls, call_s: float, number: int = 0, setup_s: float = 0.0, effort: Effort = THOROUGH) -> "Blocks":
        """Choose for a call of ``call_s`` seconds; ``number`` is the suite's own choice of calls a block, or 0.

        ``setup_s`` is the time of the suite's ``setup``, which runs before each block as under asv before each sample.
        """
        number = number or max(1, round(BLOCK_S / call_s))
        block_s = number * call_s + MESSAGE_S
        most = max(1, 2 * round(effort.side_s / (block_s + setup_s) / 2))
        fewest = min(most, max(FEWEST_BLOCKS, 2 * round(FEWEST_S / block_s / 2)))
        return cls(number=number, fewest=fewest, most=most, error=effort.error)

    @classmethod
    def cold(cls, number: int) -> "Blocks":
        """Choose a single block, for a benchmark that times the first calls of a process."""
        return cls(number=number, fewest=1, most=1)

    def suffice(self, seconds: Mapping[SideName, Sequence[float]]) -> bool:
        """Say whether a pair may end with these blocks: after each A B B A its error is known."""
        taken = len(seconds["base"])
        if taken >= self.most:
            return True
        if taken < self.fewest or taken % 2:
            return False
        return log_ratio(seconds["base"], seconds["head"]).error < self.error


def turns(
    order: Sequence[SideName], blocks: Blocks, seconds: Mapping[SideName, Sequence[float]]
) -> Iterator[Sequence[SideName]]:
    """Yield the sides in the order of each turn, A B B A, until the blocks that are added to ``seconds`` suffice."""
    while not blocks.suffice(seconds):
        yield order if len(seconds["base"]) % 2 == 0 else order[::-1]


def call_seconds(reply: Message, number: int) -> float:
    """Return the seconds of one call in a block of ``number`` calls; raises ``BenchmarkFailedError`` if not above 0."""
    seconds = float(reply["seconds"])
    if not seconds > 0:
        raise BenchmarkFailedError(f"its clock showed {seconds} s for a block")
    return seconds / number


@dataclass(kw_only=True)
class BlockTimer:
    """Times benchmarks; ``timed_s`` is how long its timed calls took, in seconds."""

    both: BothSides
    timed_s: float = 0.0
    _blocks: dict[Benchmark, Blocks] = field(default_factory=dict)

    def open(self, planned: Planned, workers: Workers) -> bool:
        """Set a benchmark up on both sides at once, while nothing is timed; return whether it can be timed."""
        replies = self.both.ask_both(planned, workers, "open", together=True)
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

    def time(self, planned: Planned, workers: Workers) -> None:
        """Time a benchmark in blocks that the sides take in turn, and add them as a pair."""
        blocks = self._blocks[planned.benchmark]
        seconds: dict[SideName, list[float]] = {side: [] for side in SIDES}
        for turn in turns(tuple(workers), blocks, seconds):
            taken = self._block_each(planned, {side: workers[side] for side in turn}, blocks.number)
            if taken is None:
                return
            for side, (call_s, _) in taken.items():
                seconds[side].append(call_s)
                self.timed_s += call_s * blocks.number
        self.both.progress.add_pair(planned, Pair(base=tuple(seconds["base"]), head=tuple(seconds["head"])))

    def _block_each(
        self, planned: Planned, workers: Workers, number: int
    ) -> dict[SideName, tuple[float, float]] | None:
        """Take a block of each side while the other one is stopped.

        The second side is asked even where the first fails: a failure on both sides is not HEAD's doing.
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
        """Return the seconds of a call in a block and of the set-up before it, or None after adding trouble."""
        side, request = worker.side, {"do": "block", "benchmark": planned.benchmark.name, "number": number}
        replies = self.both.ask(planned, {side: worker}, {side: request})
        if replies is None:
            return None
        try:
            call_s = call_seconds(replies[side], number)
        except BenchmarkFailedError as error:
            self.both.progress.add_trouble(failed_on([side], str(error)), planned)
            return None
        return call_s, float(replies[side]["whole_s"]) - call_s * number


@dataclass(kw_only=True)
class PairRunner:
    """Takes pairs, and adds them to the progress; ``one_core`` says that workers compute with one thread."""

    both: BothSides
    one_core: bool = True
    timer: BlockTimer = field(init=False)

    def __post_init__(self) -> None:
        """Time on the same sides."""
        self.timer = BlockTimer(both=self.both)

    @property
    def progress(self) -> Progress:
        """What was measured so far."""
        return self.both.progress

    def renew(self, planned: Sequence[Planned]) -> None:
        """Replace the parents wherever these benchmarks run."""
        self.both.renew(planned)

    def take(self, group: Sequence[Planned]) -> None:
        """Take one pair of each benchmark of a group, all by the same two workers; raises ``LostError``."""
        first = group[0]
        order = SIDES if self.progress.pairs(first) % 2 == 0 else SIDES[::-1]
        with ExitStack() as stack:
            lent = {side: self.both.worker(first, side) for side in order}
            workers = {side: stack.enter_context(worker) for side, worker in lent.items()}
            for planned in group:
                if planned.benchmark.kind == "value":
                    self._value(planned, workers)
                else:
                    with self._closing(planned, workers):
                        if self.timer.open(planned, workers):
                            with on_one_core(workers) if self.one_core else nullcontext():
                                self.timer.time(planned, workers)

    def works_alone(self, planned: Planned, side: SideName) -> bool:
        """Say whether a side, on its own, can open a benchmark that it failed at beside the other side."""
        with self.both.worker(planned, side) as worker:
            try:
                worker.ask(planned.timeout_s, **self.both.request(planned, side, "open"))
                worker.ask(planned.timeout_s, **self.both.request(planned, side, "close"))
            except (BenchmarkFailedError, BenchmarkSkippedError):
                return False
        return True

    def rehearse(self, planned: Planned) -> dict[SideName, list[str]]:
        """Open a benchmark without timing it; return what each side's worker imported for it.

        A parent that used CUDA cannot be forked: where a worker computes on it, workers are spawned from then on.
        """
        with ExitStack() as stack:
            workers = {side: stack.enter_context(self.both.of(planned, side).worker()) for side in SIDES}
            modules: dict[SideName, list[str]] = {}
            # The first pair will meet it again, and say so.
            with suppress(LostError, BenchmarkFailedError), self._closing(planned, workers):
                replies = self.both.ask_both(planned, workers, "open", together=True)
                if replies is not None:
                    if any(reply["circumstances"].get("device", "cpu") != "cpu" for reply in replies.values()):
                        self.both.spawn_only()
                    modules = {side: worker.imported() for side, worker in workers.items()}
            return modules

    @contextmanager
    def _closing(self, planned: Planned, workers: Workers) -> Iterator[None]:
        """Tear the benchmark down on both sides afterwards, whatever happened."""
        try:
            yield
        except LostError as lost:
            for side, worker in workers.items():
                if lost.again or side not in lost.troubles:  # what hangs answers no more
                    with suppress(BenchmarkFailedError, BenchmarkSkippedError):  # the first failure says more
                        worker.ask(planned.timeout_s, **self.both.request(planned, side, "close"))
            raise
        self.both.ask_both(planned, workers, "close", together=True)

    def _value(self, planned: Planned, workers: Workers) -> None:
        """Take a number from each side, one after the other: it may be a time."""
        replies = self.both.ask_both(planned, workers, "value", together=False)
        if replies is None:
            return
        values: dict[SideName, float] = {side: float(replies[side]["value"]) for side in SIDES}
        self.progress.add_pair(planned, Pair(base=(values["base"],), head=(values["head"],)))
        if planned.answers and self.progress.of(planned).answers is None:
            self._answer(planned, workers)

    def _answer(self, planned: Planned, workers: Workers) -> None:
        replies = self.both.ask_both(planned, workers, "answers", together=False)
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
