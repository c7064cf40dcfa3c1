"""Writes the report of a check beside its record, as Markdown and JSON, and to standard output."""

import json
import sys
from pathlib import Path

from bench_models.check.record import Record
from bench_models.check.report.document import document
from bench_models.check.report.findings import findings
from bench_models.check.report.markdown import markdown
from bench_models.storage import write_atomically


def write_check(record: Record, folder: Path, *, strict: bool = False) -> int:
    """Write and print the report of a record and return its exit status, in this order."""
    found = findings(record, strict=strict)
    # Errors and names are the suite's, and may hold half a character, which no file can.
    text = markdown(found).encode(errors="backslashreplace").decode()
    write_atomically(folder / "report.md", text)
    write_atomically(folder / "report.json", json.dumps(document(found), indent=2) + "\n")
    sys.stdout.write(f"{text}\nWritten to {folder}/report.md and {folder}/report.json\n")
    return found.exit_status
