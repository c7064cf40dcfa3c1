"""Recorded pairs, drawn anew."""

import pytest
from observing import exact, recorded, timed

from bench_models.errors import BenchModelsError
from bench_models.paired.replay import replay

QUIET = recorded(*(timed(f"suite.time_{index}", spread=0.006, pairs=40) for index in range(6)))
UNLIKE = recorded(*(timed(f"suite.time_{index}", spread=0.003 * 2**index, pairs=40) for index in range(5)))
LOUD = recorded(timed("suite.time_slow", change=0.06, pairs=40), timed("suite.time_it", pairs=40))


def test_unchanged_tree_is_hardly_ever_red() -> None:
    """The budget allows for one in a hundred."""
    replayed = replay([QUIET], times=300, seed=0)
    assert replayed.red.value <= 0.01
    assert replayed.pairs < 12


def test_unchanged_tree_is_hardly_ever_red_though_benchmarks_scatter_unlike_each_other() -> None:
    """Borrowing from calmer ones must not make a noisy one sure of itself."""
    assert replay([UNLIKE], times=300, seed=1).red.value <= 0.01


def test_real_regression_is_red_in_every_replay() -> None:
    """The replay can fail."""
    assert replay([LOUD], times=50, seed=0).red.value == 1


def test_planted_slow_down_is_caught() -> None:
    """Well beyond the margin always, far below it never."""
    caught = [replay([QUIET], times=60, seed=0, slowdown_pct=pct).caught for pct in (5.0, 0.5)]
    assert [each and each.value for each in caught] == [1.0, 0.0]


def test_slow_down_as_large_as_the_margin_is_missed_once_in_twenty() -> None:
    """The margin of these is 2 %; a pool of 40 pairs is a little faster or slower itself, so one in ten here."""
    caught = replay([QUIET], times=300, seed=0, slowdown_pct=2.0).caught
    assert caught is not None
    assert caught.value > 0.85


def test_same_seed_gives_the_same_figures() -> None:
    """A figure in the documentation can be had again."""
    assert replay([QUIET], times=20, seed=7) == replay([QUIET], times=20, seed=7)


def test_records_without_times_are_refused() -> None:
    """There is nothing to draw from."""
    with pytest.raises(BenchModelsError, match="no timed pairs"):
        replay([recorded(exact(1, 2))], times=10, seed=0)
