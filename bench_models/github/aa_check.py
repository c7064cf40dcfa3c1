"""The A/A checks of a machine, night by night, and whether too many of them are red.

The alarm counts the checks themselves, not their replays. A night is the replicate, because its checks share a machine:
whatever they share, at most three times the allowed share of nights have a red check among three.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct

from bench_models.check.record import Record
from bench_models.check.replay import Replayed, stopped
from bench_models.check.report.make import report_on
from bench_models.results_branch.records import AA_CHECKS, write_json
from bench_models.results_branch.untrusted import json_of, read_files, require_utc_seconds, typed
from bench_models.stats.estimate import Estimate
from bench_models.stats.sequential import BOUND, FAMILYWISE_ALPHA, nights_until_it_rings, points

# As many as nightly.yml makes. A night of fewer is red more rarely; one of more is not counted.
CHECKS_A_NIGHT = 3


class Night(Struct, frozen=True, kw_only=True):
    """The checks of an unchanged tree that one night made: when they ended, how many there were, how many were red."""

    schema_version: Literal[2]
    at: Annotated[datetime, Meta(tz=True)]
    checks: Annotated[int, Meta(ge=1, le=CHECKS_A_NIGHT)]
    red: Annotated[int, Meta(ge=0)]

    def __post_init__(self) -> None:
        """Refuse another time than UTC."""
        require_utc_seconds(self.at)


class Figures(Night, frozen=True, kw_only=True):
    """What ``aa/<time>.json`` holds: ``red`` counts checks, ``red_shares`` are of those replayed of each."""

    commit: str
    cpus: tuple[str, ...]
    replayed_of_each: int
    red_shares: tuple[float, ...]
    red_share: Estimate | None
    allowed_share: float = FAMILYWISE_ALPHA
    undecided_share: float
    pairs_a_benchmark: float


def figures(records: Sequence[Record], replayed: Replayed, at: datetime) -> Figures:
    """Return what the records and their replays show."""
    # Not by the exit status: a benchmark that fails besides is status 2, and hides no regression.
    red = [bool(report_on(stopped(record)).of("regressed")) for record in records]
    return Figures(
        schema_version=2,
        at=at.astimezone(UTC).replace(microsecond=0),
        commit=records[0].header.head,
        cpus=tuple(sorted({str(machine["cpu"]) for record in records for machine in record.header.machines})),
        checks=len(records),
        red=sum(red),
        replayed_of_each=replayed.times,
        red_shares=tuple(replayed.red.shares),
        red_share=replayed.red.over_records,
        undecided_share=replayed.undecided,
        pairs_a_benchmark=replayed.pairs,
    )


def keep(folder: Path, found: Figures) -> Path:
    """Write the figures below ``folder`` (a clone's ``.asv``), from where ``ci keep`` pushes them."""
    return write_json(folder / AA_CHECKS / f"{found.at:%Y-%m-%dT%H-%M-%SZ}.json", found)


def nights(folder: Path) -> tuple[list[Night], tuple[str, ...]]:
    """Return the nights kept in ``folder`` (a clone's ``.asv``), oldest first, and a sentence on each left aside."""
    found, bad = read_files(folder / AA_CHECKS, _night)
    return sorted(found, key=lambda night: night.at), bad


def too_many(found: Sequence[Night]) -> bool:
    """Say whether the alarm rings after the newest night."""
    return points([night.red > 0 for night in found]) >= BOUND


def sentence(found: Sequence[Night]) -> str:
    """Return how far the alarm is from ringing, and how rarely it does without a cause."""
    red = [night.red > 0 for night in found]
    years = nights_until_it_rings(CHECKS_A_NIGHT * FAMILYWISE_ALPHA) / 365
    return (
        f"{sum(red)} of {len(red)} nights had a red check: {points(red)} points, and the alarm rings at {BOUND}. "
        f"Without a cause it does so once in {years:.0f} years."
    )


def _night(file: Path) -> Night:
    data = json_of(file)
    if isinstance(data, dict) and data.get("schema_version") == 1:
        raise ValueError("its checks were judged by an older rule, so they say nothing of this one")
    return typed(data, Night)
