"""Shards of one check, joined into the record that one machine would have written."""

from collections.abc import Sequence
from dataclasses import replace

from bench_models.errors import BenchModelsError
from bench_models.paired.process import SIDES, SideName
from bench_models.paired.record import Ending, Header, Record

# What all shards of a check have in common. Machines may differ: each compares both commits on its own.
_COMMON = ("base", "head", "uncommitted", "shards", "threads", "python", "libraries", "subjects", "rewritten", "added")
_WORST: tuple[Ending, ...] = ("crashed", "interrupted", "complete")


def merge(records: Sequence[Record]) -> Record:
    """Return the whole check.

    Raises ``BenchModelsError`` for shards of different checks, for a shard that is there twice and for
    shards that are missing.
    """
    first, *others = sorted(records, key=lambda record: record.header.shard)
    for other in others:
        _require_common(first.header, other.header)
    _require_all([record.header.shard for record in records], first.header.shards)
    observed = {str(each.subject): each for record in records for each in record.observed}
    broken: dict[SideName, dict[str, str]] = {
        side: {module: error for record in records for module, error in record.header.broken[side].items()}
        for side in SIDES
    }
    header = replace(
        first.header,
        shard=1,
        shards=1,
        elsewhere=0,
        broken=broken,
        machines=tuple(machine for record in (first, *others) for machine in record.header.machines),
    )
    return Record(
        header=header,
        observed=tuple(observed[name] for name in header.subjects if name in observed),
        ending=min((record.ending for record in records), key=_WORST.index),
        wall_s=sum(record.wall_s for record in records),
        timed_s=sum(record.timed_s for record in records),
    )


def _require_common(first: Header, other: Header) -> None:
    for name in _COMMON:
        here, there = getattr(first, name), getattr(other, name)
        if here != there:
            raise BenchModelsError(
                f"shards {first.shard} and {other.shard} are not of one check, they differ in {name}: "
                f"{_difference(here, there)}; measure both shards at the same commits and with the same libraries"
            )


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
