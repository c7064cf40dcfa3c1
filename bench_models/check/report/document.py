"""The JSON report of a check; ``check.schema.json`` beside this file documents every key."""

import json
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from bench_models.check.report.findings import ORDER, Findings
from bench_models.check.report.markdown import headline
from bench_models.stats.sequential import EQUIVALENCE_ALPHA, FAMILYWISE_ALPHA, LOOKS
from bench_models.verdict.answers import ACCURACY_ALPHA
from bench_models.verdict.change import Change

SCHEMA_VERSION = 1


@cache
def schema() -> dict[str, Any]:
    """Return the schema that every report of a check follows; read once, many reports are held against it."""
    text = Path(__file__).with_name("check.schema.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def document(found: Findings) -> dict[str, Any]:
    """Return the report as JSON-able data; a key that holds a quantity ends in its unit."""
    record, header = found.record, found.record.header
    return {
        "schema_version": SCHEMA_VERSION,
        "sentence": headline(found),
        "exit_status": found.exit_status,
        "ending": record.ending,
        "base": {"commit": header.base, "name": header.base_name},
        "head": {"commit": header.head, "name": header.head_name, "uncommitted": list(header.uncommitted)},
        "shard": {"index": header.shard, "count": header.shards},
        "counts": {verdict: len(found.of(verdict)) for verdict in ORDER},
        "changes": [_change(change) for change in found.changes],
        "broken_modules": header.broken,
        "changed_libraries": {
            name: {"base": base, "head": head} for name, (base, head) in found.changed_libraries.items()
        },
        "python": header.python,
        "machines": [machine | {"cpu_flags": list(machine["cpu_flags"])} for machine in header.machines],
        "environments": header.environments,
        "rewritten": list(header.rewritten),
        "redescribed": list(header.redescribed),
        "added": list(header.added),
        "suite_changes": list(header.suite_changes),
        "threads": header.threads,
        "began": header.began,
        "wall_s": record.wall_s,
        "timed_s": record.timed_s,
        "error_budget": {
            "false_alarm": FAMILYWISE_ALPHA,
            "accuracy_alarm": ACCURACY_ALPHA,
            "false_calm": EQUIVALENCE_ALPHA,
            "looks_pairs": list(LOOKS),
        },
    }


def _change(change: Change) -> dict[str, Any]:
    benchmark = change.benchmark
    return {
        "benchmark": benchmark.name,
        "parameters": list(benchmark.parameters),
        "unit": benchmark.unit,
        "better": benchmark.better,
        "margin_pct": benchmark.margin_pct,
        "verdict": change.verdict,
        "reason": change.reason,
        "base": change.base,
        "head": change.head,
        "change_pct": None if change.change_pct is None else asdict(change.change_pct),
        "visible_pct": change.detectable_pct,
        "pairs": change.pairs,
        "flips": None if change.flips is None else _lists(asdict(change.flips)),
    }


def _lists(flips: dict[str, Any]) -> dict[str, Any]:
    return {key: list(value) if isinstance(value, tuple) else value for key, value in flips.items()}
