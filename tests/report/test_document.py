"""A report is read back as it was written, or refused in one sentence."""

import json
import math
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import schemas
from support.drawing import REAL, document

from bench_models.errors import BenchModelsError
from bench_models.report.document import VERSION, read, report_of, schema, text_of


def test_stored_report_keeps_the_schema() -> None:
    """So that these tests are about what reports look like."""
    jsonschema.validate(document(), schema())


def test_schemas_are_those_of_the_types() -> None:
    """Of this report and of a check's: ``python tools/schemas.py`` writes both."""
    assert {file: file.read_text(encoding="utf-8") for file in schemas.SCHEMAS} == schemas.texts()


def test_report_is_written_as_it_was_read() -> None:
    """Every key in its place; what version 1 said of budgets in the words of version 2, with what it did not know."""
    old = document()
    for row in old["variants"]:
        row |= {"agreement_share": None, "agreement_sentences_count": None}
        row |= {"runtime": None, "runtime_agreement_share": None, "logit_difference": None}
        row |= {"int8_share": None, "kernels": None}
        for line in row["budgets"]:
            line["status"] = "kept" if line.pop("kept") else "broken"
            line |= {"sentences_count": None, "sentences_needed_count": None}
    written = json.loads(text_of(read(REAL)))

    assert written == old | {"strict": False}
    assert json.loads(text_of(report_of(written | {"schema_version": VERSION}, "again"))) == written | {
        "schema_version": VERSION
    }
    first = list(written["variants"][0])
    assert first[:3] + first[-3:] == [
        "name", "standing", "errors", "kernels", "correct_by_sentence", "budgets",
    ]  # fmt: skip


def test_report_is_read_as_it_was_written() -> None:
    """Figures with their intervals, in their order."""
    report = read(REAL)
    student = report.variants[-1]

    assert (report.suite, report.commit[:8], report.summary.sentences, len(report.variants)) == (
        "rotten-tomatoes", "e0aaa9ee", 1083, 19,
    )  # fmt: skip
    assert student.name == "student2"
    assert student.speed_up_single_stream_ratio is not None
    speed_up = student.speed_up_single_stream_ratio
    assert (speed_up.low, speed_up.value, speed_up.high) == (2.48, 3.01, 3.65)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "is not whole JSON"),
        ("[]", "is not a report of schema version 2"),
        ('{"schema_version": 3, "variants": [{}]}', "is not a report of schema version 2"),
        ('{"schema_version": [], "variants": [{}]}', "is not a report of schema version 2"),
        ('{"schema_version": 1, "variants": []}', "is not a report of schema version 2"),
        ('{"schema_version": 1, "variants": [{}]}', "does not keep bench_models/report/report.schema.json"),
    ],
)
def test_what_is_not_a_report_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
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


def _second(**keys: Any) -> dict[str, Any]:  # noqa: ANN401  # whatever JSON holds
    """Return the report with other keys of its second variant."""
    kept = document()
    kept["variants"][1] |= keys
    return kept


def _without_baseline() -> dict[str, Any]:
    kept = document()
    del kept["variants"][0]
    return kept


def _exactly(value: float) -> dict[str, float]:
    return {"value": value, "low": value, "high": value, "level": 0.95}


