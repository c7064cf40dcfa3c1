"""asv forks the process of each benchmark from one that has imported the suites, and torch with them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.tiny_project import asv_project, commit_all

from bench_models.asv.results import config_of, recorded
from bench_models.outcomes import Failed, Measured, Skipped

ROOT = Path(__file__).resolve().parents[2]

CONFIG = {"launch_method": "forkserver", "environment_type": "virtualenv", "branches": ["main"]}

SERVER = """
import json, os, sys
sys.path.insert(0, sys.argv.pop(1))
from benchmarks import measures
threads = len(os.listdir("/proc/self/task"))
imported = [name for name in ("torch", "transformers.models.bert.modeling_bert", "torchao") if name in sys.modules]
print(json.dumps([threads, imported]), flush=True)
if sys.argv[1:2] == ["run_server"] and os.fork() == 0:
    import torch
    torch.set_num_threads(2)  # as a row may that asks for more of them
    print(torch.ones(600, 600).mm(torch.ones(600, 600))[0, 0].item(), flush=True)
    os._exit(0)
elif "run_server" in sys.argv:
    os.wait()
"""

SUITE = """
import os, time
from pathlib import Path

def note(what):
    with Path({notes!r}).open("a", encoding="utf-8") as file:
        file.write(what + "\\n")

note("imported")

def setup_cache():
    note("cached")
    Path("beside").write_text("kept")
    return 41

class Kind:
    params = ["works", "skips", "raises", "hangs"]
    param_names = ["row"]
    timeout = 2

    def setup(self, cache, row):
        if row == "skips":
            raise NotImplementedError("not here")

    def track_it(self, cache, row):
        note("ran")
        if row == "raises":
            raise RuntimeError("no such kernel")
        if row == "hangs":
            time.sleep(60)
        assert Path("beside").read_text() == "kept"
        return cache + 1

def peakmem_it(cache):
    return bytearray(200 * 2**20)

def time_it(cache):
    sum(range(1000))
"""


def _served(*arguments: str) -> list[str]:
    """Return what a process prints that asv started with these arguments."""
    environment = os.environ | {"OMP_NUM_THREADS": "1"}  # OpenBLAS takes it, too
    command = [sys.executable, "-c", SERVER, str(ROOT), *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=120)
    return done.stdout.splitlines()


def test_server_has_torch_and_no_thread_but_its_own() -> None:
    """A thread does not survive a fork; what is forked computes with as many as it likes."""
    facts, answer = _served("run_server", "benchmarks", "socket")

    assert json.loads(facts) == [1, ["torch", "transformers.models.bert.modeling_bert"]]
    assert answer == "600.0"


def test_process_that_looks_for_benchmarks_imports_no_torch() -> None:
    """It would be asked for nothing that needs it."""
    assert [json.loads(line)[1] for line in _served("discover", "benchmarks", "file")] == [[]]


def test_project_asks_for_the_server() -> None:
    """And so does `asv run` by hand."""
    assert config_of(ROOT).launch_method == "forkserver"


@pytest.mark.slow
def test_suite_is_imported_once_for_all_benchmarks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Caches, skips, failures, timeouts, times and memory are as with a process each."""
    (tmp_path / "user").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    notes = tmp_path / "notes"
    project = asv_project(tmp_path / "project", {"suite/kind.py": SUITE.format(notes=str(notes))})
    config = json.loads((project / "asv.conf.json").read_text(encoding="utf-8"))
    (project / "asv.conf.json").write_text(json.dumps(config | CONFIG), encoding="utf-8")
    commit = commit_all(project, "Begin")
    asv = [sys.executable, "-m", "asv"]
    subprocess.run([*asv, "machine", "--yes"], cwd=project, capture_output=True, check=True)
    options = ("--python=same", f"--set-commit-hash={commit}", "--attribute=repeat=3")
    done = subprocess.run([*asv, "run", *options], cwd=project, capture_output=True, text=True, check=False)

    assert done.returncode == 2, done.stdout + done.stderr  # as a benchmark failed
    history = recorded(project, commit, "kind")
    assert history is not None
    outcomes = {row: history.value("kind.Kind.track_it", row) for row in ("works", "skips", "raises", "hangs")}
    assert outcomes["works"] == Measured(value=42.0)
    assert isinstance(outcomes["skips"], Skipped)
    assert isinstance(outcomes["raises"], Failed)
    assert isinstance(outcomes["hangs"], Failed)
    (result,) = (path for path in (project / "results").glob("*/*.json") if path.name != "machine.json")
    values = json.loads(result.read_text(encoding="utf-8"))["results"]
    assert values["kind.peakmem_it"][0][0] > 200 * 2**20
    assert 0 < values["kind.time_it"][0][0] < 1
    # To find the benchmarks, to fill the cache, and in the server: not for each of the six.
    assert sorted(notes.read_text(encoding="utf-8").split()) == ["cached", *["imported"] * 3, *["ran"] * 3]
