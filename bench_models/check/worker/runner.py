"""Finds, describes and runs the benchmarks of an asv suite, as asv does; blocks of calls are timed when asked for.

The standard library and asv_runner only.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import math
import os
import pickle  # only for what this side itself wrote a moment ago, as asv does
import pkgutil
import sys
from numbers import Real
from pathlib import Path
from time import perf_counter  # by name, as under asv: a benchmark may put a clock of its own in its place
from typing import TYPE_CHECKING, Any

from . import fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .fingerprint import OwnCode
    from .protocol import Message

# How asv samples what is timed; not part of a benchmark's version.
_SAMPLING = ("number", "repeat", "warmup_time", "sample_time", "rounds")
DEFAULT_WARMUP_S = 0.1
_CACHE = "cache.pickle"
_SKIPPED = "asv: skipped: "


def sentence(error: BaseException) -> str:
    """Return an error in one line."""
    return f"{type(error).__name__}: {error}"


def broken_modules(name: str) -> Iterator[tuple[str, str]]:
    """Import a package and all below it; yield the modules that raise, with the error."""
    try:
        module = importlib.import_module(name)
    except BaseException as error:  # noqa: BLE001  # a suite may even raise SystemExit
        yield name, sentence(error)
        return
    for _, below, _ in pkgutil.iter_modules(getattr(module, "__path__", ()), f"{name}."):
        yield from broken_modules(below)


def import_all(modules: list[str]) -> None:
    """Import what other processes of the side have imported; modules that fail are left out."""
    for name in modules:
        if name not in sys.modules and not name.startswith("__"):
            # A module may exist only under the circumstances in which a worker met it.
            with contextlib.suppress(Exception):
                importlib.import_module(name)


def distinct(benchmarks: Iterable[Any]) -> list[Any]:
    """Drop functions that a module has under two names, as after ``time_b = time_a``: asv gives both the same name."""
    return list({(benchmark.name, *_what_runs(benchmark.func)): benchmark for benchmark in benchmarks}.values())


def _what_runs(function: Any) -> tuple[int, int]:
    owner = getattr(function, "__self__", None)
    return id(getattr(function, "__func__", function)), id(owner if isinstance(owner, type) else type(owner))


def described(benchmark: Any) -> dict[str, Any]:
    """Return what the check needs to know of a benchmark, without its code."""
    version = attribute(benchmark, "version")
    timeouts = attribute(benchmark, "timeout"), benchmark.setup_cache_timeout
    timeout_s, cache_timeout_s = (float(given) if _is_time(given) else None for given in timeouts)
    return {
        "name": benchmark.name,
        "type": benchmark.type,
        "version": benchmark.version,
        "odd_version": None if isinstance(version, str | None) else repr(version),
        "odd_timeouts": [repr(given) for given in timeouts if given is not None and not _is_time(given)],
        "parameters": combinations(benchmark),
        "unit": str(benchmark.unit),
        "timeout_s": timeout_s,
        "better": attribute(benchmark, "better"),
        "margin_pct": attribute(benchmark, "margin"),
        "answers": attribute(benchmark, "outcomes") is not None,
        "timer": _timer(benchmark),
        "sampling": {name: repr(getattr(benchmark, name)) for name in _SAMPLING if hasattr(benchmark, name)},
        "cold": _is_cold(benchmark),
        "checked": attribute(benchmark, "check") is not False,
        "cache": benchmark.setup_cache_key,
        "cache_timeout_s": cache_timeout_s,
    }


def _timer(benchmark: Any) -> str | None:
    """Return the name of the clock of what is timed."""
    timer = getattr(benchmark, "timer", None)
    return timer and f"{getattr(timer, '__module__', None)}.{getattr(timer, '__qualname__', timer)}"


def _is_cold(benchmark: Any) -> bool:
    """Say whether asv times only the first call of a process, so that it must not be warmed up here, either."""
    repeat = getattr(benchmark, "repeat", None)
    most = repeat[1] if isinstance(repeat, tuple) else repeat
    return bool(getattr(benchmark, "number", 0) and most == 1 and getattr(benchmark, "warmup_time", -1) == 0)


def _is_time(given: Any) -> bool:
    """Say whether something is a positive number of seconds; infinity is one."""
    return isinstance(given, Real) and not isinstance(given, bool) and float(given) > 0


def combinations(benchmark: Any) -> list[list[str]]:
    """Return what identifies each combination of parameters, in the order of asv's index."""
    found: list[list[str]] = [[]]
    for values in benchmark.params:
        found = [[*before, value] for before in found for value in values]
    return found


