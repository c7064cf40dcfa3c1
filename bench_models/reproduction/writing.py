"""The whole reproduction: measure each table and write the page."""

import logging
import sys
from pathlib import Path

from bench_models.errors import BenchModelsError
from bench_models.home import require_writable
from bench_models.machine import library_versions, this_machine
from bench_models.reproduction import latencies
from bench_models.reproduction.measuring import reproduce
from bench_models.reproduction.page import markdown, unequal
from bench_models.reproduction.published import TABLES
from bench_models.sealed import write_atomically
from bench_models.suites.rotten_tomatoes import MINILM

log = logging.getLogger(__name__)

_LIBRARIES = ("torch", "transformers", "tokenizers", "bitsandbytes", "numpy")


def write(output: Path, home: Path, calls: int) -> int:
    """Write the page and return 1 where a figure that follows from an architecture differs from the printed one."""
    latencies.require_enough(calls)
    _require_place(output)
    # All architectures share the vocabulary of the default suite's checkpoint, which needs no hub.
    tokenizer = MINILM.folder(home) / "tokenizer.json"
    found = [reproduce(table, tokenizer=tokenizer, home=home, calls=calls) for table in TABLES]
    write_atomically(output, markdown(found, this_machine(), library_versions(_LIBRARIES), calls))
    different = unequal(found)
    for cell in different:
        log.warning("%s of %s: %s published, %s here", cell.figure, cell.row, cell.published, cell.ours)
    sys.stdout.write(f"Written to {output}\n")
    return 1 if different else 0


def _require_place(output: Path) -> None:
    """Refuse a place that no page can be written to, before half an hour of work is spent on it."""
    if output.is_dir():
        raise BenchModelsError(f"--output {output} is a folder: name the file that the page is written to")
    require_writable(output.parent)
