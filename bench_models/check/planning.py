"""Plans a check: which benchmarks run together, on which sides, in which shard."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Literal

from bench_models.check.sides.suite import (
    Described,
    Discovery,
    Key,
    agreed,
    differences,
    require_described_well,
    written,
)
from bench_models.errors import BenchModelsError
from bench_models.outcomes import Failed, Skipped
from bench_models.stats.sequential import Shares
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

_TIMED = ("time", "timeraw")
# Measured of the whole process, which must not begin with a parent's memory.
_OF_A_PROCESS = ("peakmemory",)
# The longest timeout, whatever a suite says: a check whose benchmark hangs has to end.
LONGEST_S = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A benchmark, how to run it, and what keeps a side from running it.

    ``suite`` says whose file BASE runs: its own, or HEAD's where the version differs (``rewritten``) or BASE's suite
    lacks the benchmark (``lacking``). ``base_cache`` and ``head_cache`` are asv's names of its ``setup_cache`` on each
    side, and ``own_cache`` that of BASE's own version. ``from_nothing`` says that its workers are spawned, not forked,
    ``cold`` that the first call of a process is timed, and ``redescribed`` in words what HEAD describes differently;
    BASE's terms count (sides/suite.py).
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
        """The same benchmark in the version of BASE's own suite."""
        return replace(self, suite="own", base_cache=self.own_cache, rewritten=False)

    @property
    def runs(self) -> bool:
        """Whether both sides have it."""
        return self.base is None and self.head is None

    def cache(self, side: SideName) -> str | None:
        """Return asv's name of its ``setup_cache`` on a side."""
        return self.base_cache if side == "base" else self.head_cache

    def not_measured(self) -> Measurements:
        """Return the measurements before anything is measured."""
        return Measurements(benchmark=self.benchmark, base=self.base, head=self.head)


def plan(
    discovered: Mapping[SideName, Discovery], default_timeout_s: float, lent: Discovery | None = None
) -> list[Planned]:
    """Match the benchmarks of both sides by name and parameters, in the order of HEAD's suite.

    Results may be compared by asv's rule: those of benchmarks with the same version. Then each side runs its own file.
    ``lent`` is what BASE finds when HEAD's suite lies in its tree, for all others; without it BASE lacks them. What a
    suite leaves out of checks (``check = False``) is planned only where the other side has it checked. Records know a
    benchmark by its name as text: HEAD's suite is refused where two have one, and of BASE's the first is taken, so that
    a commit that mends it is measured.
    """
    require_described_well(discovered["head"])
    lent = lent or Discovery()
    own = {side: dict(discovered[side].keys) for side in SIDES}
    borrowed = dict(lent.keys)
    versions = {side: {each.name: each.version for each in discovered[side].benchmarks} for side in SIDES}
    matches = []
    for key in _once(*own["head"], *own["base"]):
        checked = {side: key in own[side] and own[side][key].checked for side in SIDES}
        old, new = (versions[side].get(key[0]) for side in SIDES)
        if not any(checked.values()):
            continue
        if old == new or not checked["head"]:
            base, head = (_of(key, own[side], discovered[side]) for side in SIDES)
            matches.append(_Match(key=key, base=base, head=head, suite="own"))
        else:
            base, before = _of(key, borrowed, lent), _of(key, own["base"], discovered["base"])
            lacking = isinstance(before, Absent)  # and not a module that BASE cannot import, which may hold it
            base = Absent() if lacking and not isinstance(base, Described) else base
            matches.append(
                _Match(key=key, base=base, head=own["head"][key], suite="head", lacking=lacking, before=before)
            )
    return [_planned(match, default_timeout_s) for match in matches]


def chosen(planned: Planned, bench: str) -> bool:
    """Say whether a pattern asks for a benchmark, as ``asv run --bench`` would."""
    return re.search(bench, str(planned.benchmark)) is not None


def share(planned: Sequence[Planned], index: int, count: int) -> list[Planned]:
    """Return shard ``index`` of ``count``: groups are dealt out in an order that depends on their names only."""
    ranked = sorted({each.group for each in planned}, key=lambda name: sha256(name.encode()).digest())
    mine = set(ranked[index - 1 :: count])
    return [each for each in planned if each.group in mine]


def grouped(planned: Sequence[Planned]) -> dict[str, list[Planned]]:
    """Return what both sides have, by group; a group is loaded once by its workers."""
    groups: dict[str, list[Planned]] = {}
    for each in planned:
        if each.runs:
            groups.setdefault(each.group, []).append(each)
    return groups


