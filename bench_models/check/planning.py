"""Plans a check: which benchmarks run together, on which sides, in which shard."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Literal

from bench_models.check import terms
from bench_models.check.worker.protocol import Message
from bench_models.errors import BenchModelsError
from bench_models.outcomes import Failed, Skipped
from bench_models.verdict.measurements import (
    DEFAULT_BETTER,
    DEFAULT_MARGIN_PCT,
    SIDES,
    Absent,
    Benchmark,
    Measurements,
    SideName,
    Trouble,
)

# Whose file BASE runs.
SuiteName = Literal["own", "head"]

_Key = tuple[str, tuple[str, ...]]
Found = dict[SideName, dict[_Key, Message]]
_NOTHING: Message = {"benchmarks": [], "broken": {}}

_TIMED = ("time", "timeraw")
# What is measured of the whole process, so that it must not have a parent's memory.
_OF_A_PROCESS = ("peakmemory",)
# No answer is waited for longer, whatever a suite says: a check whose benchmark hangs has to end.
LONGEST_S = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A benchmark, how to run it, and what keeps a side from it.

    ``suite`` says whose file BASE runs: its own, or HEAD's where the version differs or BASE's suite does not have it,
    which is what ``lacking`` says; ``rewritten`` says that BASE's suite has another version of it. A side knows its
    ``setup_cache`` by ``base_cache`` or ``head_cache``, and BASE that of its own version by ``own_cache``.
    ``from_nothing`` says that its workers have to be started instead of forked, ``cold`` that the first call of a
    process is what is timed, ``redescribed`` in words what HEAD describes differently; BASE's terms count (terms.py).
    """

    benchmark: Benchmark
    suite: SuiteName
    lacking: bool
    group: str
    base_cache: str | None
    head_cache: str | None
    timeout_s: float
    cache_timeout_s: float
    base: Trouble | None
    head: Trouble | None
    answers: bool
    from_nothing: bool
    cold: bool = False
    rewritten: bool = False
    own_cache: str | None = None
    redescribed: tuple[str, ...] = ()

    @property
    def of_bases_own(self) -> "Planned":
        """The same in the version that BASE's own suite has."""
        return replace(self, suite="own", base_cache=self.own_cache, rewritten=False)

    @property
    def runs(self) -> bool:
        """Whether both sides have it."""
        return self.base is None and self.head is None

    def cache(self, side: SideName) -> str | None:
        """Return what a side knows its ``setup_cache`` by."""
        return self.base_cache if side == "base" else self.head_cache

    def unmeasured(self) -> Measurements:
        """Return what is known before anything is measured."""
        return Measurements(benchmark=self.benchmark, base=self.base, head=self.head)


def plan(
    discovered: Mapping[SideName, Message], default_timeout_s: float, lent: Message | None = None
) -> list[Planned]:
    """Match the benchmarks of both sides by name and parameters, in the order of HEAD's suite.

    Which results may be compared is asv's rule: those of benchmarks with the same version. Then each side runs its own
    file. ``lent`` is what BASE finds when HEAD's suite lies in its tree, for all others; without it BASE lacks them.
    What a suite leaves out of checks (``check = False``) is not planned where no side has it checked. Records know a
    benchmark by its name as text: HEAD's suite is refused where two have one, and of BASE's the first is taken, so that
    a commit that mends it is measured.
    """
    _require_versions(discovered["head"])
    _require_unlike_names(discovered["head"])
    _require_timeouts(discovered["head"])
    own: Found = {side: dict(_by_benchmark(discovered[side])) for side in SIDES}
    borrowed = dict(_by_benchmark(lent or _NOTHING))
    versions = {side: {each["name"]: each["version"] for each in discovered[side]["benchmarks"]} for side in SIDES}
    matches = []
    for key in _once(*own["head"], *own["base"]):
        checked = {side: own[side].get(key, _UNCHECKED)["checked"] for side in SIDES}
        old, new = (versions[side].get(key[0]) for side in SIDES)
        if not any(checked.values()):
            continue
        if old == new or not checked["head"]:
            base, head = (_of(key, own[side], discovered[side]) for side in SIDES)
            matches.append(_Match(key=key, base=base, head=head, suite="own"))
        else:
            base, before = _of(key, borrowed, lent or _NOTHING), _of(key, own["base"], discovered["base"])
            lacking = isinstance(before, Absent)  # and not a module that BASE cannot import, which may hold it
            base = Absent() if lacking and not isinstance(base, dict) else base
            matches.append(
                _Match(key=key, base=base, head=own["head"][key], suite="head", lacking=lacking, before=before)
            )
    return [_planned(match, default_timeout_s) for match in matches]


def left_out(discovery: Message) -> list[str]:
    """Return what a side's suite leaves out of checks, as asv writes its names."""
    return [_text(key) for key, benchmark in _by_benchmark(discovery) if not benchmark["checked"]]


def chosen(planned: Planned, bench: str) -> bool:
    """Say whether a pattern asks for a benchmark, as ``asv run --bench`` would."""
    return re.search(bench, str(planned.benchmark)) is not None


def share(planned: Sequence[Planned], index: int, count: int) -> list[Planned]:
    """Return shard ``index`` of ``count``: groups are dealt out in an order that only their names decide."""
    ranked = sorted({each.group for each in planned}, key=lambda name: sha256(name.encode()).digest())
    mine = set(ranked[index - 1 :: count])
    return [each for each in planned if each.group in mine]


def grouped(planned: Sequence[Planned]) -> dict[str, list[Planned]]:
    """Return what both sides have, by group; what is timed is loaded once for the group."""
    groups: dict[str, list[Planned]] = {}
    for each in planned:
        if each.runs:
            groups.setdefault(each.group, []).append(each)
    return groups


