"""What decides how fast a process computes is collected, whatever else lies in its environment."""

import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from bench_models.check.sides.suite import discovery_of
from bench_models.check.worker.fingerprint import facts


def test_leftovers_of_a_broken_installation_stop_no_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A distribution without its metadata has no name, and one may lack its version."""
    (tmp_path / "gone-1.0.dist-info").mkdir()
    half = tmp_path / "half-1.0.dist-info"
    half.mkdir()
    (half / "METADATA").write_text("Metadata-Version: 2.1\nName: half\n", encoding="utf-8")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])

    libraries = discovery_of(facts()).libraries

    assert "half" not in libraries
    assert libraries["asv"] == version("asv")