def described(planned: Planned) -> str:
    """Return in words what is to be measured of a benchmark, so that shards can tell whether they agree."""
    benchmark = planned.benchmark
    where = "on both sides" if planned.runs else "on one side only"
    return (
        f"{benchmark.kind} in {benchmark.unit}, {benchmark.better} is better, margin {benchmark.margin_pct:g} %, "
        f"{'with' if planned.answers else 'without'} outcomes, {where}"
    )


def shares(planned: Sequence[Planned]) -> Shares:
    """Return how many benchmarks of a plan share the error budget: those that both sides have."""
    compared = [each for each in planned if each.runs]
    timed = sum(each.benchmark.kind == "time" for each in compared)
    return Shares(timed=timed, values=sum(not each.answers for each in compared if each.benchmark.kind == "value"))


def _once(*keys: Key) -> Iterable[Key]:
    """Return the first of the keys that are written alike, in their order."""
    first: dict[str, Key] = {}
    for key in keys:
        first.setdefault(written(key), key)
    return first.values()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Match:
    """A benchmark with its parameters, as each side describes it, or why a side does not."""

    key: Key
    base: Described | Trouble
    head: Described | Trouble
    suite: SuiteName
    lacking: bool = False
    before: Described | Trouble | None = None


def _planned(match: _Match, default_timeout_s: float) -> Planned:
    _, parameters = match.key
    base, head, before = (
        each if isinstance(each, Described) else None for each in (match.base, match.head, match.before)
    )
    own = base if match.suite == "own" else before
    described = [each for each in (head, base) if each is not None]
    benchmark, redescribed = described[0], tuple[str, ...]()
    if own is not None and head is not None:
        benchmark, redescribed = agreed(own, head, default_timeout_s), tuple(differences(own, head))
    timeout_s = benchmark.timeout_s or default_timeout_s
    unlike = _incomparable(base, head) if match.suite == "own" and base is not None and head is not None else None
    return Planned(
        benchmark=_benchmark(benchmark, parameters),
        suite=match.suite,
        lacking=match.lacking,
        group=_group(benchmark, parameters) + ("" if match.suite == "own" else " of HEAD's suite"),
        base_cache=base.cache if base else None,
        head_cache=head.cache if head else None,
        timeout_s=min(timeout_s, LONGEST_S),
        cache_timeout_s=min(benchmark.cache_timeout_s or timeout_s, LONGEST_S),
        base=None if isinstance(match.base, Described) else match.base,
        head=unlike if isinstance(match.head, Described) else match.head,
        redescribed=redescribed,
        answers=all(side.answers for side in described),
        cold=benchmark.cold,
        from_nothing=benchmark.type in _OF_A_PROCESS,
        rewritten=before is not None,
        own_cache=before.cache if before else None,
    )


def _incomparable(base: Described, head: Described) -> Skipped | None:
    """Return why the numbers of two sides cannot be compared: somebody has to accept that they differ in kind now."""
    for name, old, new in (("unit", base.unit, head.unit), ("timer", base.timer, head.timer)):
        if old != new:
            return Skipped(reason=f"its {name} was {str(old)!r} and is {str(new)!r}")
    return None


def _benchmark(described: Described, parameters: tuple[str, ...]) -> Benchmark:
    try:
        return Benchmark(
            name=described.name,
            parameters=parameters,
            kind="time" if described.type in _TIMED else "value",
            unit=described.unit,
            better=described.better or DEFAULT_BETTER,
            margin_pct=DEFAULT_MARGIN_PCT if described.margin_pct is None else described.margin_pct,
        )
    except ValueError as error:
        raise BenchModelsError(f"the suite describes a benchmark wrongly: {error}") from error


def _group(benchmark: Described, parameters: tuple[str, ...]) -> str:
    """Return the name of the group that a benchmark is loaded with: methods of a class, timed with equal parameters.

    They are warmed up before they are timed. A number, and what is timed cold, may depend on what an earlier
    method left in the process, so that each has a process of its own, as under asv.
    """
    name, kind = benchmark.name, benchmark.type
    together = kind == "time" and not benchmark.cold and name.count(".") > 1
    return f"{name.rpartition('.')[0] if together else name}:{kind}({', '.join(parameters)})"


def _of(key: Key, described: Mapping[Key, Described], discovery: Discovery) -> Described | Trouble:
    """Return a side's description of a benchmark, or why there is none."""
    if key in described:
        left_out = Skipped(reason="the suite leaves it out of checks: check = False")
        return described[key] if described[key].checked else left_out
    for module, error in discovery.broken.items():
        inside = module.partition(".")[2]
        if not inside or key[0].startswith(f"{inside}."):
            return Failed(error=f"{module} cannot be imported: {error}")
    return Absent()
