"""A worker runs where this package is not installed."""

import ast
import subprocess
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


def test_process_that_multiprocessing_spawns_imports_nothing_of_a_worker() -> None:
    """It runs the main script once more under another name, where this package may not be installed."""
    code = (
        "import runpy, sys\n"
        "runpy.run_path(sys.argv[1], run_name='__mp_main__')\n"
        "print([name for name in sys.modules if name.startswith(('bench_models', '_bench_models'))])"
    )
    command = [sys.executable, "-I", "-c", code, str(FOLDER / "__main__.py")]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "[]\n"
