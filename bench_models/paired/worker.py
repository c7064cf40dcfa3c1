"""What runs on either side of a check, in that side's environment: loads benchmarks and answers requests.

Started as a script. It needs the standard library, ``channel.py`` beside it and asv_runner, nothing
else: the side may be any project with an asv suite. A parent imports what benchmarks need and forks
a fresh worker a pair; a worker opens benchmarks and runs blocks of calls when it is told to.
"""

import contextlib
import importlib
import io
import math
import os
import pickle  # only for what this side itself wrote a moment ago, as asv does
import pkgutil
import platform
import signal
import socket
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    from channel import Channel, ChannelClosedError, Message  # type: ignore[import-not-found]  # beside this script

    # The folder of this script is no place where the side may find modules.
    sys.path[:] = [path for path in sys.path if path != sys.path[0]]
else:
    from bench_models.paired.channel import Channel, ChannelClosedError, Message

DEFAULT_TIMEOUT_S = 60.0
DEFAULT_WARMUP_S = 0.1

# Variables that choose kernels, threads or devices.
_FLAGS: tuple[str, ...] = (
    "ATEN_",
    "CUDA_",
    "DNNL_",
    "GOMP_",
    "KMP_",
    "LD_PRELOAD",
    "MALLOC_",
    "MKL_",
    "OMP_",
    "ONEDNN_",
    "NUMEXPR_",
    "OPENBLAS_",
    "PYTORCH_",
    "TORCH_",
    "VECLIB_",
)


class Worker:
    """One process on one side: every request has exactly one reply."""

    def __init__(self, address: str, name: str) -> None:
        """Join the check that listens at ``address``."""
        self._address = address
        self._channel = _join(address, name)
        self._benchmarks: dict[str, Any] = {}
        self._timers: dict[str, Any] = {}

    def serve(self) -> None:
        """Answer until the check hangs up."""
        while True:
            try:
                request = self._channel.receive()
            except ChannelClosedError:
                return
            _reap()
            try:
                reply = getattr(self, "do_" + request.pop("do"))(**request)
            except NotImplementedError as error:
                reply = {"skipped": str(error) or "setup raised NotImplementedError"}
            except Exception as error:  # noqa: BLE001  # whatever a benchmark raises is an answer
                reply = {"error": _sentence(error), "traceback": traceback.format_exc()}
            self._channel.send(reply)

    def do_discover(self, suite: str, warm: list[str]) -> Message:
        """Import a suite and what workers will need; return benchmarks, broken modules, the number of threads."""
        from asv_runner._aux import update_sys_path
        from asv_runner.discovery import disc_benchmarks

        update_sys_path(suite)
        broken = dict(_broken_modules(Path(suite).name))
        with contextlib.redirect_stderr(io.StringIO()):  # it prints what is in ``broken``
            found = list(disc_benchmarks(suite, ignore_import_errors=True))
        self._benchmarks = {benchmark.name: benchmark for benchmark in found}
        _import(warm)
        described = [_described(benchmark) for benchmark in found]
        return {"benchmarks": described, "broken": broken, "threads": _count_threads(), **_facts()}

    def do_cache(self, benchmark: str, file: str) -> Message:
        """Run a benchmark's ``setup_cache`` and keep what it returns."""
        cache = self._benchmarks[benchmark].do_setup_cache()
        Path(file).write_bytes(pickle.dumps(cache))
        return {}

    def do_imported(self) -> Message:
        """Return what this process has imported, in order."""
        return {"modules": list(sys.modules)}

    def do_fork(self, name: str) -> Message:
        """Fork a worker, which joins the check by itself."""
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid:
            return {"pid": pid}
        os.setsid()
        self._channel.close()
        try:
            self._channel = _join(self._address, name)
            self.serve()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(0)

    def do_open(self, benchmark: str, parameters: list[str], cache: str | None) -> Message:
        """Set a benchmark up as asv does and warm it up; return the seconds that one call takes."""
        opened = self._set_up(benchmark, parameters, cache)
        timer = opened._get_timer(*opened._build_params())
        call_s = _warm_up(opened, timer)
        self._timers[benchmark] = timer
        return {"call_s": call_s, "number": int(opened.number), "circumstances": _circumstances()}

    def do_pin(self, core: int) -> Message:
        """Stay on one core from now on."""
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, {core})
        return {}

    def do_block(self, benchmark: str, number: int) -> Message:
        """Time ``number`` calls; return the seconds that all of them took."""
        return {"seconds": self._timers[benchmark].timeit(number)}

    def do_value(self, benchmark: str, parameters: list[str], cache: str | None) -> Message:
        """Return a benchmark's number, which is NaN where it returns None."""
        opened = self._set_up(benchmark, parameters, cache)
        value = opened.do_run()
        opened.do_teardown()
        return {"value": math.nan if value is None else float(value), "circumstances": _circumstances()}

    def do_answers(self, benchmark: str, parameters: list[str], cache: str | None) -> Message:
        """Return what the method gives that a benchmark names as its ``outcomes``."""
        opened = self._set_up(benchmark, parameters, cache)
        answers = getattr(opened.func.__self__, _attribute(opened, "outcomes"))(*opened._build_params())
        opened.do_teardown()
        return {"answers": answers}

    def do_close(self, benchmark: str, parameters: list[str], cache: str | None) -> Message:  # noqa: ARG002  # as opened
        """Tear down what was opened."""
        self._benchmarks[benchmark].do_teardown()
        return {}

    def _set_up(self, benchmark: str, parameters: list[str], cache: str | None) -> Any:
        opened = self._benchmarks[benchmark]
        if opened.params:
            opened.set_param_idx(_combinations(opened).index(parameters))
        opened.set_cache(None if cache is None else pickle.loads(Path(cache).read_bytes()))
        if opened.do_setup():
            raise NotImplementedError(f"{benchmark}({', '.join(parameters)}) is skipped by the suite")
        return opened


