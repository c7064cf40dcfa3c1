"""Runs the benchmarks of an asv suite: sets them up, warms them up, times blocks of calls, as asv does."""

from __future__ import annotations

import contextlib
import io
import math
import os
import pickle  # only for what this side itself wrote a moment ago, as asv does
import sys
from pathlib import Path
from time import perf_counter  # by name, as under asv: a benchmark may put a clock of its own in its place
from typing import TYPE_CHECKING, Any

from . import discovery, fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .fingerprint import OwnCode
    from .protocol import Message

DEFAULT_WARMUP_S = 0.1

_CACHE = "cache.pickle"
_SKIPPED = "asv: skipped: "


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
            answers = getattr(opened.func.__self__, discovery.attribute(opened, "outcomes"))(*opened._build_params())
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
