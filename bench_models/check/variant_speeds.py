"""Measures variants against their baseline, in pairs of fresh processes at one commit.

Variants are measured as a check measures two commits, with two parameters of a benchmark in the place of the commits:
each round has a new parent, as workers inherit its memory layout, and takes one pair of each variant.
"""

import logging
import math
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from tqdm import tqdm

from bench_models.check.pair_runner import Blocks, Effort, call_seconds, turns
from bench_models.check.sides.isolation import common_variables, one_check_at_a_time
from bench_models.check.sides.process import (
    BenchmarkFailedError,
    BenchmarkSkippedError,
    Process,
    WorkerLostError,
    awake_alone,
    on_one_core,
)
from bench_models.check.sides.side import Side, Tree, started
from bench_models.check.sides.suite import Discovery
from bench_models.check.worker.protocol import Message
from bench_models.errors import BenchModelsError
from bench_models.machine import available_cores
from bench_models.outcomes import Failed, Measured, Outcome, Skipped
from bench_models.stats.timing import PAIRS
from bench_models.verdict.measurements import SIDES, Pair, SideName

log = logging.getLogger(__name__)


# The pairs of each benchmark; the baseline is their base.
Pairs = Mapping[str, tuple[Pair, ...]]
# Told of a variant and its pairs so far.
Seen = Callable[[str, Outcome[Pairs]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The benchmarks to compare, each with one parameter, in which each of ``others`` is set against ``baseline``.

    The first benchmark is timed thoroughly, in so many ``pairs``; the others are timed in the first rounds only.
    ``cache`` is the folder that holds what their ``setup_cache`` returned; without it that is run first.
    ``preload`` are modules that all workers need.
    """

    benchmarks: tuple[str, ...]
    baseline: str
    others: tuple[str, ...]
    cache: Path | None = None
    pairs: int = PAIRS
    preload: tuple[str, ...] = ()


def compare(tree: Tree, asked: Asked, seen: Seen | None = None) -> dict[str, Outcome[Pairs]]:
    """Return the pairs of each of ``others``, or why it cannot be run; ``seen`` is told after each pair.

    Raises ``BenchModelsError`` where none can be run, or a check runs for too long.
    """
    with one_check_at_a_time() as scratch:
        environment = {**os.environ, **common_variables(1)}
        # The parents of so many rounds import at once, each on a core of its own.
        together = min(2, available_cores(), asked.pairs)
        sides = [Side(replace(tree, place=f"{tree.place}-{at}"), scratch, environment) for at in range(together)]
        for side in sides:
            side.warm(list(asked.preload))
        with started(sides):
            for side in sides:
                _require_known(side.discovered(), asked.benchmarks)
            return _compared(sides, asked, seen)


def _compared(sides: Sequence[Side], asked: Asked, seen: Seen | None) -> dict[str, Outcome[Pairs]]:
    cache = asked.cache or sides[0].cache(asked.benchmarks[0], sides[0].tree.timeout_s)
    rounds = _Rounds(sides=sides, asked=replace(asked, cache=cache))
    for turn in range(asked.pairs):
        due = [name for name in asked.others if rounds.wants(name)]
        if due and turn and turn % len(sides) == 0:
            rounds.renew()
        for name in tqdm(due, unit="pair", leave=False, disable=None, desc=f"round {turn + 1}"):
            rounds.take(name, turn)
            if seen:
                seen(name, rounds.found[name])
    return {name: rounds.found[name] for name in asked.others}


def _require_known(found: Discovery, benchmarks: Sequence[str]) -> None:
    known = {each.name for each in found.benchmarks}
    missing = [name for name in benchmarks if name not in known]
    if missing:
        broken = "; ".join(f"{module}: {error}" for module, error in found.broken.items())
        raise BenchModelsError(f"there is no benchmark {' and '.join(missing)}{f' ({broken})' if broken else ''}")


@dataclass(kw_only=True)
class _Rounds:
    """Takes pairs of workers, those of a round on one of the sides; ``found`` is the outcome of each variant so far."""

    sides: Sequence[Side]
    asked: Asked
    found: dict[str, Outcome[Pairs]] = field(default_factory=dict)
    _imported: dict[str, None] = field(default_factory=dict)

    def renew(self) -> None:
        """Give each of the next rounds its own parent, which imports what the workers of the first round did."""
        for side in self.sides:
            side.warm(list(self._imported))
            side.renew()
        for side in self.sides:
            side.discovered()

    def wants(self, name: str) -> bool:
        """Say whether a variant can be run, as far as is known."""
        return isinstance(self.found.get(name), Measured | None)

    def take(self, name: str, turn: int) -> None:
        """Take one pair of a variant; a worker that dies has one more try."""
        try:
            try:
                new = self._pair(name, turn)
            except WorkerLostError as error:
                log.warning("%s: %s; once more", name, error)
                new = self._pair(name, turn)
        except BenchmarkSkippedError as skip:
            self.found[name] = Skipped(reason=str(skip))
        except BenchmarkFailedError as error:
            log.warning("%s: %s", name, error)
            self.found[name] = Failed(error=str(error))
        else:
            found = self.found.get(name)
            before = found.value if isinstance(found, Measured) else {}
            more = {benchmark: (*before.get(benchmark, ()), pair) for benchmark, pair in new.items()}
            self.found[name] = Measured(value={**before, **more})

    def _pair(self, name: str, turn: int) -> dict[str, Pair]:
        first, *others = self.asked.benchmarks
        side = self.sides[turn % len(self.sides)]
        with ExitStack() as stack:
            # The one that is forked first changes from round to round.
            order = SIDES if turn % 2 == 0 else SIDES[::-1]
            processes = {name: stack.enter_context(side.worker()) for name in order}
            workers = _Workers(
                processes=processes,
                parameters={"base": self.asked.baseline, "head": name},
                cache=str(self.asked.cache),
                timeout_s=side.tree.timeout_s,
            )
            pairs = {first: workers.pair(first, thoroughly=True)}
            if turn < _ROUNDS_OF_OTHERS:
                pairs |= {each: workers.pair(each, thoroughly=False) for each in others}
            if turn == 0:
                for process in processes.values():
                    self._imported |= dict.fromkeys(process.imported())
            return pairs


# Rounds in which the other benchmarks are timed, with one block a side: of a batch, that takes as long as a whole pair.
_ROUNDS_OF_OTHERS = 4
# Processes differ by more than this error, so that longer pairs say little (docs/performance.md).
_BRIEF = Effort(error=0.012, side_s=0.6)
# A shorter block begins with a call that is not counted: the other process had the core in between, and a model that
# fits into the caches would be charged with reading its weights back, which a server of that model alone never does.
_LONG_S = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class _Workers:
    """Two fresh workers, the parameter that each runs a benchmark with, and how long a reply may take."""

    processes: Mapping[SideName, Process]
    parameters: Mapping[SideName, str]
    cache: str
    timeout_s: float

    def pair(self, benchmark: str, *, thoroughly: bool) -> Pair:
        """Open a benchmark on both sides at once, while nothing is timed, and time it in turn.

        What is not timed thoroughly takes one block a side; the side that begins changes from round to round.
        """
        for side, process in self.processes.items():
            process.post(**_opening(benchmark, self.parameters[side], self.cache))
        opened = {side: process.reply(self.timeout_s) for side, process in self.processes.items()}
        with on_one_core(self.processes):
            # Where a sample of asv would be one call, it is a block by itself: how long it takes need not be known.
            long = [side for side in self.processes if not thoroughly and opened[side]["number"] == 1]
            call_s = {side: math.inf if side in long else self._block(side, benchmark, 1) for side in self.processes}
            blocks = {side: Blocks.of(call_s[side], effort=_BRIEF) for side in self.processes}
            slower = min(blocks.values(), key=lambda each: each.most)
            seconds: dict[SideName, list[float]] = {side: [] for side in SIDES}
            for turn in turns(tuple(self.processes), slower if thoroughly else Blocks.cold(1), seconds):
                for side in turn:
                    number = blocks[side].number
                    if call_s[side] * number < _LONG_S:
                        self._block(side, benchmark, 1)
                    seconds[side].append(self._block(side, benchmark, number))
        return Pair(base=tuple(seconds["base"]), head=tuple(seconds["head"]))

    def _block(self, side: SideName, benchmark: str, number: int) -> float:
        """Return the seconds of a call in a block of so many."""
        with awake_alone(self.processes, side) as process:
            reply = process.ask(self.timeout_s, do="block", benchmark=benchmark, number=number)
        return call_seconds(reply, number)


def _opening(benchmark: str, parameter: str, cache: str) -> Message:
    """Return the request to set a benchmark up for one parameter."""
    return {"do": "open", "benchmark": benchmark, "parameters": [repr(parameter)], "cache": cache}
