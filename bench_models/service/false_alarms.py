"""The false-alarm figures of a machine: checks of an unchanged tree, as they came out and drawn anew."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from bench_models.paired.record import Record
from bench_models.paired.replay import Replayed
from bench_models.reports.check.findings import findings
from bench_models.sealed import write_atomically
from bench_models.service import moments
from bench_models.service.mirror import ALARMS
from bench_models.stats.looks import FALSE_ALARM

SCHEMA_VERSION = 1
_REGRESSED = 1


def figures(records: Sequence[Record], replayed: Replayed, at: datetime) -> dict[str, Any]:
    """Return what ``aa/<time>.json`` holds: ``red`` counts checks, ``red_share`` is of replayed ones."""
    red = [findings(record).exit_status == _REGRESSED for record in records]
    header = records[0].header
    return {
        "schema_version": SCHEMA_VERSION,
        "at": moments.written(at),
        "commit": header.head,
        "cpus": sorted({str(machine["cpu"]) for record in records for machine in record.header.machines}),
        "checks": len(records),
        "red": sum(red),
        "replayed": replayed.times,
        "red_share": asdict(replayed.red),
        "allowed_share": FALSE_ALARM,
        "undecided_share": replayed.undecided,
        "pairs_a_benchmark": replayed.pairs,
        "pool_pairs": replayed.pool,
    }


def keep(folder: Path, found: Mapping[str, Any]) -> Path:
    """Write the figures below ``folder`` (a clone's ``.asv``), from where ``ci-keep`` pushes them."""
    file = folder / ALARMS / f"{found['at'].replace(':', '-')}.json"
    write_atomically(file, json.dumps(found, indent=1) + "\n")
    return file


def too_many(found: Mapping[str, Any]) -> bool:
    """Say whether more checks were red than are allowed, beyond what chance explains."""
    return float(found["red_share"]["low"]) > float(found["allowed_share"])
