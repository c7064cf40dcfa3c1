"""Describes the benchmarks of an asv suite, in the process that imported it. Standard library only."""

from __future__ import annotations

import contextlib
import importlib
import pkgutil
import sys
from numbers import Real
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# How asv samples what is timed; not part of a benchmark's version.
_SAMPLING = ("number", "repeat", "warmup_time", "sample_time", "rounds")


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
