"""A step up is seen once it has lasted; noise, drops and single bad runs are none."""

import random

import pytest

from bench_models.stats.change_points import newest_change_point


def noisy(*levels: tuple[float, int], spread: float = 0.02, seed: int = 0) -> list[float | None]:
    """Return points about levels, each for so many commits."""
    draw = random.Random(seed)
    return [level * draw.gauss(1, spread) for level, count in levels for _ in range(count)]


@pytest.mark.parametrize("seed", range(20))
def test_step_up_that_lasted_is_seen_where_it_began(seed: int) -> None:
    """Of 20 % in points that scatter by 2 %, four commits ago."""
    change_point = newest_change_point(noisy((1.0, 30), (1.2, 4), seed=seed), 0.05)

    assert change_point is not None
    assert change_point.position == 30
    assert 12 < change_point.pct < 28


def test_step_of_an_exact_number_is_seen() -> None:
    """A size has no scatter at all."""
    change_point = newest_change_point([100.0] * 10 + [106.0] * 3, 0.05)
    assert change_point is not None
    assert (change_point.position, change_point.before, change_point.after) == (10, 100.0, 106.0)


def test_rise_in_two_strides_is_one() -> None:
    """The level between them did not last, and what came before it did."""
    change_point = newest_change_point([1.0] * 10 + [1.5] * 2 + [2.0] * 5, 0.05)
    assert change_point is not None
    assert (change_point.position, change_point.before, change_point.after) == (12, 1.0, 2.0)


@pytest.mark.parametrize(
    "values",
    [
        [],
        [1.0],
        [None, None],
        [1.0] * 10,
        [1.0] * 10 + [2.0] * 2,
        [1.0] * 10 + [2.0] + [1.0] * 3,
        [1.0] * 10 + [0.5] * 5,
        [1.0] * 10 + [1.04] * 5,
        [1.0] * 2 + [2.0] * 5,
        [1.0] * 10 + [2.0] * 5 + [1.0] * 5,
        [1.0] * 10 + [2.0] * 2 + [1.0] * 5,
    ],
    ids=[
        "none",
        "one",
        "missing",
        "flat",
        "too-new",
        "one-bad-run",
        "drop",
        "small",
        "too-short-before",
        "gone-again",
        "gone-soon",
    ],
)
def test_what_is_no_step_up_is_left_alone(values: list[float | None]) -> None:
    """Each for its own reason."""
    assert newest_change_point(values, 0.05) is None


def test_missing_points_are_no_levels() -> None:
    """Commits that another kind of machine measured."""
    values = [1.0, None] * 6 + [1.5, None] * 3
    change_point = newest_change_point(values, 0.05)
    assert change_point is not None
    assert change_point.position == 12


@pytest.mark.parametrize("spread", [0.01, 0.03, 0.1])
def test_noise_raises_few_alarms(spread: float) -> None:
    """At most one series in a hundred without any step, whatever its scatter."""
    alarms = sum(
        newest_change_point(noisy((1.0, 40), spread=spread, seed=seed), 0.05) is not None for seed in range(300)
    )
    assert alarms <= 3
