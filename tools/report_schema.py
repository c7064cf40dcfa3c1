"""Writes the JSON schema of the main job's report beside its types: ``python tools/report_schema.py``."""

import json
from pathlib import Path

from bench_models.report import document

FILE = Path(document.__file__).with_name("report.schema.json")


def text() -> str:
    """Return the schema as its file holds it."""
    return json.dumps(document.schema(), indent=2) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
