"""What a worker does on its own side of the channel, and what it finds in a suite that has a benchmark twice."""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from asv_runner.discovery import disc_benchmarks

from bench_models.check.worker import runner

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
    found = runner.distinct(disc_benchmarks(str(folder)))
    for name in [name for name in sys.modules if name.startswith(folder.name)]:
        monkeypatch.delitem(sys.modules, name)
    assert sorted(benchmark.name for benchmark in found) == [
        *["a.Sized.track_size"] * 2,
        "a.track_first",
        *["a.wrapper"] * 2,
    ]


class Tired:
    """A benchmark whose warm-up time is over after a few calls, by any clock that runs."""

    number, sample_time, warmup_time = 1, 0.01, 0.001

    def __init__(self) -> None:
        """Count calls."""
        self.calls = 0

    def timeit(self, number: int) -> float:
        """Return what timeit's timer would, and raise where the calls never end."""
        self.calls += number
        assert self.calls < 10_000, "the warm-up never ends"
        return _until(time.process_time, 1e-5)


def test_warm_up_ends_where_a_benchmark_freezes_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the tests of code that reads the time do."""
    monkeypatch.setattr(time, "perf_counter", lambda: 0.0)
    assert runner._warm_up(Tired(), Tired()) == 1


def _until(clock: Callable[[], float], seconds: float) -> float:
    """Keep busy, and return how long."""
    began = clock()
    while clock() - began < seconds:
        pass
    return clock() - began
