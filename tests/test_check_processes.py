"""The processes of a check: what they start anew with, and that none outlives it."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support.checking import Run, judged
from support.tiny_project import asv_project, commit_all, write_files

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="it looks into /proc"),  # noqa: PTH112  # before any test
]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a repository with an empty suite, and nothing committed."""
    return asv_project(tmp_path / "project", {})


def commit(project: Path, code: str, suite: str) -> None:
    """Commit another module and another suite."""
    write_files(project, {"sized.py": code, "suite/sizes.py": suite})
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


_SLOW = """
import time


def time_slow():
    time.sleep(1)


time_slow.number = 1
time_slow.warmup_time = 0
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


@pytest.mark.parametrize("options", [(), ("--spawn",)])
def test_no_worker_outlives_a_check_that_is_killed(project: Path, options: tuple[str, ...]) -> None:
    """Also one that sleeps while the other side is timed, and so cannot notice anything."""
    commit(project, "", _SLOW)
    commit(project, "\n", _SLOW)
    scratch = tempfile.mkdtemp(prefix="t")  # not tmp_path: a socket's path is short
    command = [sys.executable, "-m", "bench_models", "check", "HEAD~1", "HEAD", "--all", "--python", "same", *options]
    environment = os.environ | {"PYTHONSAFEPATH": "1", "TMPDIR": scratch}
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, cwd=project, env=environment, stdout=quiet, stderr=quiet) as running:
        asleep = _awaited(lambda: "T" in _states(scratch).values())
        before = _states(scratch)
        running.kill()
    ended = _awaited(lambda: not _states(scratch))
    left = _states(scratch)
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    shutil.rmtree(scratch)
    assert (asleep, ended) == (True, True), (before, left)


def _awaited(condition: Callable[[], bool]) -> bool:
    """Say whether something comes to be within a minute."""
    deadline = time.monotonic() + 60
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _states(word: str) -> dict[int, str]:
    """Return the state of each process that was called with a word, as /proc writes it; T is asleep."""
    pids = [int(folder.name) for folder in Path("/proc").glob("[0-9]*") if _says(int(folder.name), word)]
    return {pid: state for pid in pids if (state := _state(pid))}


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _says(pid: int, word: str) -> bool:
    """Say whether a process runs that was called with a word."""
    try:
        return word in Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return False
