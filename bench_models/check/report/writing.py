"""Writes the report of a check beside its record, as Markdown and JSON, and to standard output."""

import sys
from pathlib import Path

from bench_models.check.record import Record, make_hidden
from bench_models.check.report.document import as_json
from bench_models.check.report.findings import findings
from bench_models.check.report.markdown import markdown
from bench_models.storage import write_atomically, writing_to


def write_check(record: Record, folder: Path, *, strict: bool = False) -> int:
    """Write and print the report of a record, and return its exit status."""
    report = findings(record, strict=strict)
    # Errors and names are the suite's, and may hold half a character, which no file can.
    text = markdown(report).encode(errors="backslashreplace").decode()
    with writing_to(folder):
        make_hidden(folder)
    write_atomically(folder / "report.md", text)
    write_atomically(folder / "report.json", as_json(report))
    sys.stdout.write(f"{text}\nWritten to {folder}/report.md and {folder}/report.json\n")
    return report.exit_status
