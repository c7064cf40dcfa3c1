"""Writes a report to ``results/`` as Markdown, JSON and figure, and to standard output."""

import sys
from pathlib import Path

from bench_models.report.document import Report, text_of
from bench_models.report.markdown import markdown
from bench_models.storage import write_atomically

FOLDER = "results"


def write_report(report: Report, root: Path) -> int:
    """Write a report into the checkout at ``root``, print it, and return its exit status."""
    from bench_models.report.figure.render import write_figure

    text = markdown(report)
    path = root / FOLDER / report.suite
    write_atomically(path.with_suffix(".md"), text)
    write_atomically(path.with_suffix(".json"), text_of(report))
    sys.stdout.write(f"{text}\n")
    write_figure(report.summary, path.parent)
    names = f"{FOLDER}/{path.name}.md and .json, and the figure to .svg and .png (and -dark)"
    sys.stdout.write(f"Written to {names}\n")
    return report.exit_status
