"""Merges the records of a check's shards into one."""

from collections.abc import Sequence
from dataclasses import replace

from bench_models.check.record import Ending, Header, Record
from bench_models.checkout import in_short
from bench_models.errors import BenchModelsError
from bench_models.verdict.measurements import SIDES, Measurements, SideName

# What all shards of a check have in common besides the plan. Machines may differ: each compares both commits itself.
_COMMON: tuple[str, ...] = (
    "base",
    "head",
    "uncommitted",
    "shards",
    "threads",
    "python",
    "libraries",
    "rewritten",
    "added",
    "redescribed",
)
_WORST: tuple[Ending, ...] = ("crashed", "interrupted", "complete")


def merge(records: Sequence[Record]) -> Record:
    """Return the whole check as one record, in which every benchmark keeps its shard's number.

    Raises ``BenchModelsError`` for shards of different checks, for shards that disagree about a benchmark, for
    a shard that is there twice and for shards that are missing.
    """
    first, *others = sorted(records, key=lambda record: record.header.shard)
    for other in others:
        _require_common(first.header, other.header)
        _require_one_plan(first.header, other.header)
    _require_all([record.header.shard for record in records], first.header.shards)
    measurements = _each_once((first, *others))
    broken: dict[SideName, dict[str, str]] = {
        side: {module: error for record in records for module, error in record.header.broken[side].items()}
        for side in SIDES
    }
    header = replace(
        first.header,
        shard=1,
        shards=1,
        broken=broken,
        machines=tuple(machine for record in (first, *others) for machine in record.header.machines),
    )
    return Record(
        header=header,
        measurements=tuple(measurements[name] for name in header.plan if name in measurements),
        ending=min((record.ending for record in records), key=_WORST.index),
        wall_s=sum(record.wall_s for record in records),
        timed_s=sum(record.timed_s for record in records),
    )


def _require_common(first: Header, other: Header) -> None:
    files = sorted({*first.uncommitted, *other.uncommitted})
    if files and (first.head, first.uncommitted) != (other.head, other.uncommitted):
        raise BenchModelsError(
            f"shards {first.shard} and {other.shard} are not of one check: HEAD had uncommitted changes in "
            f"{in_short(files)}, and they were not the same for both; commit them (a temporary commit will do), and "
            "measure both shards at that commit"
        )
    for name in _COMMON:
        here, there = getattr(first, name), getattr(other, name)
        if here != there:
            raise BenchModelsError(
                f"shards {first.shard} and {other.shard} are not of one check, they differ in {name}: "
                f"{_difference(here, there)}; measure both shards at the same commits and with the same libraries"
            )


def _require_one_plan(first: Header, other: Header) -> None:
    for name in {**first.plan, **other.plan}:
        here, there = (header.plan.get(name, "not there") for header in (first, other))
        if here != there:
            raise BenchModelsError(
                f"shards {first.shard} and {other.shard} disagree about {name}: it is {here!r} in the one and "
                f"{there!r} in the other; give it the same attributes and parameters on every machine, and measure "
                "both again"
            )


def _each_once(records: Sequence[Record]) -> dict[str, Measurements]:
    """Return the measurements of each benchmark of the plan; exactly one shard measures each."""
    measurements: dict[str, Measurements] = {}
    for record in records:
        for each in record.measurements:
            name = str(each.benchmark)
            if name in measurements or name not in record.header.plan:
                where = f"shard {measurements[name].shard}, too" if name in measurements else "no plan"
                raise BenchModelsError(
                    f"shard {record.header.shard} measured {name}, which is in {where}: measure all shards again, "
                    "with the same version of bench-models"
                )
            measurements[name] = each
    forgotten = next((name for name in records[0].header.plan if name not in measurements), None)
    if forgotten is not None and all(record.ending != "crashed" for record in records):
        raise BenchModelsError(
            f"{forgotten} is planned, and no shard took it: measure all shards again, with the same version of "
            "bench-models"
        )
    return measurements


def _difference(here: object, there: object) -> str:
    if isinstance(here, dict) and isinstance(there, dict):
        name = next(key for key in {**here, **there} if here.get(key) != there.get(key))
        return f"{name}: {_difference(here.get(name), there.get(name))}"
    return f"{str(here)[:80]} and {str(there)[:80]}"


def _require_all(present: Sequence[int], count: int) -> None:
    twice = sorted({shard for shard in present if present.count(shard) > 1})
    missing = sorted(set(range(1, count + 1)) - set(present))
    if twice or missing:
        wrong = [f"shard {each}/{count} is missing" for each in missing]
        wrong += [f"shard {each}/{count} is there twice" for each in twice]
        raise BenchModelsError(f"{'; '.join(wrong)}: give each shard's folder once")
