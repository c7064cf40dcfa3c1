"""Reads a stored JSON report back, for what is drawn or said of it later."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench_models.errors import BenchModelsError
from bench_models.report.document import SCHEMA_VERSION
from bench_models.report.validity import fault_of
from bench_models.stats.estimate import Estimate
from bench_models.text import one_line

# Histories and sites keep reports of version 1, which knew two words for budgets, and no agreement.
_READABLE = (1, SCHEMA_VERSION)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One variant of a report; what could not be measured is None, and ``errors`` say why."""

    name: str
    standing: str
    errors: tuple[str, ...]
    latency_s: Estimate | None
    speed_up: Estimate | None
    accuracy: Estimate | None
    accuracy_drop_points: Estimate | None
    size_bytes: int | None
    size_reduction_pct: float | None
    correct_by_sentence: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A suite at a commit; the first line is the baseline. ``sentences`` are those of the test split."""

    suite: str
    commit: str
    cpu: str
    sentences: int | None
    lines: tuple[Line, ...]


def read(path: Path) -> Report:
    """Return the report of a file.

    Raises ``BenchModelsError`` for a file that is missing, damaged or no report.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"), parse_constant=_no_number)
    except OSError as error:
        raise BenchModelsError(
            f"{path} cannot be read ({error.strerror}): give the JSON file of a report, which `bench-models run` and "
            "`bench-models report` write to results/"
        ) from error
    except (ValueError, RecursionError) as error:
        raise BenchModelsError(
            f"{path} is not whole JSON ({error}): make it again with `bench-models report`"
        ) from error
    return report_of(data, str(path))


def report_of(data: Any, where: str) -> Report:  # noqa: ANN401  # whatever JSON holds
    """Return the report that a JSON document holds; ``where`` names it in errors."""
    if not isinstance(data, dict) or data.get("schema_version") not in _READABLE or not data.get("variants"):
        raise BenchModelsError(
            f"{where} is no report of schema version {SCHEMA_VERSION}: "
            "bench_models/report/report.schema.json says what one holds"
        )
    fault = fault_of(data)
    if fault:
        raise BenchModelsError(_damaged(where, fault))
    try:
        return Report(
            suite=data["suite"],
            commit=data["commit"],
            cpu=one_line(data["machine"]["cpu"]),
            sentences=next((len(row["correct_by_sentence"]) for row in data["variants"] if _answered(row)), None),
            lines=tuple(map(_line, data["variants"])),
        )
    except ValueError as error:  # an interval that does not hold its point
        raise BenchModelsError(_damaged(where, str(error))) from error


def _damaged(where: str, fault: str) -> str:
    return (
        f"{where} does not keep bench_models/report/report.schema.json ({fault}): "
        "make it again with `bench-models report`"
    )


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is no number of JSON")


def _answered(row: dict[str, Any]) -> bool:
    return bool(row["correct_by_sentence"])


def _line(row: dict[str, Any]) -> Line:
    return Line(
        name=row["name"],
        standing=row["standing"],
        errors=tuple(map(one_line, row["errors"])),
        latency_s=_estimate(row["latency_single_stream_s"]),
        speed_up=_estimate(row["speed_up_single_stream_ratio"]),
        accuracy=_estimate(row["accuracy_share"]),
        accuracy_drop_points=_estimate(row["accuracy_drop_points"]),
        size_bytes=row["size_bytes"],
        size_reduction_pct=row["size_reduction_pct"],
        correct_by_sentence=row["correct_by_sentence"],
    )


def _estimate(data: dict[str, float] | None) -> Estimate | None:
    return Estimate(**data) if data is not None else None
