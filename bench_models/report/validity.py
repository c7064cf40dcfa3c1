"""Validates a JSON report: its schema, and what a schema cannot express."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from bench_models.text import one_line

_SCHEMA = Path(__file__).with_name("report.schema.json")


def fault_of(report: dict[str, Any]) -> str | None:
    """Return what is wrong with a report, and where, in one line; None for a sound one."""
    try:
        wrong = next(_against_schema(report), None) or next(_beyond_schema(report), None)
    except RecursionError:
        return "it is nested too deeply"
    return one_line(wrong) if wrong else None


def _against_schema(report: dict[str, Any]) -> Iterator[str]:
    schema = json.loads(_SCHEMA.read_text(encoding="utf-8"))
    for error in Draft202012Validator(schema).iter_errors(report):
        yield f"{error.json_path}: {error.message}"


def _beyond_schema(report: dict[str, Any]) -> Iterator[str]:
    rows = report["variants"]
    names = {"suite": report["suite"], "commit": report["commit"]}
    names |= {f"variants[{index}].name": row["name"] for index, row in enumerate(rows)}
    for where, name in names.items():
        if not name.isprintable():
            yield f"$.{where}: {name!r} has characters that cannot be printed"
    for name, times in Counter(row["name"] for row in rows).items():
        if times > 1:
            yield f"$.variants: {name!r} stands there {times} times, and each variant has a name of its own"
    if rows[0]["standing"] not in {"baseline", "not measured"}:
        yield f"$.variants[0].standing: the first variant is the baseline, and {rows[0]['name']!r} is none"
    yield from _odd_rows(rows)


def _odd_rows(rows: list[dict[str, Any]]) -> Iterator[str]:
    """Yield what rows say that they cannot say beside others, or beside themselves."""
    answers = {index: row["correct_by_sentence"] for index, row in enumerate(rows) if row["correct_by_sentence"]}
    expected = len(next(iter(answers.values()), ""))
    for index, each in answers.items():
        where = f"$.variants[{index}].correct_by_sentence"
        if each.strip("01"):  # a pattern's end overlooks a last line break
            yield f"{where}: it has more than 0 and 1"
        if len(each) != expected:
            yield f"{where}: it is about {len(each):,} sentences, and the first one is about {expected:,}"
    for index, row in enumerate(rows):
        if row["standing"] == "baseline" and row["budgets"]:
            yield f"$.variants[{index}]: {row['name']!r} stands as a baseline, and is judged by a budget"
