"""A worker runs where this package is not installed."""

import ast
import sys
from pathlib import Path

import pytest

import bench_models.check.worker as package

FOLDER = Path(package.__file__).parent
FILES = sorted(FOLDER.glob("*.py"))
# The side brings asv_runner; torch is asked about itself where the benchmarks have imported it.
ALLOWED = {*sys.stdlib_module_names, "asv_runner", "torch"}


def imported(file: Path) -> set[str]:
    """Return the modules that a file imports, wherever in it, but for those beside it."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level != 1:
            found.add(node.module or "")
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_worker_imports_the_standard_library_and_asv_runner_only(file: Path) -> None:
    """And its own modules, which lie beside it."""
    assert {name.split(".")[0] for name in imported(file)} <= ALLOWED
