"""The frontier is what its definition says, however the points lie."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from bench_models.report.recommendation import frontier

# Few values, so that ties are common.
POINTS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=20)


def _dominates(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return one[0] >= other[0] and one[1] >= other[1] and one != other


@given(POINTS)
def test_frontier_is_what_nothing_dominates(points: list[tuple[float, float]]) -> None:
    """By the definition, one pair after another."""
    expected = {place for place, point in enumerate(points) if not any(_dominates(each, point) for each in points)}

    assert expected == set(frontier(points))


@given(POINTS)
def test_frontier_falls_as_it_goes_right(points: list[tuple[float, float]]) -> None:
    """So a line through it is a staircase."""
    line = [points[place] for place in frontier(points)]

    assert line == sorted(line, key=lambda point: (point[0], -point[1]))
    assert [second for _, second in line] == sorted((second for _, second in line), reverse=True)


@given(POINTS, st.randoms(use_true_random=False))
def test_order_of_points_does_not_matter(points: list[tuple[float, float]], random: Random) -> None:
    """Only where they lie does."""
    mixed = random.sample(points, len(points))

    assert [points[place] for place in frontier(points)] == [mixed[place] for place in frontier(mixed)]


def test_frontier_of_three() -> None:
    """Fast and wrong, slow and right, and one that is worse than both."""
    assert frontier([(4.0, 80.0), (1.0, 90.0), (0.5, 79.0)]) == [1, 0]
