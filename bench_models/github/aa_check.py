"""The A/A checks of a machine, night by night, and whether too many of them are red.

What rings is made of the checks themselves, not of their replays. The night is the replicate, as its checks share a
machine: whatever they share, at most three times the allowed share of nights have a red one among three checks.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bench_models.check.record import Record
from bench_models.check.replay import Replayed
from bench_models.check.report.findings import findings
from bench_models.check.stopping import stopped
from bench_models.results_branch import timestamps
from bench_models.results_branch.json_io import aside, json_of, sorted_out, valid
from bench_models.results_branch.mirror import ALARMS
from bench_models.stats.looks import FAMILYWISE_ALPHA
from bench_models.stats.nights import BOUND, nights_until_it_rings, points
from bench_models.storage import write_atomically

SCHEMA_VERSION = 2
# As many as nightly.yml makes. A night of fewer is red more rarely; one of more is not counted.
CHECKS_A_NIGHT = 3

_NIGHT = {
    "type": "object",
    "required": ["schema_version", "at", "checks", "red"],
    "properties": {
        "schema_version": {"const": SCHEMA_VERSION},
        "at": {"type": "string"},
        "checks": {"type": "integer", "minimum": 1, "maximum": CHECKS_A_NIGHT},
        "red": {"type": "integer", "minimum": 0},
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """When some checks of an unchanged tree ended, and whether one was red."""

    at: datetime
    red: bool


def figures(records: Sequence[Record], replayed: Replayed, at: datetime) -> dict[str, Any]:
    """Return what ``aa/<time>.json`` holds: ``red`` counts checks, ``red_shares`` are of those replayed of each."""
    # Not by the exit status: a benchmark that fails besides is status 2, and hides no regression.
    red = [bool(findings(stopped(record)).of("regressed")) for record in records]
    over_records = replayed.red.over_records
    return {
        "schema_version": SCHEMA_VERSION,
        "at": timestamps.written(at),
        "commit": records[0].header.head,
        "cpus": sorted({str(machine["cpu"]) for record in records for machine in record.header.machines}),
        "checks": len(records),
        "red": sum(red),
        "replayed_of_each": replayed.times,
        "red_shares": list(replayed.red.shares),
        "red_share": None if over_records is None else asdict(over_records),
        "allowed_share": FAMILYWISE_ALPHA,
        "undecided_share": replayed.undecided,
        "pairs_a_benchmark": replayed.pairs,
    }


def keep(folder: Path, found: Mapping[str, Any]) -> Path:
    """Write the figures below ``folder`` (a clone's ``.asv``), from where ``ci-keep`` pushes them."""
    file = folder / ALARMS / f"{found['at'].replace(':', '-')}.json"
    write_atomically(file, json.dumps(found, indent=1) + "\n")
    return file


def nights(folder: Path) -> tuple[list[Night], tuple[str, ...]]:
    """Return the nights kept in ``folder`` (a clone's ``.asv``), oldest first, and a sentence on each left aside."""
    found, bad = sorted_out(sorted((folder / ALARMS).glob("*.json")), _night)
    return sorted(found, key=lambda night: night.at), bad


def too_many(found: Sequence[Night]) -> bool:
    """Say whether the alarm rings after the newest night."""
    return points([night.red for night in found]) >= BOUND


def sentence(found: Sequence[Night]) -> str:
    """Return how far the alarm is from ringing, and how rarely it does without a cause."""
    red = sum(night.red for night in found)
    years = nights_until_it_rings(CHECKS_A_NIGHT * FAMILYWISE_ALPHA) / 365
    return (
        f"{red} of {len(found)} nights had a red check: {points([night.red for night in found])} points, and the alarm "
        f"rings at {BOUND}. Without a cause it does so once in {years:.0f} years."
    )


def _night(file: Path) -> Night:
    with aside(str(file)):
        data = json_of(file)
        if isinstance(data, dict) and data.get("schema_version") == 1:
            raise ValueError("its checks were judged by an older rule, so they say nothing of this one")
        data = valid(data, _NIGHT)
        return Night(at=timestamps.read(data["at"]), red=data["red"] > 0)
