"""The worker: runs in a side's own environment, loads benchmarks and answers requests.

Started as a script. It needs the standard library, four modules beside it and asv_runner, nothing
else: the side may be any project with an asv suite. A parent imports what benchmarks need and forks
a fresh worker a pair; a worker opens benchmarks and runs blocks of calls when it is told to.
"""

from __future__ import annotations

import contextlib
import io
import math
import os
import pickle  # only for what this side itself wrote a moment ago, as asv does
import signal
import socket
import sys
import traceback
from pathlib import Path
from time import perf_counter  # by name, as under asv: a benchmark may put a clock of its own in its place
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    import discovery  # type: ignore[import-not-found]  # these four lie beside this script
    import fingerprint  # type: ignore[import-not-found]
    import own_code  # type: ignore[import-not-found]
    from protocol import Channel, ChannelClosedError, Message  # type: ignore[import-not-found]

    # The side may have modules of these names, and finds none of its own in the folder of this script.
    del sys.modules["discovery"], sys.modules["fingerprint"], sys.modules["own_code"], sys.modules["protocol"]
    sys.path[:] = [path for path in sys.path if path != sys.path[0]]
else:
    from bench_models.check.worker import discovery, fingerprint, own_code
    from bench_models.check.worker.protocol import Channel, ChannelClosedError, Message

DEFAULT_WARMUP_S = 0.1

_CACHE = "cache.pickle"
_SKIPPED = "asv: skipped: "

_PR_SET_PDEATHSIG = 1  # of <linux/prctl.h>


class _SkippedError(Exception):
    """A benchmark does not want to run here."""


class Worker:
    """One process on one side: every request has exactly one reply."""

    def __init__(self, address: str, name: str) -> None:
        """Join the check that listens at ``address``."""
        self._address = address
        self._channel = _join(address, name)
        self._benchmarks: dict[str, Any] = {}
        self._timers: dict[str, Any] = {}
        self._own: own_code.OwnCode | None = None
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
                self._channel.send(getattr(self, "do_" + request.pop("do"))(**request))
            except ChannelClosedError:
                return
            except _SkippedError as skip:
                self._channel.send({"skipped": str(skip)})
            except Exception as error:  # noqa: BLE001  # whatever a benchmark raises is an answer
                self._channel.send({"error": discovery.sentence(error), "traceback": traceback.format_exc()})

    def do_discover(self, suite: str, own: dict[str, Any], warm: list[str]) -> Message:
        """Import a suite and what workers will need; return benchmarks, broken modules, the number of threads.

        A folder that is not there is a suite without benchmarks.
        """
        from asv_runner._aux import update_sys_path
        from asv_runner.discovery import disc_benchmarks

        update_sys_path(suite)
        there = Path(suite).is_dir()
        broken = dict(discovery.broken_modules(Path(suite).name)) if there else {}
        with contextlib.redirect_stderr(io.StringIO()):  # it prints what is in ``broken``
            found = discovery.distinct(disc_benchmarks(suite, ignore_import_errors=True)) if there else []
        self._benchmarks = {benchmark.name: benchmark for benchmark in found}
        self._own = own_code.OwnCode(suite=suite, **own)
        discovery.import_all(warm)
        return {
            "benchmarks": [discovery.described(benchmark) for benchmark in found],
            "broken": broken,
            "threads": fingerprint.count_threads(),
            **self._foreign_imports(),
            **fingerprint.facts(),
        }

    def do_cache(self, benchmark: str, folder: str) -> Message:
        """Run a benchmark's ``setup_cache`` in a folder and keep there what it returns."""
        os.chdir(folder)
        with _skipping(NotImplementedError):
            cache = self._benchmarks[benchmark].do_setup_cache()
        (Path(folder) / _CACHE).write_bytes(pickle.dumps(cache))
        return self._foreign_imports()

    def do_enter(self, folder: str) -> Message:
        """Go to a folder, where what a benchmark writes is its own."""
        os.chdir(folder)
        return {}

    def do_imported(self) -> Message:
        """Return what this process has imported, in order."""
        return {"modules": list(sys.modules)}

    def do_fork(self, name: str) -> Message:
        """Fork a worker, which joins the check by itself."""
        sys.stdout.flush()
        sys.stderr.flush()
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
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(0)

    def do_open(self, benchmark: str, parameters: list[str], cache: str | None, *, cold: bool = False) -> Message:
        """Set a benchmark up as asv does, and warm it up unless it is timed cold.

        Return how many calls asv's sample would have.
        """
        opened = self._set_up(benchmark, parameters, cache)
        self._timers[benchmark] = opened._get_timer(*opened._build_params())
        try:
            with _skipping(_asvs_mark()):
                number = int(opened.number) if cold else _warm_up(opened, self._timers[benchmark])
        except Exception:
            with contextlib.suppress(Exception):  # what the benchmark raised says more
                self.do_close(benchmark, parameters, cache)
            raise
        return {"number": number, "fixed": bool(opened.number), **self._seen()}

    def do_pin(self, cores: list[int]) -> Message:
        """Stay on some cores from now on."""
        os.sched_setaffinity(0, cores)
        return {}

    def do_block(self, benchmark: str, number: int) -> Message:
        """Time ``number`` calls; return their seconds, and those with what ``setup`` does before them."""
        began = perf_counter()
        seconds = self._timers[benchmark].timeit(number)
        return {"seconds": seconds, "whole_s": perf_counter() - began}

    def do_value(self, benchmark: str, parameters: list[str], cache: str | None) -> Message:
        """Return a benchmark's number; NaN and None are asv's word for "not here"."""
        opened = self._set_up(benchmark, parameters, cache)
        try:
            with _skipping(_asvs_mark()):
                value = opened.do_run()
        finally:
            opened.do_teardown()
        if value is None or math.isnan(value):
            raise _SkippedError("returned no number")
        if not math.isfinite(value):
            raise ValueError(f"returned {value}, where a finite number was expected")
        return {"value": float(value), **self._seen()}

    def do_answers(self, benchmark: str, parameters: list[str], cache: str | None) -> Message:
        """Return what the method gives that a benchmark names as its ``outcomes``."""
        opened = self._set_up(benchmark, parameters, cache)
        try:
            answers = getattr(opened.func.__self__, discovery.attribute(opened, "outcomes"))(*opened._build_params())
        finally:
            opened.do_teardown()
        return {"answers": [[str(example), bool(right)] for example, right in answers]}

    def do_close(self, benchmark: str, parameters: list[str], cache: str | None) -> Message:  # noqa: ARG002  # as opened
        """Tear down what was set up, if it was."""
        if self._timers.pop(benchmark, None) is not None:
            self._benchmarks[benchmark].do_teardown()
        return {}

    def _set_up(self, benchmark: str, parameters: list[str], cache: str | None) -> Any:
        opened = self._benchmarks[benchmark]
        if opened.params:
            opened.set_param_idx(discovery.combinations(opened).index(parameters))
        if cache is not None:
            os.chdir(cache)  # where setup_cache may have left files
        opened.set_cache(None if cache is None else pickle.loads((Path(cache) / _CACHE).read_bytes()))
        said = io.StringIO()
        try:
            with contextlib.redirect_stdout(said):
                skips = opened.do_setup()
        finally:
            sys.stdout.write(said.getvalue())
        if skips:
            raise _SkippedError(_why_skipped(said.getvalue()))
        return opened

    def _seen(self) -> Message:
        """Return what makes this process unlike others, besides the commit."""
        return {"circumstances": fingerprint.of_this_process(), **self._foreign_imports()}

    def _foreign_imports(self) -> Message:
        return {"foreign_imports": self._own.foreign_imports()} if self._own is not None else {}

    def _reap(self) -> None:
        """Let go of workers that ended; a benchmark's own children are its own."""
        self._forked = {pid for pid in self._forked if not os.waitpid(pid, os.WNOHANG)[0]}


