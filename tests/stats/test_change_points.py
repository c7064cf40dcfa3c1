"""A step up is seen once it has lasted; noise, drops and single bad runs are none."""

import random
from collections.abc import Sequence

import pytest

from bench_models.stats.change_points import ChangePoint, change_points, levels


def noisy(*levels: tuple[float, int], spread: float = 0.02, seed: int = 0) -> list[float | None]:
    """Return points about levels, each for so many commits."""
    draw = random.Random(seed)
    return [level * draw.gauss(1, spread) for level, count in levels for _ in range(count)]


def found_in(values: Sequence[float | None]) -> list[ChangePoint]:
    """Return the change points of a series, with asv's usual threshold."""
    return change_points(levels(values), 0.05)


@pytest.mark.parametrize("seed", range(20))
def test_step_up_that_lasted_is_seen_where_it_began(seed: int) -> None:
    """Of 20 % in points that scatter by 2 %, four commits ago."""
    (change_point,) = found_in(noisy((1.0, 30), (1.2, 4), seed=seed))

    assert change_point.position == 30
    assert 12 < change_point.pct < 28


def test_step_of_an_exact_number_is_seen() -> None:
    """A size has no scatter at all."""
    (change_point,) = found_in([100.0] * 10 + [106.0] * 3)
    assert (change_point.position, change_point.before, change_point.after) == (10, 100.0, 106.0)


def test_rise_in_two_strides_is_one() -> None:
    """The level between them did not last, and what came before it did."""
    (change_point,) = found_in([1.0] * 10 + [1.5] * 2 + [2.0] * 5)
    assert (change_point.position, change_point.before, change_point.after) == (12, 1.0, 2.0)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1.0] * 5 + [1.5] * 5 + [2.0] * 5, [(5, 1.0, 1.5), (10, 1.5, 2.0)]),
        ([1.0] * 5 + [2.0] * 5 + [1.5] * 5, [(5, 1.0, 1.5)]),
        ([1.0] * 5 + [2.0] * 5 + [1.0] * 5 + [1.5] * 5, [(15, 1.0, 1.5)]),
        ([1.0] * 5 + [1.5] * 5 + [1.2] * 5 + [2.0] * 5, [(5, 1.0, 1.2), (15, 1.2, 2.0)]),
        ([1.0] * 9 + [1.04] * 9 + [1.08] * 9 + [1.12] * 9, [(18, 1.04, 1.08)]),
        ([1.0] * 5 + [2.0] * 5 + [1.0], [(5, 1.0, 2.0)]),
    ],
    ids=["two", "back-in-part", "back-and-up-again", "up-and-down", "creeping", "one-good-run"],
)
def test_all_rises_that_last_are_found(values: list[float | None], expected: list[tuple[int, float, float]]) -> None:
    """Each from the level before it to the lowest since, and none that is gone again."""
    assert [(each.position, each.before, each.after) for each in found_in(values)] == expected


@pytest.mark.parametrize(("weight", "lengths"), [(1.0, [10, 4, 10]), (0.1, [10, 4, 10]), (0.01, [24])])
def test_points_that_weigh_little_make_no_level(weight: float, lengths: list[int]) -> None:
    """Asv weighs a time by its interval: one that is hardly known says little of the level."""
    values = [1.0] * 10 + [1.3] * 4 + [1.0] * 10
    assert [len(level.values) for level in levels(values, [1.0] * 10 + [weight] * 4 + [1.0] * 10)] == lengths


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
    assert found_in(values) == []


def test_missing_points_are_no_levels() -> None:
    """Commits that another kind of machine measured."""
    values = [1.0, None] * 6 + [1.5, None] * 3
    (change_point,) = found_in(values)
    assert change_point.position == 12


@pytest.mark.parametrize("decades", [0, 2])
@pytest.mark.parametrize("spread", [0.01, 0.03, 0.1])
def test_noise_raises_few_alarms(spread: float, decades: int) -> None:
    """At most one series in a hundred without any step, whatever its scatter, and whatever asv weighs its points by."""

    def alarm(seed: int) -> bool:
        values, draw = noisy((1.0, 40), spread=spread, seed=seed), random.Random(-seed)
        return bool(change_points(levels(values, [10 ** draw.uniform(-decades, 0) for _ in values]), 0.05))

    assert sum(map(alarm, range(300))) <= 3