def _join(address: str, name: str) -> Channel:
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(address)
    channel = Channel(connection)
    channel.send({"name": name, "pid": os.getpid()})
    return channel


def _reap() -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _sentence(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


def _broken_modules(name: str) -> Iterator[tuple[str, str]]:
    """Import a package and all below it; yield the modules that raise, with the error."""
    try:
        module = importlib.import_module(name)
    except BaseException as error:  # noqa: BLE001  # a suite may even raise SystemExit
        yield name, _sentence(error)
        return
    for _, below, _ in pkgutil.iter_modules(getattr(module, "__path__", ()), f"{name}."):
        yield from _broken_modules(below)


def _import(modules: list[str]) -> None:
    for name in modules:
        if name not in sys.modules and not name.startswith("__"):
            # A module may exist only under the circumstances in which a worker met it.
            with contextlib.suppress(Exception):
                importlib.import_module(name)


def _count_threads() -> int:
    tasks = Path("/proc/self/task")
    return len(list(tasks.iterdir())) if tasks.is_dir() else 1


def _described(benchmark: Any) -> Message:
    return {
        "name": benchmark.name,
        "type": benchmark.type,
        "parameters": _combinations(benchmark),
        "unit": str(benchmark.unit),
        "timeout_s": float(_attribute(benchmark, "timeout") or DEFAULT_TIMEOUT_S),
        "better": _attribute(benchmark, "better"),
        "margin_pct": _attribute(benchmark, "margin"),
        "answers": _attribute(benchmark, "outcomes") is not None,
        "cache": benchmark.setup_cache_key,
        "cache_timeout_s": float(benchmark.setup_cache_timeout or DEFAULT_TIMEOUT_S)
        if benchmark.setup_cache_key
        else 0,
    }


def _combinations(benchmark: Any) -> list[list[str]]:
    """Return what identifies each combination of parameters, in the order of asv's index."""
    combinations: list[list[str]] = [[]]
    for values in benchmark.params:
        combinations = [[*before, value] for before in combinations for value in values]
    return combinations


def _attribute(benchmark: Any, name: str) -> Any:
    """Return an attribute as asv does: of the function, else of its class, else of its module, else None."""
    values = (getattr(source, name, None) for source in benchmark._attr_sources)
    return next((value for value in values if value is not None), None)


def _warm_up(benchmark: Any, timer: Any) -> float:
    """Call until the benchmark's warm-up time is over, at least once; return the seconds of a call."""
    warmup_s = getattr(benchmark, "warmup_time", -1)
    end = time.perf_counter() + (DEFAULT_WARMUP_S if warmup_s < 0 else warmup_s)
    number = benchmark.number or 1
    while True:
        benchmark._redo_setup_next = False
        seconds = timer.timeit(number)
        if time.perf_counter() >= end:
            return float(seconds) / number
        if not benchmark.number and seconds < benchmark.sample_time:
            number *= 2


def _facts() -> Message:
    """Return the Python and the libraries of this side."""
    from importlib.metadata import distributions

    libraries = {found.metadata["Name"]: found.version for found in distributions()}
    return {"python": platform.python_version(), "libraries": libraries}


def _circumstances() -> dict[str, str]:
    """Return what decides how fast this process computes, besides the code and the libraries."""
    found = {name: value for name, value in sorted(os.environ.items()) if name.startswith(_FLAGS)}
    found["machine"] = f"{platform.system()} {platform.machine()}"
    if "torch" in sys.modules:
        import torch

        found |= {
            "torch threads": str(torch.get_num_threads()),
            "device": torch.cuda.get_device_name() if torch.cuda.is_initialized() else "cpu",
            "torch matmul precision": torch.get_float32_matmul_precision(),
            "torch mkldnn": str(torch.backends.mkldnn.enabled),
            "torch deterministic": str(torch.are_deterministic_algorithms_enabled()),
        }
    return found


def main() -> None:
    """Serve the check whose address is the first argument, under the name that is the second."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the check, which then hangs up
    Worker(*sys.argv[1:3]).serve()


if __name__ == "__main__":
    main()