def attribute(benchmark: Any, name: str) -> Any:
    """Return an attribute as asv does: of the function, else of its class, else of its module, else None."""
    values = (getattr(source, name, None) for source in benchmark._attr_sources)
    return next((value for value in values if value is not None), None)


class SkippedError(Exception):
    """A benchmark does not want to run here."""


class BenchmarkRunner:
    """The benchmarks of a side in one process; each public method answers the request of its name."""

    def __init__(self, benchmarks: dict[str, Any], own: OwnCode) -> None:
        """Run ``benchmarks``, by name; ``own`` finds what they import from elsewhere than the side's commit."""
        self._benchmarks, self._own = benchmarks, own
        self._timers: dict[str, Any] = {}

    def cache(self, benchmark: str, folder: str) -> Message:
        """Run a benchmark's ``setup_cache`` in a folder and keep there what it returns."""
        os.chdir(folder)
        with _skipping(NotImplementedError):
            cache = self._benchmarks[benchmark].do_setup_cache()
        (Path(folder) / _CACHE).write_bytes(pickle.dumps(cache))
        return self.foreign_imports()

    def open(self, benchmark: str, parameters: list[str], cache: str | None, *, cold: bool = False) -> Message:
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
                self.close(benchmark, parameters, cache)
            raise
        return {"number": number, "fixed": bool(opened.number), **self._seen()}

    def block(self, benchmark: str, number: int) -> Message:
        """Time ``number`` calls; return their seconds, and those with what ``setup`` does before them."""
        began = perf_counter()
        seconds = self._timers[benchmark].timeit(number)
        return {"seconds": seconds, "whole_s": perf_counter() - began}

    def value(self, benchmark: str, parameters: list[str], cache: str | None) -> Message:
        """Return a benchmark's number; NaN and None are asv's word for "not here"."""
        opened = self._set_up(benchmark, parameters, cache)
        try:
            with _skipping(_asvs_mark()):
                value = opened.do_run()
        finally:
            opened.do_teardown()
        if value is None or math.isnan(value):
            raise SkippedError("returned no number")
        if not math.isfinite(value):
            raise ValueError(f"returned {value}, where a finite number was expected")
        return {"value": float(value), **self._seen()}

    def answers(self, benchmark: str, parameters: list[str], cache: str | None) -> Message:
        """Return what the method gives that a benchmark names as its ``outcomes``."""
        opened = self._set_up(benchmark, parameters, cache)
        try:
            answers = getattr(opened.func.__self__, attribute(opened, "outcomes"))(*opened._build_params())
        finally:
            opened.do_teardown()
        return {"answers": [[str(example), bool(right)] for example, right in answers]}

    def close(self, benchmark: str, parameters: list[str], cache: str | None) -> Message:  # noqa: ARG002  # as opened
        """Tear down what was set up, if it was."""
        if self._timers.pop(benchmark, None) is not None:
            self._benchmarks[benchmark].do_teardown()
        return {}

    def foreign_imports(self) -> Message:
        """Return what this process has imported from elsewhere than the side's own commit."""
        return {"foreign_imports": self._own.foreign_imports()}

    def _set_up(self, benchmark: str, parameters: list[str], cache: str | None) -> Any:
        opened = self._benchmarks[benchmark]
        if opened.params:
            opened.set_param_idx(combinations(opened).index(parameters))
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
            raise SkippedError(_why_skipped(said.getvalue()))
        return opened

    def _seen(self) -> Message:
        """Return what makes this process unlike others, besides the commit."""
        return {"circumstances": fingerprint.of_this_process(), **self.foreign_imports()}


def _why_skipped(said: str) -> str:
    """Return why a ``setup`` skips: asv_runner catches the error, and prints it."""
    why = [line.removeprefix(_SKIPPED).strip() for line in said.splitlines() if line.startswith(_SKIPPED)]
    return why[-1] if why else "its parameters say that it is not for here"


@contextlib.contextmanager
def _skipping(exception: type[NotImplementedError]) -> Iterator[None]:
    """Take an exception for asv's word for "not here"."""
    try:
        yield
    except exception as error:
        raise SkippedError(str(error) or f"it raised {exception.__name__}") from error


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
