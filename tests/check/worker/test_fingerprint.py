"""What decides how fast a process computes is collected, and what it imported of another copy of its code."""

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from bench_models.check.sides.suite import discovery_of
from bench_models.check.worker import fingerprint


def test_leftovers_of_a_broken_installation_stop_no_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A distribution without its metadata has no name, and one may lack its version."""
    (tmp_path / "gone-1.0.dist-info").mkdir()
    half = tmp_path / "half-1.0.dist-info"
    half.mkdir()
    (half / "METADATA").write_text("Metadata-Version: 2.1\nName: half\n", encoding="utf-8")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])

    libraries = discovery_of(fingerprint.facts()).libraries

    assert "half" not in libraries
    assert libraries["asv"] == version("asv")


_SCRIPT = """
import multiprocessing  # which knows this script by a second name
import sys
sys.path[:0] = sys.argv[1:3]
import fingerprint
import beside
print(sorted(fingerprint.OwnCode(code=sys.argv[3], suite=sys.argv[3], modules=[], root=sys.argv[2]).foreign_imports()))
"""


def test_script_of_the_check_may_lie_in_the_repository(tmp_path: Path) -> None:
    """As that of this project does, where it checks itself from its own clone; other modules there are not a side's."""
    (repository := tmp_path / "repository").mkdir()
    (repository / "worker.py").write_text(_SCRIPT, encoding="utf-8")
    (repository / "beside.py").touch()
    arguments = (str(Path(fingerprint.__file__).parent), str(repository), str(tmp_path / "side"))
    command = (sys.executable, str(repository / "worker.py"), *arguments)
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert printed == "['beside']\n"