def _join(address: str, name: str) -> Channel:
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(address)
    channel = Channel(connection)
    channel.send({"name": name, "pid": os.getpgrp()})
    return channel


def _why_skipped(said: str) -> str:
    """Return why a ``setup`` skips: asv_runner swallows the error, and prints it."""
    why = [line.removeprefix(_SKIPPED).strip() for line in said.splitlines() if line.startswith(_SKIPPED)]
    return why[-1] if why else "its parameters say that it is not for here"


@contextlib.contextmanager
def _skipping(exception: type[NotImplementedError]) -> Iterator[None]:
    """Take an exception for asv's word for "not here"."""
    try:
        yield
    except exception as error:
        raise _SkippedError(str(error) or f"it raised {exception.__name__}") from error


def _asvs_mark() -> type[NotImplementedError]:
    """Return what only a skipping mark raises: inside a benchmark, a kernel that is not implemented is an error."""
    from asv_runner.benchmarks.mark import SkipNotImplemented

    return SkipNotImplemented  # type: ignore[no-any-return]  # asv_runner has no types


def _warm_up(benchmark: Any, timer: Any) -> int:
    """Call until the benchmark's warm-up time is over, at least once; return the calls of the last sample."""
    warmup_s = getattr(benchmark, "warmup_time", -1)
    end = perf_counter() + (DEFAULT_WARMUP_S if warmup_s < 0 else warmup_s)
    number = benchmark.number or 1
    while True:
        benchmark._redo_setup_next = False
        seconds = timer.timeit(number)
        if perf_counter() >= end:
            return int(number)
        if not benchmark.number and seconds < benchmark.sample_time:
            number *= 2


def _begin_anew() -> None:
    """Go on in a child, whose peak of memory begins anew: over exec, Linux carries that of the check along.

    The first process leads the group of both. It waits, and ends as the child did.
    """
    parent, child = os.getpid(), os.fork()
    if child:
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        os._exit(code if code >= 0 else 128 - code)
    _end_with(parent)


def _end_with(parent: int) -> None:
    """Have Linux kill this process when its parent is gone: one that is stopped notices nothing by itself.

    A process that is forked off has to ask for itself.
    """
    if not sys.platform.startswith("linux"):
        return
    try:
        import ctypes
    except ImportError:  # a Python that was built without libffi: what sleeps when the check is killed stays
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it was gone before
        os._exit(1)


def main() -> None:
    """Serve the check whose address is the first argument, under the name that is the second."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the check, which then hangs up
    _end_with(os.getppid())
    if sys.platform.startswith("linux"):
        _begin_anew()
    Worker(*sys.argv[1:3]).serve()


if __name__ == "__main__":
    main()
