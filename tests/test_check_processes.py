"""The processes of a check: what they start anew with, and that none outlives it."""

import json
import os
import signal
from pathlib import Path

import pytest
from checking import Run, judged
from tiny_project import commit_all, git

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="it looks into /proc"),  # noqa: PTH112  # before any test
]

_CONFIG = {"version": 1, "project": "sized", "repo": ".", "benchmark_dir": "suite", "env_dir": "env"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a repository with an empty suite, and nothing committed."""
    root = tmp_path / "project"
    (root / "suite").mkdir(parents=True)
    (root / "suite" / "__init__.py").write_text("", encoding="utf-8")
    (root / "asv.conf.json").write_text(json.dumps(_CONFIG), encoding="utf-8")
    (root / ".gitignore").write_text("results/\nenv/\n", encoding="utf-8")
    git("init", "--quiet", "--initial-branch=main", cwd=root)
    return root


def commit(project: Path, code: str, suite: str) -> None:
    """Commit another module and another suite."""
    (project / "sized.py").write_text(code, encoding="utf-8")
    (project / "suite" / "sizes.py").write_text(suite, encoding="utf-8")
    commit_all(project, "Change")


_STARTS = """
import subprocess
import time

import sized


class Starts:
    number = 1

    def setup(self):
        self.started = subprocess.Popen(["sleep", "600"], start_new_session=True)
        with open("STARTED", "a") as file:
            print(self.started.pid, file=file)

    def teardown(self):
        self.started.kill()
        self.started.wait()

    def time_nothing(self):
        time.sleep(0.05)

    def time_broken(self):
        raise ValueError("dead")

    time_nothing.margin = 50.0
"""
_NEW = """
    def time_new(self):
        sized.later()
"""


_PEAK = """
import sized


def peakmem_bytes():
    return b"x" * (sized.MEGABYTES * 2**20)


peakmem_bytes.margin = 10.0
"""


def test_what_a_setup_starts_its_teardown_ends(bench_models: Run, project: Path, tmp_path: Path) -> None:
    """Also where a benchmark is only rehearsed, raises, or is on one side alone."""
    started = tmp_path / "started"
    suite = _STARTS.replace("STARTED", str(started))
    commit(project, "", suite)
    commit(project, "from time import sleep\n\n\ndef later():\n    sleep(0.05)\n", suite + _NEW)
    _, found, printed = judged(bench_models, project)
    expected = {"nothing": "unchanged", "broken": "fails on both", "new": "new"}
    left = [int(pid) for pid in started.read_text().split() if _says(int(pid), "sleep")]
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    assert found == {f"sizes.Starts.time_{name}": verdict for name, verdict in expected.items()}, printed
    assert left == []


@pytest.mark.parametrize("options", [(), ("--spawn",)])
def test_peak_of_memory_is_the_benchmarks_own(bench_models: Run, project: Path, options: tuple[str, ...]) -> None:
    """Not that of the check, which has imported much more than a small suite does."""
    for megabytes in (5, 20):
        commit(project, f"MEGABYTES = {megabytes}\n", _PEAK)
    _, found, printed = judged(bench_models, project, *options)
    assert found == {"sizes.peakmem_bytes": "regressed"}, printed


def _says(pid: int, word: str) -> bool:
    """Say whether a process runs that was called with a word."""
    try:
        return word in Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return False