@pytest.mark.parametrize(
    ("damaged", "complaint"),
    [
        (document() | {"suite": "../../../x"}, r"at `\$\.suite`"),
        (document() | {"suite": "/tmp/x"}, r"at `\$\.suite`"),  # noqa: S108  # not to be written to
        (document() | {"suite": ".."}, r"at `\$\.suite`"),
        (document() | {"suite": "x" * 101}, r"at `\$\.suite`"),
        (document() | {"suite": "x\x00"}, r"\$\.suite: .* cannot be printed"),
        (document() | {"commit": f"{document()['commit']}\n"}, r"\$\.commit: .* cannot be printed"),
        (_without_baseline(), "the first variant is the baseline, and 'bf16' is kept"),
        (_second(name="baseline"), "'baseline' stands there 2 times"),
        (_second(standing="baseline"), "'bf16' stands as a baseline, and is judged by a budget"),
        (_second(size_bytes=True), r"got `bool` - at `\$\.variants\[1\]\.size_bytes`"),
        (_second(size_bytes=0), r"`int` >= 1 - at `\$\.variants\[1\]\.size_bytes`"),
        (_second(size_bytes=10**400), r"`int` <= 1000000000000000 - at `\$\.variants\[1\]\.size_bytes`"),
        (
            _second(latency_single_stream_s=_exactly(0)),
            r"_single_stream_s: 0 to 0 does not lie between 1e-12 and",
        ),
        (
            _second(latency_single_stream_s=_exactly(1e308)),
            r"\$\.variants\[1\]\.latency_\w+: 1e\+308 to 1e\+308",
        ),
        (
            _second(latency_single_stream_s=_exactly(math.inf)),
            r"not inf .* at `\$\.variants\[1\]\.latency_\w+`",
        ),
        (
            _second(accuracy_share=_exactly(math.nan)),
            r"not nan .* at `\$\.variants\[1\]\.accuracy_share`",
        ),
        (
            _second(accuracy_share=_exactly(1.5)),
            r"accuracy_share: 1\.5 to 1\.5 does not lie between 0 and 1",
        ),
        (_second(correct_by_sentence="0110"), "is about 4 sentences, and the first one is about 1,083"),
        (_second(correct_by_sentence=f"{'01' * 541}\n"), "has more than 0 and 1"),
        (_second(name="two\nlines"), r"variants\[1\]\.name: 'two\\nlines' has characters that cannot be printed"),
        (_second(name="\x1b[31mred"), "cannot be printed"),
        (_second(name="\ud800"), "cannot be printed"),
        (_second(name=""), r"length >= 1 - at `\$\.variants\[1\]\.name`"),
        (_second(name="n" * 61), r"length <= 60 - at `\$\.variants\[1\]\.name`"),
        (_second(errors=["trouble"] * 21), r"length <= 20 - at `\$\.variants\[1\]\.errors`"),
        (_second(colour="red"), r"\$\.variants\[1\]: 'colour' is not a key of a report"),
        (document() | {"machine": document()["machine"] | {"cores": 0}}, r">= 1 - at `\$\.machine\.cores`"),
        (document() | {"schema_version": 2, "exit_status": 3}, r"at `\$\.exit_status`"),
    ],
)
def test_damaged_report_is_refused_with_what_and_where(damaged: dict[str, Any], complaint: str) -> None:
    """In one line that can be printed."""
    with pytest.raises(BenchModelsError, match=complaint) as refused:
        report_of(damaged, "report.json")

    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 500


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"a":' * 100_000, '{"schema_version": 1, "variants": [NaN]}', '{"a": ' + "9" * 5000 + "}"]
)
def test_json_that_python_cannot_hold_is_refused(tmp_path: Path, text: str) -> None:
    """Nested too deeply, with numbers that JSON does not know, or with too many digits."""
    file = tmp_path / "report.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(BenchModelsError, match=r"report\.json is not whole JSON"):
        read(file)


def test_deep_place_in_a_report_is_refused() -> None:
    """Though it could be read."""
    deep: list[Any] = []
    for _ in range(5000):
        deep = [deep]
    with pytest.raises(BenchModelsError, match="does not keep"):
        report_of(document() | {"machine": deep}, "report.json")


def test_reasons_are_read_as_one_line_each() -> None:
    """What a library says has lines, colours and no end."""
    kept = _second(errors=["one\ntwo \x1b[0m\ud800", "x" * 5000])
    kept["machine"]["cpu"] = "a\tcpu"
    report = report_of(kept, "report.json")

    assert report.summary.machine == "a cpu"
    assert report.variants[1].reasons[0] == "one two [0m"
    assert len(report.variants[1].reasons[1]) == 300


def test_variant_without_a_budget_is_not_a_second_baseline() -> None:
    """It stands as one, because nothing judges it."""
    kept = _second(standing="baseline", budgets=[])

    assert report_of(kept, "report.json").variants[1].standing == "baseline"
