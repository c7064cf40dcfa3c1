"""How long a pair is timed."""

import random
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench_models.check.pair_runner import MESSAGE_S, THOROUGH, Blocks, Effort
from bench_models.verdict.measurements import SIDES, SideName


@pytest.mark.parametrize(
    ("call_s", "number", "fewest", "most"),
    [
        pytest.param(1e-5, 1000, 30, 174, id="a block is ten milliseconds of short calls"),
        pytest.param(0.3, 1, 6, 6, id="six calls tell how calm a pair is"),
        pytest.param(1.2, 1, 2, 2, id="long calls are taken twice, A B B A"),
        pytest.param(2.9, 1, 1, 1, id="very long ones once"),
    ],
)
def test_length_of_a_call_decides_how_often_it_is_timed(call_s: float, number: int, fewest: int, most: int) -> None:
    """A pair takes about as long whatever it times."""
    assert Blocks.of(call_s, 0) == Blocks(number=number, fewest=fewest, most=most)


def test_set_up_before_each_block_leaves_time_for_fewer_of_them() -> None:
    """As asv runs it before each sample, a slow one would make a pair endless."""
    assert Blocks.of(1e-5, setup_s=1.0).most == 2


def test_suite_chooses_the_number_of_calls_itself() -> None:
    """As asv's attribute says."""
    assert Blocks.of(1e-5, 7).number == 7


@pytest.mark.parametrize("call_s", [1e-7, 1e-6, 1e-4])
def test_blocks_of_next_to_nothing_end_in_time_too(call_s: float) -> None:
    """Where the suite wants one call a block, it is the messages that take the time."""
    blocks = Blocks.of(call_s, 1)
    assert blocks.most * (call_s + MESSAGE_S) <= 1.01 * THOROUGH.side_s
    assert blocks.fewest <= blocks.most / 5


_EFFORTS = st.builds(Effort, error=st.floats(min_value=0.001, max_value=0.1), side_s=st.floats(0.3, 3))


@given(st.floats(min_value=1e-7, max_value=60), st.floats(min_value=0, max_value=0.5), st.integers(0, 99), _EFFORTS)
def test_every_pair_ends_in_time_with_as_many_blocks_on_both_sides_in_both_orders(
    call_s: float, noise: float, seed: int, effort: Effort
) -> None:
    """Whatever the noise."""
    draw, blocks = random.Random(seed), Blocks.of(call_s, 0, effort=effort)
    turns = next(turns for turns in count() if blocks.suffice(_seconds(draw, call_s, noise, turns)))
    assert turns == 1 or turns % 2 == 0
    assert turns <= max(1, 2 + effort.side_s / (blocks.number * call_s))


def test_calm_pair_ends_earlier_than_a_noisy_one() -> None:
    """Where more blocks would say little more."""
    blocks = Blocks.of(0.01, 0)
    calm, noisy = (_seconds(random.Random(0), 0.01, noise, blocks.fewest) for noise in (0.01, 0.2))
    assert (blocks.suffice(calm), blocks.suffice(noisy)) == (True, False)


def test_pair_that_needs_to_be_known_less_well_ends_earlier() -> None:
    """Both by the error that is enough, and by the time that it may take."""
    blocks = Blocks.of(0.01, 0, effort=Effort(error=0.05, side_s=0.6))
    assert blocks.most < THOROUGH.side_s / 0.01
    noisy = _seconds(random.Random(0), 0.01, 0.2, blocks.fewest)
    assert (blocks.suffice(noisy), Blocks.of(0.01, 0).suffice(noisy)) == (True, False)


def _seconds(draw: random.Random, call_s: float, noise: float, turns: int) -> dict[SideName, list[float]]:
    return {side: [call_s * (1 + draw.uniform(0, noise)) for _ in range(turns)] for side in SIDES}
