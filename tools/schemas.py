"""Writes the JSON schemas of both reports beside their types: ``python tools/schemas.py``."""

import json
from pathlib import Path

from bench_models.check.report import document as of_check
from bench_models.report import document as of_suite

SCHEMAS = {
    Path(of_check.__file__).with_name("check.schema.json"): of_check.schema,
    Path(of_suite.__file__).with_name("report.schema.json"): of_suite.schema,
}


def texts() -> dict[Path, str]:
    """Return what each file of a schema holds."""
    return {file: json.dumps(schema(), indent=1) + "\n" for file, schema in SCHEMAS.items()}


if __name__ == "__main__":
    for file, text in texts().items():
        file.write_text(text, encoding="utf-8")
