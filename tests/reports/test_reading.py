"""A kept report is read back as it was written, or refused in one sentence."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from reports.drawing import REAL, document

from bench_models import reports
from bench_models.errors import BenchModelsError
from bench_models.reports.reading import read, report_of


def test_kept_report_keeps_the_schema() -> None:
    """So that these tests are about what reports look like."""
    schema = json.loads((Path(reports.__file__).parent / "report.schema.json").read_text(encoding="utf-8"))

    jsonschema.validate(document(), schema)


def test_report_is_read_as_it_was_written() -> None:
    """Figures with their intervals, in their order."""
    report = read(REAL)
    student = report.lines[-1]

    assert (report.suite, report.commit[:8], report.sentences, len(report.lines)) == (
        "rotten-tomatoes", "e0aaa9ee", 1083, 19,
    )  # fmt: skip
    assert student.name == "student2"
    assert student.speed_up is not None
    assert (student.speed_up.low, student.speed_up.value, student.speed_up.high) == (2.48, 3.01, 3.65)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "is not whole JSON"),
        ("[]", "is no report of schema version 1"),
        ('{"schema_version": 2, "variants": [{}]}', "is no report of schema version 1"),
        ('{"schema_version": 1, "variants": []}', "is no report of schema version 1"),
        ('{"schema_version": 1, "variants": [{}]}', "does not keep bench_models/reports/report.schema.json"),
    ],
)
def test_what_is_no_report_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    """With its name, and what to do."""
    file = tmp_path / "report.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(BenchModelsError, match=f"report.json {complaint}"):
        read(file)


def test_missing_file_is_named(tmp_path: Path) -> None:
    """With the command that writes one."""
    with pytest.raises(BenchModelsError, match=r"absent.json cannot be read .*`bench-models report`"):
        read(tmp_path / "absent.json")


@pytest.mark.parametrize("damage", [{"value": 1.0}, {"value": 2.0, "low": 3.0, "high": 4.0, "level": 0.9}, "fast"])
def test_damaged_figure_is_refused(damage: Any) -> None:  # noqa: ANN401  # whatever JSON holds
    """An interval that does not hold its point is none."""
    kept = document()
    kept["variants"][2]["speed_up_single_stream_ratio"] = damage
    with pytest.raises(BenchModelsError, match="does not keep"):
        report_of(kept, "report.json")
