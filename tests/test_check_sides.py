"""Each side of a check runs its own code, as asv would run it, and leaves nothing to the other."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from support.checking import Run, check, judged
from support.tiny_project import asv_project, commit_all, git, write_files

pytestmark = pytest.mark.slow

# A number that another commit makes four times as large, wherever it is kept.
_SUITE = """
import os
import socket
import tempfile
from pathlib import Path

import acme


def track_temporary():
    index = Path(tempfile.gettempdir()) / "acme-index"
    if not index.exists():
        index.write_bytes(b"x" * acme.SIZE)
    return index.stat().st_size


def track_current():
    os.mkdir("out")
    return acme.SIZE


class Cold:
    number = 1
    repeat = 1
    warmup_time = 0

    def time_first(self):
        acme.read()

    def time_warmed_by_the_first(self):
        acme.read()


class Numbers:
    def track_one(self):
        acme.read()
        return acme.READS.pop() if acme.READS else 0

    def track_two(self):
        acme.read()
        return acme.READS.pop() if acme.READS else 0


class Port:
    def setup(self):
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", acme.PORT))

    def teardown(self):
        self.socket.close()

    def time_served(self):
        sum(range(acme.SIZE))
"""

_CODE = """
import functools
import time

SIZE = 100
PORT = {port}
READS = []


@functools.cache
def read():
    time.sleep(SIZE / 1e4)
    READS.append(SIZE)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a repository with an empty suite, and nothing committed."""
    return asv_project(tmp_path / "project", {}, "benchmarks")


def _commit(project: Path, files: dict[str, str]) -> None:
    write_files(project, files)
    commit_all(project, "Change")


def test_sides_leave_nothing_to_each_other_and_calls_that_are_cold_stay_cold(bench_models: Run, project: Path) -> None:
    """Not in the folder for temporary files, not in the current one, not in a process that asv would not share."""
    code = _CODE.format(port=20_000 + os.getpid() % 20_000)
    _commit(project, {"benchmarks/all.py": _SUITE, "acme.py": code})
    _commit(project, {"acme.py": code.replace("SIZE = 100", "SIZE = 400")})
    status, found, printed = judged(bench_models, project)

    assert found == {
        "all.track_temporary": "regressed",
        "all.track_current": "regressed",
        "all.Cold.time_first": "regressed",
        "all.Cold.time_warmed_by_the_first": "regressed",
        "all.Numbers.track_one": "regressed",
        "all.Numbers.track_two": "regressed",
        "all.Port.time_served": "failed",
    }
    assert status == 2
    assert "beside the other side, and works alone" in printed


# An environment in which the code that is checked out in the project is imported, whatever comes first in sys.path.
_FINDER = """
import importlib.util
import sys


class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == "acme":
            return importlib.util.spec_from_file_location(name, {file!r})


sys.meta_path.insert(0, Finder)
"""


def _environment(folder: Path, *paths: Path, finder: str = "") -> Path:
    """Make an environment with the libraries of this one, and code from other folders; return its interpreter."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    (site,) = folder.glob("lib/python*/site-packages")
    lines = [sysconfig.get_path("purelib"), *map(str, paths)]
    if finder:
        (site / "acme_finder.py").write_text(finder, encoding="utf-8")
        lines.append("import acme_finder")
    (site / "code.pth").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder / "bin" / "python"


_TRACK = "import acme\n\n\ndef track_it():\n    return acme.SIZE\n"
_TRACK_LATE = """
class Late:
    def setup(self):
        import acme

        self.size = acme.SIZE

    def track_it(self):
        return self.size
"""


def test_package_in_a_folder_of_the_repository_is_not_taken_from_what_is_checked_out(
    bench_models: Run, project: Path, tmp_path: Path
) -> None:
    """An editable install finds the same code for both sides, and no change of it."""
    _commit(project, {"benchmarks/one.py": _TRACK, "python/acme/__init__.py": "SIZE = 100\n"})
    _commit(project, {"python/acme/__init__.py": "SIZE = 400\n"})
    python = _environment(tmp_path / "venv", project / "python")
    status, report, printed = check(bench_models, project, "HEAD~1", "HEAD", "--python", str(python))

    assert (status, report) == (2, {})
    assert f"imports acme from {project / 'python' / 'acme' / '__init__.py'} and not from its own commit" in printed


def test_package_that_is_imported_late_is_not_taken_from_what_is_checked_out(
    bench_models: Run, project: Path, tmp_path: Path
) -> None:
    """In ``setup``, when the suite was imported long ago."""
    _commit(project, {"benchmarks/one.py": _TRACK_LATE, "acme.py": "SIZE = 100\n"})
    _commit(project, {"acme.py": "SIZE = 400\n"})
    python = _environment(tmp_path / "venv", finder=_FINDER.format(file=str(project / "acme.py")))
    status, found, printed = judged(bench_models, project, "--python", str(python))

    assert (status, found) == (2, {"one.Late.track_it": "failed"})
    assert f"imports acme from {project / 'acme.py'} and not from its own commit" in printed


def test_module_that_head_deleted_is_not_taken_from_an_installed_copy(
    bench_models: Run, project: Path, tmp_path: Path
) -> None:
    """HEAD cannot be imported without it."""
    _commit(project, {"benchmarks/one.py": _TRACK, "acme.py": "from helper import SIZE\n", "helper.py": "SIZE = 1\n"})
    git("rm", "--quiet", "helper.py", cwd=project)
    commit_all(project, "Lose it")
    (tmp_path / "installed").mkdir()
    (tmp_path / "installed" / "helper.py").write_text("SIZE = 1\n", encoding="utf-8")
    python = _environment(tmp_path / "venv", tmp_path / "installed")
    status, report, printed = check(bench_models, project, "HEAD~1", "HEAD", "--python", str(python))

    assert (status, report) == (2, {})
    assert "HEAD imports helper from" in printed


def test_what_a_setup_cache_draws_by_chance_is_no_change(bench_models: Run, project: Path) -> None:
    """Drawn once a side, it would repeat as if it were exact, and differ between the sides."""
    suite = """
import random


def setup_cache():
    return [random.randrange(1_000_000) for _ in range(5)]


def make(index):
    def track(drawn):
        return drawn[index]

    track.__name__ = f"track_{index}"
    return track


globals().update({f"track_{index}": make(index) for index in range(5)})
"""
    _commit(project, {"benchmarks/one.py": suite})
    _commit(project, {"README.md": "Words.\n"})
    status, found, _ = judged(bench_models, project)

    assert (status, set(found.values())) == (0, {"undecided"})
