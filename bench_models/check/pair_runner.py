"""Takes one pair: a fresh worker on each side, which take timed blocks in turn."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field

from bench_models.check.block_timer import BlockTimer
from bench_models.check.both_sides import BothSides, LostError, Workers
from bench_models.check.planning import Planned
from bench_models.check.progress import Progress, failed_on, refused
from bench_models.check.sides.process import REPLY_S, BenchmarkFailedError, BenchmarkSkippedError, on_one_core
from bench_models.verdict.measurements import SIDES, Answers, Pair, SideName


@dataclass(kw_only=True)
class PairRunner:
    """Takes pairs, and adds what comes of them to the progress; ``one_core``: workers compute with one thread."""

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
        """Begin again with another parent wherever these benchmarks run."""
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
        """Say whether a side can open what it failed at while the other side was there, too."""
        with self.both.worker(planned, side) as worker:
            try:
                worker.ask(planned.timeout_s, **self.both.request(planned, side, "open"))
                worker.ask(planned.timeout_s, **self.both.request(planned, side, "close"))
            except (BenchmarkFailedError, BenchmarkSkippedError):
                return False
        return True

    def rehearse(self, planned: Planned) -> dict[SideName, list[str]]:
        """Open a benchmark without timing it; return what either side's worker imported for it.

        A worker that computes on CUDA cannot be forked: from then on workers are spawned.
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
                    asked = {side: worker.ask(REPLY_S, do="imported") for side, worker in workers.items()}
                    modules = {side: reply["modules"] for side, reply in asked.items()}
            return modules

    @contextmanager
    def _closing(self, planned: Planned, workers: Workers) -> Iterator[None]:
        """Tear down on both sides what was set up, whatever happened meanwhile."""
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
