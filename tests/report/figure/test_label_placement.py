"""Names find places that are clear of each other, whatever the bubbles do."""

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from bench_models.report.figure.label_placement import Box, Bubble, place

PANEL = Box(left=0, bottom=0, right=600, top=460)

BUBBLES = st.lists(
    st.builds(
        Bubble,
        x=st.floats(20, 580),
        y=st.floats(20, 440),
        radius=st.floats(2, 16),
        width=st.floats(20, 120),
        height=st.just(12.0),
    ),
    min_size=1,
    max_size=20,
)


@settings(max_examples=25, deadline=None)
@given(BUBBLES)
def test_names_are_clear_of_each_other_and_inside(bubbles: list[Bubble]) -> None:
    """Twenty of them, wherever they lie; even all on one place."""
    placed = place(bubbles, PANEL)

    assert len(bubbles) == len(placed)
    assert all(PANEL.holds(box) for box in placed)
    assert not any(one.overlap(other) for one, other in itertools.combinations(placed, 2))


def test_twenty_names_of_one_place_are_clear_of_each_other() -> None:
    """The most crowded crowd."""
    placed = place([Bubble(x=300, y=230, radius=12, width=110, height=12)] * 20, PANEL)

    assert not any(one.overlap(other) for one, other in itertools.combinations(placed, 2))


def test_lonely_name_stands_beside_its_bubble() -> None:
    """Nothing is in its way."""
    bubble = Bubble(x=300, y=230, radius=12, width=60, height=12)
    (box,) = place([bubble], PANEL)

    assert bubble.gap(box) < 4
    assert not box.overlap(bubble.box)


def test_name_too_large_for_the_panel_is_put_in_its_middle() -> None:
    """It is seen at least."""
    (box,) = place([Bubble(x=300, y=230, radius=12, width=900, height=12)], PANEL)

    assert PANEL.centre == box.centre
