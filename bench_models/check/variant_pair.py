"""Takes one pair of a variant and its baseline: two fresh workers on one core, in turn."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from bench_models.check.blocks import Blocks
from bench_models.check.sides.process import REPLY_S, BenchmarkFailedError, Process, awake_alone, on_one_core
from bench_models.check.worker.protocol import Message
from bench_models.verdict.measurements import SIDES, Pair, SideName

# A shorter block begins with a call that does not count: the other process had the core in between, and a model that
# fits into the caches would be charged with reading its weights back, which no one does who serves it alone.
_LONG_S = 0.1

# What is not timed thoroughly takes one block each; who begins changes from round to round.
_ONE_BLOCK = 1

Workers = Mapping[SideName, Process]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Where two workers meet: what each was given, and how long an answer may take."""

    workers: Workers
    parameters: Mapping[SideName, str]
    cache: str
    timeout_s: float

    def turns(self, benchmark: str, *, thoroughly: bool) -> Pair:
        """Open a benchmark on both sides at once, which nothing is timed beside, and time it in turn."""
        for side, worker in self.workers.items():
            worker.post(**opening(benchmark, self.parameters[side], self.cache))
        opened = {side: worker.reply(self.timeout_s) for side, worker in self.workers.items()}
        with on_one_core(self.workers):
            # Where a sample of asv would be one call, it is a block by itself: how long it takes need not be known.
            long = [side for side in self.workers if not thoroughly and opened[side]["number"] == 1]
            call_s = {side: math.inf if side in long else self._block(side, benchmark, 1) for side in self.workers}
            return self._timed(benchmark, call_s, thoroughly=thoroughly)

    def _timed(self, benchmark: str, call_s: Mapping[SideName, float], *, thoroughly: bool) -> Pair:
        plans = {side: Blocks.of(call_s[side]) for side in self.workers}
        slower = min(plans.values(), key=lambda plan: plan.most)
        seconds: dict[SideName, list[float]] = {side: [] for side in SIDES}
        order = tuple(self.workers)
        while not (slower.suffice(seconds) if thoroughly else len(seconds["base"]) >= _ONE_BLOCK):
            for side in order if len(seconds["base"]) % 2 == 0 else order[::-1]:
                number = plans[side].number
                if call_s[side] * number < _LONG_S:
                    self._block(side, benchmark, 1)
                seconds[side].append(self._block(side, benchmark, number))
        return Pair(base=tuple(seconds["base"]), head=tuple(seconds["head"]))

    def _block(self, side: SideName, benchmark: str, number: int) -> float:
        """Return the seconds of a call."""
        with awake_alone(self.workers, side) as worker:
            reply = worker.ask(self.timeout_s, do="block", benchmark=benchmark, number=number)
        seconds = float(reply["seconds"])
        if not seconds > 0:
            raise BenchmarkFailedError(f"its clock showed {seconds} s for a block")
        return seconds / number


def opening(benchmark: str, parameter: str, cache: str) -> Message:
    """Return the request to set a benchmark up for one parameter."""
    return {"do": "open", "benchmark": benchmark, "parameters": [repr(parameter)], "cache": cache}


def imported(worker: Process) -> list[str]:
    """Return what a worker has imported."""
    names: list[str] = worker.ask(REPLY_S, do="imported")["modules"]
    return names
