"""What an asv suite holds that has a benchmark twice."""

import sys
from pathlib import Path

import pytest
from asv_runner.discovery import disc_benchmarks

from bench_models.check.worker.discovery import distinct

_SUITE = """
def renamed(function):
    def wrapper():
        return function()
    return wrapper


def track_first():
    return 1


track_second = track_first


class Sized:
    size = 1

    def track_size(self):
        return self.size


Alias = Sized


def larger():
    class Sized(Alias):
        size = 2
    return Sized


Larger = larger()
track_one, track_other = renamed(track_first), renamed(track_second)
"""


def test_second_name_is_no_second_benchmark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What runs is one function; other functions and other classes of the same name stay."""
    folder = tmp_path / "suite_with_names"
    folder.mkdir()
    (folder / "__init__.py").write_text("", encoding="utf-8")
    (folder / "a.py").write_text(_SUITE, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    found = distinct(disc_benchmarks(str(folder)))
    for name in [name for name in sys.modules if name.startswith(folder.name)]:
        monkeypatch.delitem(sys.modules, name)
    assert sorted(benchmark.name for benchmark in found) == [
        *["a.Sized.track_size"] * 2,
        "a.track_first",
        *["a.wrapper"] * 2,
    ]
