"""A side's benchmark suite as its worker describes it: typed at the door, refused where its author erred.

The terms of a benchmark (margin, direction, timeouts) may differ between the two commits. They are not part of asv's
version, so that a commit could widen a margin or turn a direction around beside the regression that it brings. So
terms that make a verdict milder count from the next commit on, when they are BASE's, too.
"""

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from bench_models.check.worker.protocol import Message
from bench_models.errors import BenchModelsError
from bench_models.verdict.measurements import DEFAULT_BETTER, DEFAULT_MARGIN_PCT

# A benchmark's name and one combination of its parameters.
Key = tuple[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """A benchmark with all its parameters, as worker/runner.py describes it; None is what its author left open.

    ``better`` and ``margin_pct`` are whatever the author wrote. ``odd_version`` and ``odd_timeouts`` are what asv would
    misread. ``answers`` says that it names outcomes, ``cold`` that asv times the first call of a process, ``checked``
    that checks measure it, and ``cache`` is asv's name of its ``setup_cache``.
    """

    name: str
    type: str
    version: str
    odd_version: str | None
    odd_timeouts: tuple[str, ...]
    parameters: tuple[tuple[str, ...], ...]
    unit: str
    timeout_s: float | None
    better: Any
    margin_pct: Any
    answers: bool
    timer: str | None
    sampling: dict[str, str]
    cold: bool
    checked: bool
    cache: str | None
    cache_timeout_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """What a worker found when it imported a suite: benchmarks, modules that are broken, and the side's libraries."""

    benchmarks: tuple[Described, ...] = ()
    broken: dict[str, str] = field(default_factory=dict)
    foreign_imports: dict[str, str] = field(default_factory=dict)
    threads: int = 1
    python: str = ""
    prefix: str = ""
    libraries: dict[str, str | None] = field(default_factory=dict)

    @property
    def keys(self) -> Iterator[tuple[Key, Described]]:
        """Every benchmark with each combination of its parameters, in the suite's order."""
        for benchmark in self.benchmarks:
            for parameters in benchmark.parameters:
                yield (benchmark.name, parameters), benchmark


def discovery_of(reply: Message) -> Discovery:
    """Return a worker's reply as what it found; raises ``BenchModelsError`` for what no worker of ours replies."""
    try:
        return msgspec.convert(reply, Discovery)
    except msgspec.ValidationError as error:
        of_suite = "$.benchmarks" in str(error)
        wrong = "the suite describes a benchmark wrongly" if of_suite else "the worker's reply is not as documented"
        raise BenchModelsError(f"{wrong}: {error}") from error


def written(key: Key) -> str:
    """Return a benchmark with its parameters as asv writes them."""
    name, parameters = key
    return f"{name}({', '.join(parameters)})" if parameters else name


def left_out(discovery: Discovery) -> list[str]:
    """Return what a side's suite leaves out of checks, as asv writes its names."""
    return [written(key) for key, benchmark in discovery.keys if not benchmark.checked]


def require_described_well(discovery: Discovery) -> None:
    """Refuse versions and timeouts that asv would misread, and benchmarks that are written alike."""
    for each in discovery.benchmarks:
        wrongly = f"the suite describes a benchmark wrongly: {each.name}"
        if each.odd_version is not None:  # asv takes it as text: 1 and "1" are one to it, and 1.10 is 1.1
            raise BenchModelsError(f'{wrongly}: version is a string, such as "1", not {each.odd_version}')
        for given in each.odd_timeouts:
            raise BenchModelsError(f"{wrongly}: timeout is a positive number of seconds, not {given}")
    _require_unlike_names(discovery)


def _require_unlike_names(discovery: Discovery) -> None:
    """Refuse benchmarks that are written alike: their numbers could not be told apart."""
    count = Counter(benchmark.name for benchmark in discovery.benchmarks)
    seen: dict[str, Key] = {}
    for key, benchmark in discovery.keys:
        if not benchmark.checked:
            continue
        name, text = key[0], written(key)
        if count[name] > 1:
            raise BenchModelsError(
                f"the suite has {count[name]} benchmarks of the name {name}: give each its own; where a decorator "
                "makes them, it has to use functools.wraps"
            )
        if seen.setdefault(text, key) != key:
            raise BenchModelsError(
                f"the suite has two benchmarks that are written {text}, with the parameters {seen[text][1]} and "
                f"{key[1]}: name their parameters differently, for example without commas in what `__repr__` returns"
            )


def agreed(base: Described, head: Described, default_timeout_s: float) -> Described:
    """Return HEAD's description with BASE's direction and way of timing, the smaller margin and the longer timeouts."""
    timeouts = [side.timeout_s or default_timeout_s for side in (base, head)]
    caches = [side.cache_timeout_s or own for side, own in zip((base, head), timeouts, strict=True)]
    return replace(
        head,
        better=base.better or DEFAULT_BETTER,
        margin_pct=_smaller_margin(base, head),
        cold=base.cold,
        # Both sides must have the time that BASE had.
        timeout_s=max(timeouts),
        cache_timeout_s=max(caches),
    )


def differences(base: Described, head: Described) -> Iterator[str]:
    """Yield in words what HEAD describes differently, of all that decides a verdict."""
    for name, old, new, default in (
        ("better", base.better, head.better, DEFAULT_BETTER),
        ("margin", base.margin_pct, head.margin_pct, DEFAULT_MARGIN_PCT),
    ):
        before, after = (default if given is None else given for given in (old, new))
        if before != after:
            yield f"{name} was {before} and is {after}"
    for name, sampled in base.sampling.items():
        if sampled != head.sampling.get(name, sampled):
            yield f"{name} was {sampled} and is {head.sampling[name]}"
    if base.answers != head.answers:
        yield f"its outcomes are {'gone' if base.answers else 'new'}"


def _smaller_margin(base: Described, head: Described) -> Any:  # noqa: ANN401  # whatever a suite's author wrote
    """Return HEAD's margin, or BASE's where that is valid and smaller."""
    old, new = (DEFAULT_MARGIN_PCT if side.margin_pct is None else side.margin_pct for side in (base, head))
    # Invalid margins are refused where they are HEAD's: a commit that mends BASE's can be judged. 0 is for numbers
    # that repeat.
    sound = all(isinstance(margin, int | float) and 0 <= margin < math.inf for margin in (old, new))
    useful = old or not head.timer
    return min(old, new) if sound and useful else new