_UNCHECKED: Message = {"checked": False}


def _by_benchmark(discovery: Message) -> Iterator[tuple[_Key, Message]]:
    for benchmark in discovery["benchmarks"]:
        for parameters in benchmark["parameters"]:
            yield (benchmark["name"], tuple(parameters)), benchmark


def _text(key: _Key) -> str:
    name, parameters = key
    return f"{name}({', '.join(parameters)})" if parameters else name


def _once(*keys: _Key) -> Iterable[_Key]:
    """Return the first of those that are written alike, in their order."""
    first: dict[str, _Key] = {}
    for key in keys:
        first.setdefault(_text(key), key)
    return first.values()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Match:
    """A benchmark with its parameters, as each side describes it, or why a side does not."""

    key: _Key
    base: Message | Trouble
    head: Message | Trouble
    suite: SuiteName
    lacking: bool = False
    before: Message | Trouble | None = None


def _planned(match: _Match, default_timeout_s: float) -> Planned:
    _, parameters = match.key
    described = {side: found for side, found in (("base", match.base), ("head", match.head)) if isinstance(found, dict)}
    head, own = match.head, match.base if match.suite == "own" else match.before
    benchmark, redescribed = described.get("head") or described["base"], list[str]()
    if isinstance(own, dict) and isinstance(head, dict):
        benchmark = terms.agreed(own, head, default_timeout_s)
        redescribed = list(terms.differences(own, head))
    other = _incomparable(described) if match.suite == "own" else None
    timed = benchmark["type"] in _TIMED
    timeout_s = float(benchmark["timeout_s"] or default_timeout_s)
    return Planned(
        benchmark=_benchmark(benchmark, parameters, timed=timed),
        suite=match.suite,
        lacking=match.lacking,
        group=_group(benchmark, parameters) + ("" if match.suite == "own" else " of HEAD's suite"),
        base_cache=described.get("base", {}).get("cache"),
        head_cache=described.get("head", {}).get("cache"),
        timeout_s=min(timeout_s, LONGEST_S),
        cache_timeout_s=min(float(benchmark["cache_timeout_s"] or timeout_s), LONGEST_S),
        base=None if isinstance(match.base, dict) else match.base,
        head=other if isinstance(head, dict) else head,
        redescribed=tuple(redescribed),
        answers=all(side["answers"] for side in described.values()),
        cold=benchmark["cold"],
        from_nothing=benchmark["type"] in _OF_A_PROCESS,
        rewritten=isinstance(match.before, dict),
        own_cache=match.before["cache"] if isinstance(match.before, dict) else None,
    )


def _incomparable(described: Mapping[str, Message]) -> Skipped | None:
    """Return why the numbers of two sides cannot be compared: somebody has to accept that they are others now."""
    for name in ("unit", "timer"):
        old, *new = (str(side[name]) for side in described.values())
        if new not in ([], [old]):
            return Skipped(reason=f"its {name} was {old!r} and is {new[0]!r}")
    return None


def _require_versions(discovery: Message) -> None:
    """Refuse a version that asv would take as text: 1 and "1" are one to it, and 1.10 is 1.1."""
    for benchmark in discovery["benchmarks"]:
        if benchmark["odd_version"] is not None:
            raise BenchModelsError(
                f'the suite describes a benchmark wrongly: {benchmark["name"]}: version is a string, such as "1", not '
                f"{benchmark['odd_version']}"
            )


def _require_unlike_names(discovery: Message) -> None:
    """Refuse benchmarks that are written alike: their figures could not be told apart."""
    count = Counter(benchmark["name"] for benchmark in discovery["benchmarks"])
    seen: dict[str, _Key] = {}
    for key, benchmark in _by_benchmark(discovery):
        if not benchmark["checked"]:
            continue
        name, text = key[0], _text(key)
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


def _require_timeouts(discovery: Message) -> None:
    """Refuse a timeout that no clock can wait for."""
    for benchmark in discovery["benchmarks"]:
        for given in benchmark["odd_timeouts"]:
            raise BenchModelsError(
                f"the suite describes a benchmark wrongly: {benchmark['name']}: timeout is a positive number of "
                f"seconds, not {given}"
            )


def _benchmark(described: Message, parameters: tuple[str, ...], *, timed: bool) -> Benchmark:
    margin = described["margin_pct"]
    try:
        return Benchmark(
            name=described["name"],
            parameters=parameters,
            kind="time" if timed else "value",
            unit=described["unit"],
            better=described["better"] or DEFAULT_BETTER,
            margin_pct=DEFAULT_MARGIN_PCT if margin is None else margin,
        )
    except ValueError as error:
        raise BenchModelsError(f"the suite describes a benchmark wrongly: {error}") from error


def _group(benchmark: Message, parameters: tuple[str, ...]) -> str:
    """Return the worker's share of work: methods of a class that are timed with the same parameters, loaded once.

    They are warmed up before they are timed. A number, and what is timed cold, may depend on what a method that ran
    before left in the process, so that each has a process of its own, as it has with asv.
    """
    name, kind = benchmark["name"], benchmark["type"]
    shares = kind == "time" and not benchmark["cold"] and name.count(".") > 1
    return f"{name.rpartition('.')[0] if shares else name}:{kind}({', '.join(parameters)})"


def _of(key: _Key, described: Mapping[_Key, Message], discovery: Message) -> Message | Trouble:
    """Return a side's description of a benchmark, or why there is none."""
    if key in described:
        checked = described[key]["checked"]
        return described[key] if checked else Skipped(reason="the suite leaves it out of checks: check = False")
    for module, error in discovery["broken"].items():
        inside = module.partition(".")[2]
        if not inside or key[0].startswith(f"{inside}."):
            return Failed(error=f"{module} cannot be imported: {error}")
    return Absent()
