"""What an asv suite holds, as the process sees it that has imported it. Needs the standard library only."""

from __future__ import annotations

import contextlib
import importlib
import pkgutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    """Import what other processes of the side have imported; what cannot be is left out."""
    for name in modules:
        if name not in sys.modules and not name.startswith("__"):
            # A module may exist only under the circumstances in which a worker met it.
            with contextlib.suppress(Exception):
                importlib.import_module(name)


def strangers(code: Path, suite: str) -> dict[str, str]:
    """Return what this side has of its own in ``code`` and imported from elsewhere, and from where."""
    found = {}
    for name in {path.stem for path in code.iterdir()} - {suite}:
        file = getattr(sys.modules.get(name), "__file__", None)
        if file is not None and code.resolve() not in Path(file).resolve().parents:
            found[name] = file
    return found


def described(benchmark: Any) -> dict[str, Any]:
    """Return what the check needs to know of a benchmark, without its code."""
    version = attribute(benchmark, "version")
    return {
        "name": benchmark.name,
        "type": benchmark.type,
        "version": benchmark.version,
        "odd_version": None if isinstance(version, str | None) else repr(version),
        "parameters": combinations(benchmark),
        "unit": str(benchmark.unit),
        "timeout_s": attribute(benchmark, "timeout"),
        "better": attribute(benchmark, "better"),
        "margin_pct": attribute(benchmark, "margin"),
        "answers": attribute(benchmark, "outcomes") is not None,
        "timer": _timer(benchmark),
        "sampling": {name: repr(getattr(benchmark, name)) for name in _SAMPLING if hasattr(benchmark, name)},
        "cold": _is_cold(benchmark),
        "checked": attribute(benchmark, "check") is not False,
        "cache": benchmark.setup_cache_key,
        "cache_timeout_s": benchmark.setup_cache_timeout,
    }


def _timer(benchmark: Any) -> str | None:
    """Return the name of the clock of what is timed."""
    timer = getattr(benchmark, "timer", None)
    return timer and f"{getattr(timer, '__module__', None)}.{getattr(timer, '__qualname__', timer)}"


def _is_cold(benchmark: Any) -> bool:
    """Say whether asv times the first call of a process and no other, so that nothing may warm it up here, either."""
    repeat = getattr(benchmark, "repeat", None)
    most = repeat[1] if isinstance(repeat, tuple) else repeat
    return bool(getattr(benchmark, "number", 0) and most == 1 and getattr(benchmark, "warmup_time", -1) == 0)


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
