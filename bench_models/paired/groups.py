"""What is measured together, on which sides, and by which shard."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from bench_models.errors import BenchModelsError
from bench_models.outcomes import Failed, Skipped
from bench_models.paired.channel import Message
from bench_models.paired.process import SIDES, SideName
from bench_models.verdict.observations import (
    DEFAULT_BETTER,
    DEFAULT_MARGIN_PCT,
    Absent,
    Observed,
    Subject,
    Trouble,
)

_TIMED = ("time", "timeraw")
# What is measured of the whole process, so that it must not have a parent's memory.
_OF_A_PROCESS = ("peakmem",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A subject, how to run it, and what keeps a side from it.

    ``from_nothing`` says that its workers have to be started instead of forked.
    """

    subject: Subject
    group: str
    cache: str | None
    timeout_s: float
    cache_timeout_s: float
    base: Trouble | None
    head: Trouble | None
    answers: bool
    from_nothing: bool

    @property
    def by_chance(self) -> bool:
        """Whether its verdict will spend from the error budget, as far as can be known beforehand."""
        return self.subject.kind == "time" or self.answers

    @property
    def runs(self) -> bool:
        """Whether both sides have it."""
        return self.base is None and self.head is None

    def unmeasured(self) -> Observed:
        """Return what is known before anything is measured."""
        return Observed(subject=self.subject, base=self.base, head=self.head)


def plan(discovered: Mapping[SideName, Message], default_timeout_s: float) -> list[Planned]:
    """Match the benchmarks of both sides by name and parameters, in the order of HEAD's suite.

    What a suite leaves out of checks (``check = False``) is not planned where no side has it checked.
    """
    described = {side: dict(_by_subject(discovered[side])) for side in SIDES}
    keys = dict.fromkeys([*described["head"], *described["base"]])
    checked = [key for key in keys if any(described[side].get(key, _UNCHECKED)["checked"] for side in SIDES)]
    return [_planned(key, described, discovered, default_timeout_s) for key in checked]


def left_out(discovery: Message) -> list[str]:
    """Return what a side's suite leaves out of checks, as asv writes its names."""
    return [
        f"{name}({', '.join(parameters)})" if parameters else name
        for (name, parameters), benchmark in _by_subject(discovery)
        if not benchmark["checked"]
    ]


def chosen(planned: Planned, bench: str) -> bool:
    """Say whether a pattern asks for a benchmark, as ``asv run --bench`` would."""
    return re.search(bench, str(planned.subject)) is not None


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


_Key = tuple[str, tuple[str, ...]]
_UNCHECKED: Message = {"checked": False}


def _by_subject(discovery: Message) -> Iterator[tuple[_Key, Message]]:
    for benchmark in discovery["benchmarks"]:
        for parameters in benchmark["parameters"]:
            yield (benchmark["name"], tuple(parameters)), benchmark


def _planned(
    key: _Key,
    described: Mapping[SideName, Mapping[_Key, Message]],
    discovered: Mapping[SideName, Message],
    default_timeout_s: float,
) -> Planned:
    name, parameters = key
    benchmark = described["head"].get(key) or described["base"][key]
    timed = benchmark["type"] in _TIMED
    timeout_s = float(benchmark["timeout_s"] or default_timeout_s)
    return Planned(
        subject=_subject(benchmark, parameters, timed=timed),
        group=_group(name, benchmark["type"], parameters),
        cache=benchmark["cache"],
        timeout_s=timeout_s,
        cache_timeout_s=float(benchmark["cache_timeout_s"] or timeout_s),
        base=_trouble(key, described["base"], discovered["base"]),
        head=_trouble(key, described["head"], discovered["head"]),
        answers=benchmark["answers"],
        from_nothing=benchmark["type"] in _OF_A_PROCESS,
    )


def _subject(benchmark: Message, parameters: tuple[str, ...], *, timed: bool) -> Subject:
    margin = benchmark["margin_pct"]
    try:
        return Subject(
            benchmark=benchmark["name"],
            parameters=parameters,
            kind="time" if timed else "value",
            unit=benchmark["unit"],
            better=benchmark["better"] or DEFAULT_BETTER,
            margin_pct=DEFAULT_MARGIN_PCT if margin is None else margin,
        )
    except ValueError as error:
        raise BenchModelsError(f"the suite describes a benchmark wrongly: {error}") from error


def _group(name: str, kind: str, parameters: tuple[str, ...]) -> str:
    """Return the worker's share of work: methods of a class with the same parameters, loaded once.

    A process's peak of memory is its own, and a function shares nothing with another.
    """
    together = name.rpartition(".")[0] if name.count(".") > 1 and kind in {"time", "track"} else name
    return f"{together}:{kind}({', '.join(parameters)})"


def _trouble(key: _Key, described: Mapping[_Key, Message], discovery: Message) -> Trouble | None:
    if key in described:
        return None if described[key]["checked"] else Skipped(reason="the suite leaves it out of checks: check = False")
    for module, error in discovery["broken"].items():
        inside = module.partition(".")[2]
        if not inside or key[0].startswith(f"{inside}."):
            return Failed(error=f"{module} cannot be imported: {error}")
    return Absent()
