"""Where a report goes: to ``results/`` as Markdown and JSON, and to standard output."""

import json
import sys

from bench_models.build import Builder
from bench_models.checkout import Checkout
from bench_models.machine import MEASURING_LIBRARIES, library_versions, this_machine
from bench_models.reports.document import document, exit_status
from bench_models.reports.rows import rows_of
from bench_models.reports.table import markdown
from bench_models.results import results_of
from bench_models.sealed import write_atomically

FOLDER = "results"

# Where the arithmetic of a variant may come from, beside those that time it.
_LIBRARIES = (*MEASURING_LIBRARIES, "bitsandbytes", "torchao")


def write_report(builder: Builder, checkout: Checkout) -> int:
    """Write and print the report of the checked-out commit and return its exit status."""
    result = results_of(builder, checkout)
    rows = rows_of(result)
    facts = (result.suite.name, result.commit, rows, this_machine(), library_versions(_LIBRARIES))
    text = markdown(*facts)
    path = checkout.root / FOLDER / result.suite.name
    write_atomically(path.with_suffix(".md"), text)
    write_atomically(path.with_suffix(".json"), json.dumps(document(*facts), indent=2) + "\n")
    sys.stdout.write(f"{text}\nWritten to {FOLDER}/{path.name}.md and {FOLDER}/{path.name}.json\n")
    return exit_status(rows)
