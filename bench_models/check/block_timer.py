"""Times a benchmark in blocks that the two sides take in turn."""

from dataclasses import dataclass, field

from bench_models.check.blocks import Blocks
from bench_models.check.both_sides import BothSides, LostError, Workers
from bench_models.check.planning import Planned
from bench_models.check.progress import failed_on
from bench_models.check.sides.process import Process, awake_alone
from bench_models.verdict.measurements import SIDES, Benchmark, Pair, SideName


@dataclass(kw_only=True)
class BlockTimer:
    """Times benchmarks; ``timed_s`` is how long its timed calls took, in seconds."""

    both: BothSides
    timed_s: float = 0.0
    _blocks: dict[Benchmark, Blocks] = field(default_factory=dict)

    def open(self, planned: Planned, workers: Workers) -> bool:
        """Set a benchmark up on both sides at once, which nothing is timed beside."""
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
        """Take blocks in turn, A B B A, until their ratio is known well enough; add them as a pair."""
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
        self.both.progress.add_pair(planned, Pair(base=tuple(seconds["base"]), head=tuple(seconds["head"])))

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
        replies = self.both.ask(planned, {side: worker}, {side: request})
        if replies is None:
            return None
        seconds, whole_s = float(replies[side]["seconds"]), float(replies[side]["whole_s"])
        if not seconds > 0:
            self.both.progress.add_trouble(failed_on([side], f"its clock showed {seconds} s for a block"), planned)
            return None
        return seconds / number, whole_s - seconds
