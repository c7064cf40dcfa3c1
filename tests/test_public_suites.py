"""The check on two asv suites that were written elsewhere and know nothing of this project."""

import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from support.checking import Run, judged
from support.tiny_project import commit_all, git

from bench_models.sources.archives import PinnedArchive

pytestmark = pytest.mark.slow

XARRAY = PinnedArchive(
    requirement="xarray==2026.9.0",
    filename="xarray-2026.9.0.tar.gz",
    sha256="6abc69694c22fa1f0fb2f357ff4e41d88beb4477ed71091f944b7dbf67ed54fe",
    is_sdist=True,
)
XSKILLSCORE = PinnedArchive(
    requirement="xskillscore==0.0.29",
    filename="xskillscore-0.0.29.tar.gz",
    sha256="34375e86ea5e2ac710e52b8eb8e77c7acb5b2782aa6c67e863c71e4ae202dd74",
    is_sdist=True,
)
# What each suite imports; the versions of the others are those of this project.
OF_XARRAY = ("asv_runner", "pandas", "xarray==2026.9.0")
OF_XSKILLSCORE = (
    *OF_XARRAY,
    "dask[array]==2026.8.0",
    "properscoring==0.1",
    "scipy",
    "statsmodels==0.15.0",
    "xhistogram==0.3.2",
)
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


def _interpreter(folder: Path, libraries: tuple[str, ...]) -> Path:
    """Return an interpreter with some libraries, and without this project."""
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    python = folder / "bin" / "python"
    install = [str(python), "-m", "pip", "install", "--quiet", "--constraint", str(CONSTRAINTS), *libraries]
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


def _judged(bench_models: Run, root: Path, python: Path, bench: str) -> tuple[int, dict[str, str], str]:
    """Check the latest commit with an interpreter that has the suite's libraries."""
    return judged(bench_models, root, "--config", "asv_bench/asv.conf.json", "--python", str(python), "--bench", bench)


def _append(file: Path, text: str) -> None:
    file.write_text(file.read_text(encoding="utf-8") + text, encoding="utf-8")


def test_slower_representation_in_xarray_is_found(bench_models: Run, tmp_path: Path) -> None:
    """By its own suite: ten percent of one function, and a benchmark that does not call it stays as it was."""
    python = _interpreter(tmp_path / "libraries", OF_XARRAY)
    root = _unpacked(XARRAY, tmp_path)
    _append(root / "xarray" / "core" / "formatting.py", SLOWER.format(name="dataset_repr"))
    commit_all(root, "Represent datasets slowly")
    status, found, printed = _judged(
        bench_models, root, python, r"^repr\.Repr\.time_repr$|^merge\.DatasetAddVariable\.time_variable_insertion\(0\)"
    )
    assert status == 1, printed
    assert found.pop("repr.Repr.time_repr") == "regressed"
    assert len(found) == 1
    assert "regressed" not in found.values()


@pytest.mark.nightly  # another library's benchmarks, found as those of xarray are
def test_slower_metric_in_xskillscore_is_found(bench_models: Run, tmp_path: Path) -> None:
    """By its own suite, whose parameters are functions, and which measures peaks of memory, too."""
    python = _interpreter(tmp_path / "libraries", OF_XSKILLSCORE)
    root = _unpacked(XSKILLSCORE, tmp_path)
    _append(root / "xskillscore" / "core" / "deterministic.py", SLOWER.format(name="rmse"))
    commit_all(root, "Compute errors slowly")
    status, found, printed = _judged(bench_models, root, python, r"^deterministic\.Compute_small\..*(rmse|mae)")
    assert status == 1, printed
    kinds = {name: verdict for name, verdict in found.items() if "peakmem" not in name}
    assert {verdict for name, verdict in kinds.items() if "rmse" in name} == {"regressed"}
    assert "regressed" not in {verdict for name, verdict in found.items() if name not in kinds or "mae" in name}
    assert len(found) == 4
