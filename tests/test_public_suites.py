"""The check on two asv suites that were written elsewhere and know nothing of this project."""

import json
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from tiny_project import commit_all, git

from bench_models.sources.archives import PinnedArchive

Run = Callable[..., "subprocess.CompletedProcess[str]"]

pytestmark = pytest.mark.slow

XARRAY = PinnedArchive(
    requirement="xarray==2026.9.0",
    filename="xarray-2026.9.0.tar.gz",
    sha256="6abc69694c22fa1f0fb2f357ff4e41d88beb4477ed71091f944b7dbf67ed54fe",
    is_sdist=True,
)
FLOX = PinnedArchive(
    requirement="flox==0.11.2",
    filename="flox-0.11.2.tar.gz",
    sha256="ca48d391e4a06cdf1c24368bf73114191849151611a5b318d82436fa713efdf0",
    is_sdist=True,
)
# What either suite imports; versions beyond these are those of this project.
LIBRARIES = ("asv_runner", "pandas", "scipy", "xarray==2026.9.0", "dask==2026.8.0", "numpy_groupies", "toolz==1.2.0")
CONSTRAINTS = Path(__file__).resolve().parent.parent / "constraints.txt"

# Put at the end of a module: the function of that name then takes a tenth longer.
SLOWER = """

import time as _time

_original = {name}


def {name}(*arguments, **options):
    began = _time.perf_counter()
    result = _original(*arguments, **options)
    end = began + 1.1 * (_time.perf_counter() - began)
    while _time.perf_counter() < end:
        pass
    return result
"""


@pytest.fixture(scope="module")
def interpreter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an interpreter with the libraries of both, and without this project."""
    folder = tmp_path_factory.mktemp("libraries")
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    python = folder / "bin" / "python"
    install = [str(python), "-m", "pip", "install", "--quiet", "--constraint", str(CONSTRAINTS), *LIBRARIES]
    subprocess.run(install, check=True)
    return python


def _unpacked(archive: PinnedArchive, folder: Path) -> Path:
    """Return a repository with what an archive holds, as its first commit."""
    with tarfile.open(archive.fetch(folder / "home")) as packed:
        packed.extractall(folder, filter="data")
    root = folder / archive.filename.removesuffix(".tar.gz")
    git("init", "--quiet", "--initial-branch=main", cwd=root)
    commit_all(root, "As published")
    return root


def _check(bench_models: Run, root: Path, python: Path, bench: str) -> tuple[int, dict[str, str], str]:
    options = ("--config", "asv_bench/asv.conf.json", "--python", str(python), "--bench", bench)
    done = bench_models("check", "HEAD~1", "HEAD", *options, cwd=root)
    printed = done.stdout + done.stderr
    report = root / "results" / "check" / "report.json"
    assert report.exists(), printed
    changes = json.loads(report.read_text(encoding="utf-8"))["changes"]
    return (
        done.returncode,
        {" ".join((each["benchmark"], *each["parameters"])): each["verdict"] for each in changes},
        printed,
    )


def _append(file: Path, text: str) -> None:
    file.write_text(file.read_text(encoding="utf-8") + text, encoding="utf-8")


def test_slower_representation_in_xarray_is_found(bench_models: Run, interpreter: Path, tmp_path: Path) -> None:
    """By its own suite: ten percent of one function, and the benchmarks that do not call it stay as they were."""
    root = _unpacked(XARRAY, tmp_path)
    _append(root / "xarray" / "core" / "formatting.py", SLOWER.format(name="dataset_repr"))
    commit_all(root, "Represent datasets slowly")
    status, verdicts, printed = _check(
        bench_models, root, interpreter, r"^repr\.Repr\.time_repr$|^merge\.DatasetAddVariable\.time_variable_insertion"
    )
    assert status == 1, printed
    assert verdicts.pop("repr.Repr.time_repr") == "regressed"
    assert len(verdicts) == 4
    assert "regressed" not in verdicts.values()


def test_slower_reduction_in_flox_is_found(bench_models: Run, interpreter: Path, tmp_path: Path) -> None:
    """By its own suite, which skips parameters, inherits set-ups that are not implemented, and measures memory."""
    root = _unpacked(FLOX, tmp_path)
    _append(root / "flox" / "core.py", SLOWER.format(name="groupby_reduce"))
    commit_all(root, "Reduce slowly")
    status, verdicts, printed = _check(
        bench_models, root, interpreter, r"ChunkReduce1D\.time_reduce\(.*nanmean|^combine\.Combine"
    )
    assert status == 1, printed
    reduced = {verdict for name, verdict in verdicts.items() if name.startswith("reduce.ChunkReduce1D")}
    assert reduced == {"regressed"}
    assert {verdict for name, verdict in verdicts.items() if name.startswith("combine.Combine.")} == {"skipped"}
    assert {verdict for name, verdict in verdicts.items() if "Combine1d.peakmem" in name} == {"unchanged"}
