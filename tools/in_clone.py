"""What tools/power.py and tools/harmless.py have in common: a clone, commits in it, and a check of the last one."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench_models.suites import ROWS, module_name
from bench_models.suites.rotten_tomatoes import SUITE

ROOT = Path(__file__).resolve().parent.parent


@contextmanager
def clone() -> Iterator[Path]:
    """Clone this repository into a folder that goes away."""
    with TemporaryDirectory() as folder:
        there = Path(folder) / "clone"
        git("clone", "--quiet", str(ROOT), str(there), cwd=ROOT)
        yield there


def commit(there: Path, message: str) -> None:
    """Commit everything."""
    author = ("-c", "user.name=bench-models", "-c", "user.email=bench-models@localhost")
    git("add", "--all", cwd=there)
    git(*author, "commit", "--quiet", "--message", message, cwd=there)


def benchmarks_of(rows: Sequence[str], bench: str = "") -> str:
    """Return the pattern of these rows' benchmarks that match ``bench``; other suites have rows of the same names."""
    return rf"^{module_name(SUITE.name)}\..*(?:{bench}).*'(?:{'|'.join(rows)})'"


def checked(there: Path, output: Path, bench: str, rows: Sequence[str]) -> dict[str, Any]:
    """Check the last commit of a clone against the one before, and return the report.

    ``bench`` is a pattern of benchmarks, all of which are measured; of the suite only ``rows`` are scored, or all where
    none is named.
    """
    command = ("check", "HEAD~1", "HEAD", "--all", "--python", "same", "--bench", bench, "--output", str(output))
    variables = environment(there) | {ROWS: " ".join(rows)}
    done = subprocess.run([sys.executable, "-m", "bench_models", *command], cwd=there, check=False, env=variables)
    if done.returncode not in {0, 1}:
        raise SystemExit(f"the check ended with status {done.returncode}: its report is in {output}")
    report: dict[str, Any] = json.loads((output / "report.json").read_text(encoding="utf-8"))
    return report


def environment(there: Path) -> dict[str, str]:
    """Return the variables under which a clone's own package runs, whichever is installed."""
    return {**os.environ, "PYTHONPATH": str(there)}


def git(*arguments: str, cwd: Path) -> None:
    """Run git."""
    subprocess.run(["git", *arguments], cwd=cwd, check=True)
