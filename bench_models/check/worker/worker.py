"""The worker: a process of a side that imports its suite and answers the check's requests.

A parent imports what benchmarks need and forks a fresh worker for each pair; a worker opens benchmarks and times blocks
of calls when it is told to.
"""

from __future__ import annotations

import contextlib
import io
import linecache
import os
import signal
import socket
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import fingerprint, runner
from .observer import Observer
from .protocol import Channel, ChannelClosedError
from .runner import BenchmarkRunner, SkippedError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from .protocol import Message

# What is asked of the benchmarks, and not of the process.
_OF_BENCHMARKS = frozenset({"cache", "open", "block", "value", "answers", "close"})
# What of it gives the figure.
_MEASURED = frozenset({"block", "value"})
_PR_SET_PDEATHSIG = 1  # of <linux/prctl.h>


class Worker:
    """One process on one side: every request has exactly one reply."""

    def __init__(self, address: str, name: str) -> None:
        """Join the check that listens at ``address``."""
        self._address = address
        self._channel = _join(address, name)
        self._runner: BenchmarkRunner | None = None
        self._observer: Observer | None = None
        self._forked: set[int] = set()

    def serve(self) -> None:
        """Answer until the check hangs up."""
        while True:
            try:
                request = self._channel.receive()
            except ChannelClosedError:
                return
            self._reap()
            try:
                self._channel.send(self._reply(**request))
            except ChannelClosedError:
                return
            except SkippedError as skip:
                self._channel.send({"skipped": str(skip)})
            except Exception as error:  # noqa: BLE001  # whatever a benchmark raises is an answer
                self._channel.send({"error": runner.sentence(error), "traceback": traceback.format_exc()})

    def _reply(self, do: str, **arguments: Any) -> Message:
        if self._observer is not None and arguments.get("cache"):
            self._observer.places.add("cache", arguments["cache"])
        of_benchmarks = do in _OF_BENCHMARKS
        answers = getattr(self._runner, do) if of_benchmarks else getattr(self, f"do_{do}")
        with self._watching(imports_count=do in _MEASURED) if of_benchmarks else contextlib.nullcontext():
            reply: Message = answers(**arguments)
        return reply

    def _watching(self, *, imports_count: bool = False) -> AbstractContextManager[None]:
        if self._observer is None:
            return contextlib.nullcontext()
        return self._observer.watching(imports_count=imports_count)

    def do_discover(
        self, suite: str, own: dict[str, Any], warm: list[str], observed: dict[str, str] | None = None
    ) -> Message:
        """Import a suite and what workers will need; return benchmarks, broken modules, the number of threads.

        A folder that does not exist is a suite without benchmarks. What this process does with the folders ``observed``
        is told by ``observation`` later.
        """
        self._observer = Observer(observed) if observed else None  # before the first import that may be the side's own
        from asv_runner._aux import update_sys_path
        from asv_runner.discovery import disc_benchmarks

        update_sys_path(suite)
        there = Path(suite).is_dir()
        with self._watching():
            broken = dict(runner.broken_modules(Path(suite).name)) if there else {}
            with contextlib.redirect_stderr(io.StringIO()):  # it prints what is in ``broken``
                found = runner.distinct(disc_benchmarks(suite, ignore_import_errors=True)) if there else []
            runner.import_all(warm)
        linecache.clearcache()  # of what asv_runner read: a benchmark that reads its source has to open it
        benchmarks = {benchmark.name: benchmark for benchmark in found}
        self._runner = BenchmarkRunner(benchmarks, fingerprint.OwnCode(suite=suite, **own))
        return {
            "benchmarks": [runner.described(benchmark) for benchmark in found],
            "broken": broken,
            "threads": fingerprint.count_threads(),
            **self._runner.foreign_imports(),
            **fingerprint.facts(),
        }

    def do_enter(self, folder: str) -> Message:
        """Change to a folder, where what a benchmark writes is its own."""
        os.chdir(folder)
        return {}

    def do_observation(self, *, of_process: bool) -> Message:
        """Return what the figures of this process can depend on so far; ``of_process`` counts all that it imported."""
        if self._observer is None:
            raise RuntimeError("this process is not observed")
        if of_process:
            self._observer.count_modules()
        return self._observer.report()

    def do_imported(self) -> Message:
        """Return what this process has imported, in order; None stands for what is kept from being imported."""
        return {"modules": [name for name, module in sys.modules.items() if module is not None]}

    def do_pin(self, cores: list[int]) -> Message:
        """Stay on some cores from now on."""
        os.sched_setaffinity(0, cores)
        return {}

    def do_fork(self, name: str) -> Message:
        """Fork a worker, which joins the check by itself."""
        _flush()
        parent, pid = os.getpid(), os.fork()
        if pid:
            self._forked.add(pid)
            return {"pid": pid}
        _end_with(parent)
        os.setsid()
        self._forked = set()
        self._channel.close()
        try:
            self._channel = _join(self._address, name)
            self.serve()
        finally:
            _flush()
            os._exit(0)

    def _reap(self) -> None:
        """Let go of workers that ended; a benchmark's own children are its own."""
        self._forked = {pid for pid in self._forked if not os.waitpid(pid, os.WNOHANG)[0]}


def _join(address: str, name: str) -> Channel:
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(address)
    channel = Channel(connection)
    channel.send({"name": name, "pid": os.getpgrp()})
    return channel


def _end_with(parent: int) -> None:
    """Let Linux kill this process when its parent ends: a process that is stopped cannot notice that itself.

    A forked process inherits no such request and has to make its own.
    """
    if not sys.platform.startswith("linux"):
        return
    try:
        import ctypes
    except ImportError:  # a Python built without libffi: what is stopped when the check is killed stays
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it had ended before
        os._exit(1)


def _continue_in_child() -> None:
    """Continue in a forked child, whose peak of memory starts from zero: over exec, Linux keeps that of the check.

    The first process leads the group of both, waits, and ends as the child does.
    """
    parent, child = os.getpid(), os.fork()
    if child:
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        os._exit(code if code >= 0 else 128 - code)
    _end_with(parent)


def _flush() -> None:
    """Write out what was printed, before a fork would write it twice or an exit lose it."""
    sys.stdout.flush()
    sys.stderr.flush()


def main(address: str, name: str) -> None:
    """Serve the check that listens at an address, under a name."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the check, which then hangs up
    _end_with(os.getppid())
    if sys.platform.startswith("linux"):
        _continue_in_child()
    Worker(address, name).serve()
