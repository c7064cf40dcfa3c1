"""What a worker does on its own side of the channel."""

import time
from collections.abc import Callable

import pytest

from bench_models.check.worker import runner


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
