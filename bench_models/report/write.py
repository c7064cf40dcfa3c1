"""Writes a report to ``results/`` as Markdown, JSON and figure, and to standard output."""

import json
import sys

from bench_models.build import Builder
from bench_models.checkout import Checkout, checkout_here
from bench_models.machine import MEASURING_LIBRARIES, Machine, library_versions, this_machine
from bench_models.report.document import document
from bench_models.report.markdown import markdown
from bench_models.report.reading import Report, report_of
from bench_models.report.results import SuiteResult, results_of
from bench_models.report.rows import Row, rows_of
from bench_models.sealed import write_atomically
from bench_models.store import Store
from bench_models.suites.suite import Suite

FOLDER = "results"

# Where the arithmetic of a variant may come from, beside those that time it.
_LIBRARIES = (*MEASURING_LIBRARIES, "bitsandbytes", "torchao")


def report_here(suite: Suite) -> Report:
    """Return what the report of the checked-out commit would hold; writes nothing."""
    result = results_of(Builder(suite=suite, store=Store.default()), checkout_here())
    return report_of(document(*_facts(result), strict=suite.strict), f"the report of {suite.name}")


def write_report(builder: Builder, checkout: Checkout) -> int:
    """Write and print the report of the checked-out commit and return its exit status."""
    from bench_models.report.figure.files import write_figure

    facts = _facts(results_of(builder, checkout))
    text, kept = markdown(*facts), document(*facts, strict=builder.suite.strict)
    path = checkout.root / FOLDER / builder.suite.name
    write_atomically(path.with_suffix(".md"), text)
    write_atomically(path.with_suffix(".json"), json.dumps(kept, indent=2) + "\n")
    sys.stdout.write(f"{text}\n")
    write_figure(report_of(kept, f"{path.name}.json"), path.parent)
    names = f"{FOLDER}/{path.name}.md and .json, and the figure to .svg and .png (and -dark)"
    sys.stdout.write(f"Written to {names}\n")
    status: int = kept["exit_status"]
    return status


def _facts(result: SuiteResult) -> tuple[str, str, tuple[Row, ...], Machine, dict[str, str]]:
    return result.suite.name, result.commit, rows_of(result), this_machine(), library_versions(_LIBRARIES)
