"""The JSON report; ``report.schema.json`` beside this file documents every key."""

from dataclasses import asdict
from typing import Any

from bench_models.budgets import BudgetLine, fails
from bench_models.machine import Machine
from bench_models.metrics.latency import OFFLINE_SENTENCES, THREADS
from bench_models.report.rows import Quality, Row
from bench_models.stats.estimate import Estimate

SCHEMA_VERSION = 2


def document(  # noqa: PLR0913  # what a report is about, and how it was judged
    suite: str, commit: str, rows: tuple[Row, ...], machine: Machine, versions: dict[str, str], *, strict: bool = False
) -> dict[str, Any]:
    """Return the report as JSON-able data.

    A key that holds a quantity ends in its unit, but for those of a budget, whose unit stands beside.
    """
    return {
        "schema_version": SCHEMA_VERSION,
        "suite": suite,
        "commit": commit,
        "strict": strict,
        "exit_status": exit_status(rows, strict=strict),
        "machine": asdict(machine) | {"cpu_flags": list(machine.cpu_flags)},
        "versions": versions,
        "latency_threads": THREADS,
        "offline_batch_sentences": OFFLINE_SENTENCES,
        "variants": [_variant(row) for row in rows],
    }


def exit_status(rows: tuple[Row, ...], *, strict: bool) -> int:
    """Return 2 when something could not be measured, else 1 when a budget is broken (``strict``: or open), else 0."""
    if any(row.standing == "not measured" for row in rows):
        return 2
    return int(any(fails(line.status, strict=strict) for row in rows for line in row.budget_lines))


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
        "budgets": [_budget(line) for line in row.budget_lines],
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
        "agreement_share": _estimate(quality.agreement if quality else None),
        "agreement_sentences_count": len(card.answers) + len(card.elsewhere) if card else None,
        "correct_by_sentence": "".join("01"[right] for right in card.correct) if card else None,
    }


def _budget(line: BudgetLine) -> dict[str, Any]:
    return {
        "figure": line.figure,
        "unit": line.unit,
        "value": line.value,
        "interval": _estimate(line.interval),
        "limit": line.limit,
        "status": line.status,
        "sentences_count": line.sentences_count,
        "sentences_needed_count": line.sentences_needed_count,
    }


def _estimate(estimate: Estimate | None) -> dict[str, float] | None:
    return asdict(estimate) if estimate else None
