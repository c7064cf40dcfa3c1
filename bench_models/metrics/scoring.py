"""Scores the rows of a suite side by side, a process for each, as one thread answers the sentences of a row."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Generator, Sequence
from dataclasses import dataclass, fields
from functools import partial
from importlib import import_module
from multiprocessing import connection
from typing import TYPE_CHECKING

from msgspec import Struct, json

from bench_models import suites
from bench_models.build import Builder
from bench_models.errors import BenchModelsError, EnvironmentTroubleError
from bench_models.machine import available_cores, available_memory, emulated_types, return_freed_memory
from bench_models.metrics.scorecard import Scorecard, failed, score, stored
from bench_models.outcomes import Failed, Measured, Outcome, Skipped
from bench_models.serving import unavailable_reason
from bench_models.storage import HOME, Store
from bench_models.suites.suite import Suite, Variant

if TYPE_CHECKING:
    from multiprocessing.context import ForkProcess

# A row takes up to 1.5 GB while it is scored, and what starts it some more.
_ROW_BYTES = 2_000_000_000
# How a process ends that scored a row. Any other status is that of a row which ended its process.
_MEASURED, _FAILED, _TROUBLE = 100, 101, 102


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """A row that was scored, and in how many seconds; None where its scorecard was in the store."""

    row: str
    outcome: Outcome[Scorecard]
    seconds: float | None


def side_by_side() -> int:
    """Return how many rows are scored at once here: one a core, as far as they fit into memory."""
    return max(1, min(available_cores(), available_memory() // _ROW_BYTES))


def score_side_by_side(builder: Builder, suite: str) -> Generator[Scored, None, None]:
    """Score each row of the builder's suite, and yield it as soon as it is done: those in the store come first.

    ``suite`` is the name or the path by which other processes find the suite. Rows are trained here, one after the
    other, when all cores would else have nothing to score. Rows that this CPU emulates come last, so that there soon is
    something to read. Close the iterator to end the processes.
    """
    waiting = []
    for variant in builder.suite.variants:
        if isinstance(stored(builder, variant), Measured | Skipped):
            yield Scored(row=variant.name, outcome=score(builder, variant), seconds=None)
        else:
            waiting.append(variant)
    waiting.sort(
        key=partial(is_emulated, builder.suite)
    )  # a baseline that is emulated stays first: all rows start from it
    while waiting:
        ready, broken = _trained(builder, waiting)
        for variant in broken:
            yield Scored(row=variant.name, outcome=score(builder, variant), seconds=None)  # which says why
        if ready:
            yield from _in_processes(builder, suite, [variant.name for variant in ready])
        waiting = [variant for variant in waiting if variant not in (*ready, *broken)]


def measured_unasked(suite: Suite) -> list[str]:
    """Return the rows that are measured where none is named: those that train nothing and that this machine can run.

    One whose type the CPU emulates can take as long as all others together, and says little of CPUs that do not; but if
    the baseline is such a row, all are.
    """
    emulated_too = is_emulated(suite, suite.baseline)
    rows = [suite[name] for name in suite.quick]
    rows = [row for row in rows if emulated_too or not is_emulated(suite, row)]
    return [row.name for row in rows if unavailable_reason(row) is None]


def is_emulated(suite: Suite, variant: Variant) -> bool:
    """Say whether a row names a 16-bit type that this CPU has no arithmetic for."""
    steps = [step for row in suite.lineage(variant.name) for step in row.steps]
    return any(getattr(step, field.name) in emulated_types() for step in steps for field in fields(step))


def _trained(builder: Builder, waiting: Sequence[Variant]) -> tuple[list[Variant], list[Variant]]:
    """Train until each core has a row to score; return the rows that can be scored now, and those that failed."""
    ready: list[Variant] = []
    broken = []
    # Nothing is trained for hours before a baseline is known to be better than chance.
    enough = 1 if waiting[0] is builder.suite.baseline else side_by_side()
    for variant in waiting:
        if builder.untrained(variant.name):
            if len(ready) >= enough:
                continue
            try:
                builder.train(variant.name)
            except Exception:  # noqa: BLE001  # whatever it is, scoring meets it again, and records or raises it
                broken.append(variant)
                continue
            finally:
                return_freed_memory()  # the processes that score need it
        ready.append(variant)
    return ready, broken


def _in_processes(builder: Builder, suite: str, rows: Sequence[str]) -> Generator[Scored, None, None]:
    """Score rows by a server, which imports torch once and forks a process for each row."""
    command = [sys.executable, "-P", "-m", __name__, str(side_by_side()), suite, *rows]
    # It imports from where this process does, and not from the folder that it is in.
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), HOME: str(builder.store.root)}
    # In a session of its own, so that a terminal interrupts this process alone, which then ends the others.
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, start_new_session=True, env=environment) as server:
        try:
            for line in server.stdout or ():
                ended = json.decode(line, type=_Ended)
                yield Scored(row=ended.row, outcome=_found(builder, ended), seconds=ended.seconds)
            if server.wait() != 0:
                raise BenchModelsError(f"the process that scores rows ended with status {server.returncode}")
        finally:
            if server.poll() is None:
                os.killpg(server.pid, signal.SIGKILL)
                deque(server.stdout or (), maxlen=0)  # ends when the last of them does: all hold its other end


class _Ended(Struct, frozen=True, kw_only=True):
    """A process that scored a row: its exit status, negative for a signal, and how long it took."""

    row: str
    status: int
    seconds: float


def _serve(at_once: str, suite: str, *rows: str) -> None:
    """Score rows in forked processes, and write a line to standard output for each that ends.

    All end when the process at the other end of standard input does, however that is ended.
    """
    import_module("bench_models.metrics.preload")
    told = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # whatever libraries print is no answer
    context = multiprocessing.get_context("fork")
    waiting = deque(rows)
    running: dict[str, tuple[float, ForkProcess]] = {}
    while waiting or running:
        while waiting and len(running) < int(at_once):
            row = waiting.popleft()
            process = context.Process(target=_score, args=(suite, row))
            process.start()
            running[row] = time.monotonic(), process
        ended = connection.wait([process.sentinel for _, process in running.values()] + [sys.stdin.fileno()])
        if sys.stdin.fileno() in ended:  # it gets no input: this is its end
            os.killpg(0, signal.SIGKILL)
        for row in [row for row, (_, process) in running.items() if process.sentinel in ended]:
            begun, process = running.pop(row)
            seconds = time.monotonic() - begun
            process.join()
            told.write(json.encode(_Ended(row=row, status=process.exitcode or 0, seconds=seconds)) + b"\n")


def _score(suite: str, row: str) -> None:
    """Score a row in a process of its own, and end with what became of it; the store keeps what it finds."""
    builder = Builder(suite=suites.load(suite), store=Store.default())
    try:
        outcome = score(builder, builder.suite[row])
    except EnvironmentTroubleError:
        sys.exit(_TROUBLE)
    sys.exit(_MEASURED if isinstance(outcome, Measured) else _FAILED)


def _found(builder: Builder, ended: _Ended) -> Outcome[Scorecard]:
    """Return what a process left in the store; what it could not say is found out here."""
    variant = builder.suite[ended.row]
    found = stored(builder, variant)
    if ended.status == _MEASURED and isinstance(found, Measured):
        return found
    if ended.status == _FAILED and isinstance(found, Failed):
        return found
    if ended.status in {_MEASURED, _FAILED, _TROUBLE}:
        return score(builder, variant)  # which meets the trouble, too, and raises it
    how = f"was ended by {_meaning(-ended.status)}" if ended.status < 0 else f"ended with status {ended.status}"
    return failed(builder, variant, f"the process that scored it {how}, and left no scorecard")


def _meaning(number: int) -> str:
    hint = ": out of memory, or killed" if number == signal.SIGKILL else ""
    return f"signal {number} ({signal.strsignal(number)}{hint})"


if __name__ == "__main__":
    _serve(*sys.argv[1:])
