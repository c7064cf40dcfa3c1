"""Writes a report to ``results/`` as Markdown, JSON and figure, and to standard output."""

import sys

from bench_models.build import Builder
from bench_models.checkout import Checkout
from bench_models.report.document import text_of
from bench_models.report.markdown import markdown
from bench_models.report.results import results_of
from bench_models.storage import write_atomically

FOLDER = "results"


def write_report(builder: Builder, checkout: Checkout) -> int:
    """Write and print the report of the checked-out commit and return its exit status."""
    from bench_models.report.figure.render import write_figure

    report = results_of(builder, checkout)
    text = markdown(report)
    path = checkout.root / FOLDER / report.suite
    write_atomically(path.with_suffix(".md"), text)
    write_atomically(path.with_suffix(".json"), text_of(report))
    sys.stdout.write(f"{text}\n")
    write_figure(report.summary, path.parent)
    names = f"{FOLDER}/{path.name}.md and .json, and the figure to .svg and .png (and -dark)"
    sys.stdout.write(f"Written to {names}\n")
    return report.exit_status
