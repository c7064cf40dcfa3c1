"""A graph is laid out so that every point, mark and label is inside it and can be told apart."""

import datetime as dt
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench_models.site.model import ChangePoint, Commit, Line, Point, Series
from bench_models.site.render import HEIGHT, LEFT, MOST_LINES, WIDTH, chart
from bench_models.text import show_ms

NUMBERS = st.floats(min_value=-1e12, max_value=1e12).map(lambda value: value if abs(value) > 1e-12 else 0.0)


def _series(*lines: list[float], change_points: tuple[ChangePoint, ...] = ()) -> Series:
    return Series(
        benchmark="s.Latency.time_it",
        parameters=(("variant", "'a'"),),
        title="It",
        better="lower",
        show=show_ms,
        lines=tuple(
            Line(
                setting=f"machine {name}",
                of_asv=str(name),
                points=tuple(map(_point, range(len(values)), values)),
                change_points=change_points,
            )
            for name, values in enumerate(lines)
        ),
    )


def _commit(revision: int) -> Commit:
    at = dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + dt.timedelta(days=revision)
    return Commit(sha=f"{revision:040x}", revision=revision, at=at)


def _point(revision: int, value: float) -> Point:
    return Point(commit=_commit(revision), value=value)


@given(st.lists(NUMBERS, min_size=1, max_size=30))
def test_all_points_are_inside(values: list[float]) -> None:
    """Whatever the numbers are, even all the same or a single one."""
    drawn = chart(_series(values))
    (stroke,) = drawn.strokes
    places = [(float(x), float(y)) for x, y in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", stroke.path)]

    assert len(places) == len(values)
    assert all(LEFT <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in places)
    assert 1 <= len(drawn.rows) <= 6
    assert len({row.label for row in drawn.rows}) == len(drawn.rows)
    assert [row.at for row in drawn.rows] == sorted((row.at for row in drawn.rows), reverse=True)


def test_a_regression_is_marked_where_it_began() -> None:
    """The mark carries the number of the sentence beside the graph."""
    change_point = ChangePoint(setting="", before=None, after=_commit(2), old=1.0, new=2.0, accepted=None)
    drawn = chart(_series([1.0, 1.0, 2.0, 2.0], change_points=(change_point,)))
    (mark,) = drawn.marks

    assert (mark.number, mark.accepted) == (1, False)
    assert f"L{mark.x} {mark.y}" in drawn.strokes[0].path
    assert change_point.change_pct == pytest.approx(100.0)


def test_lines_that_cannot_be_told_apart_are_left_to_asv() -> None:
    """Four are drawn, and the page says how many are not."""
    drawn = chart(_series(*[[1.0, 2.0]] * 6))

    assert (len(drawn.strokes), drawn.hidden) == (MOST_LINES, 2)


def test_a_flat_line_has_readable_labels() -> None:
    """Ticks closer together than the metric shows fall back to more digits."""
    drawn = chart(_series([0.01, 0.01 + 1e-9]))

    assert len({row.label for row in drawn.rows}) == len(drawn.rows) > 1
