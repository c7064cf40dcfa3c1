"""Scores the rows of a suite side by side, a process for each, as one thread answers the sentences of a row."""

import multiprocessing
import signal
import sys
import time
from collections import deque
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from multiprocessing import connection
from typing import TYPE_CHECKING

from bench_models import suites
from bench_models.build import Builder
from bench_models.errors import EnvironmentTroubleError
from bench_models.machine import available_cores
from bench_models.metrics.scorecard import Scorecard, score, stored
from bench_models.outcomes import Failed, Measured, Outcome
from bench_models.storage import Store
from bench_models.suites.suite import Variant

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerProcess

# A row takes up to 1.5 GB while it is scored: more of them at once would not fit into a small machine.
_MOST = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """A row that was scored, and in how many seconds; None where its scorecard was in the store."""

    row: str
    outcome: Outcome[Scorecard]
    seconds: float | None


def side_by_side() -> int:
    """Return how many rows are scored at once here."""
    return min(available_cores(), _MOST)


def score_side_by_side(builder: Builder, suite: str) -> Generator[Scored, None, None]:
    """Score each row of the builder's suite, and yield it as soon as it is done: those in the store come first.

    ``suite`` is the name or the path by which other processes find the suite. Rows are trained here, one after the
    other, when all cores would else have nothing to score. Close the iterator to end the processes.
    """
    waiting = []
    for variant in builder.suite.variants:
        if isinstance(stored(builder, variant), Measured):
            yield Scored(row=variant.name, outcome=score(builder, variant), seconds=None)
        else:
            waiting.append(variant)
    while waiting:
        ready, failed = _trained(builder, waiting)
        for variant in failed:
            yield Scored(row=variant.name, outcome=score(builder, variant), seconds=None)  # which says why
        yield from _in_processes(builder, suite, [variant.name for variant in ready])
        waiting = [variant for variant in waiting if variant not in (*ready, *failed)]


def _trained(builder: Builder, waiting: Sequence[Variant]) -> tuple[list[Variant], list[Variant]]:
    """Return the rows that wait for no training, after training enough for all cores; and those that cannot be had."""
    ready: list[Variant] = []
    failed = []
    for variant in waiting:
        if builder.untrained(variant.name):
            if len(ready) >= side_by_side():
                continue
            try:
                builder.train(variant.name)
            except Exception:  # noqa: BLE001  # whatever it is, scoring meets it again, and records or raises it
                failed.append(variant)
                continue
        ready.append(variant)
    return ready, failed


def _in_processes(builder: Builder, suite: str, rows: Sequence[str]) -> Generator[Scored, None, None]:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["bench_models.metrics.preload"])
    waiting = deque(rows)
    running: dict[str, tuple[float, ForkServerProcess]] = {}
    try:
        while waiting or running:
            while waiting and len(running) < side_by_side():
                row = waiting.popleft()
                process = context.Process(target=_score, args=(suite, builder.store, row))
                process.start()
                running[row] = time.monotonic(), process
            ended = connection.wait([process.sentinel for _, process in running.values()])
            for row in [row for row, (_, process) in running.items() if process.sentinel in ended]:
                begun, process = running.pop(row)
                seconds = time.monotonic() - begun
                process.join()
                yield Scored(row=row, outcome=_found(builder, row, process.exitcode or 0), seconds=seconds)
    finally:
        for _, process in running.values():
            process.terminate()
            process.join()


def _score(suite: str, store: Store, row: str) -> None:
    """Score a row in a process of its own; the store keeps what it finds."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal interrupts all: the process that started this ends it
    builder = Builder(suite=suites.load(suite), store=store)
    try:
        score(builder, builder.suite[row])
    except EnvironmentTroubleError:
        sys.exit(1)


def _found(builder: Builder, row: str, status: int) -> Outcome[Scorecard]:
    """Return what a process left in the store; what it could not say is found out here."""
    if status < 0:
        return Failed(error=f"the process that scored it was ended by signal {-status} ({_meaning(-status)})")
    variant = builder.suite[row]
    found = stored(builder, variant) if status == 0 else None
    return found or score(builder, variant)


def _meaning(number: int) -> str:
    return "out of memory, or killed" if number == signal.SIGKILL else signal.strsignal(number) or "unknown"
