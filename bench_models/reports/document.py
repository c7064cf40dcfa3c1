"""The JSON report; ``report.schema.json`` beside this file documents every key."""

from dataclasses import asdict
from typing import Any

from bench_models.machine import Machine
from bench_models.metrics.latency import OFFLINE_SENTENCES, THREADS
from bench_models.reports.rows import Quality, Row
from bench_models.stats.estimate import Estimate
from bench_models.verdict.budgets import Check

SCHEMA_VERSION = 1


def document(
    suite: str, commit: str, rows: tuple[Row, ...], machine: Machine, versions: dict[str, str]
) -> dict[str, Any]:
    """Return the report as JSON-able data.

    A key that holds a quantity ends in its unit, but for those of a budget, whose unit stands beside.
    """
    return {
        "schema_version": SCHEMA_VERSION,
        "suite": suite,
        "commit": commit,
        "exit_status": exit_status(rows),
        "machine": asdict(machine) | {"cpu_flags": list(machine.cpu_flags)},
        "versions": versions,
        "latency_threads": THREADS,
        "offline_batch_sentences": OFFLINE_SENTENCES,
        "variants": [_variant(row) for row in rows],
    }


def exit_status(rows: tuple[Row, ...]) -> int:
    """Return 2 when something could not be measured, else 1 when a budget is broken, else 0."""
    standings = {row.standing for row in rows}
    return 2 if "not measured" in standings else 1 if "broken" in standings else 0


def _variant(row: Row) -> dict[str, Any]:
    return {
        "name": row.name,
        "standing": row.standing,
        "errors": list(row.errors),
        "latency_single_stream_s": _estimate(row.single_stream_s),
        "latency_offline_s_per_sentence": _estimate(row.offline_s),
        "speed_up_single_stream_ratio": _estimate(row.speed_up),
        "speed_up_offline_ratio": _estimate(row.offline_speed_up),
        **_quality(row.quality),
        "budgets": [_check(check) for check in row.checks],
    }


def _quality(quality: Quality | None) -> dict[str, Any]:
    card = quality.card if quality else None
    return {
        "parameters_count": card.parameters if card else None,
        "size_bytes": card.size_bytes if card else None,
        "naive_size_bytes": card.naive_size_bytes if card else None,
        "size_reduction_pct": quality.size_reduction_pct if quality else None,
        "sparsity_share": card.sparsity if card else None,
        "accuracy_share": _estimate(quality.accuracy if quality else None),
        "error_rate_share": 1 - card.accuracy if card else None,
        "accuracy_drop_points": _estimate(quality.accuracy_drop_points if quality else None),
        "correct_by_sentence": "".join("01"[right] for right in card.correct) if card else None,
    }


def _check(check: Check) -> dict[str, Any]:
    return {
        "figure": check.figure,
        "unit": check.unit,
        "value": check.value,
        "interval": _estimate(check.interval),
        "limit": check.limit,
        "kept": check.kept,
    }


def _estimate(estimate: Estimate | None) -> dict[str, float] | None:
    return asdict(estimate) if estimate else None
