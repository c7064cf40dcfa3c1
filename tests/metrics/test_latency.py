"""A speed-up is made of the pairs that were measured, and found again by the number that asv keeps."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench_models.metrics.latency import SpeedUp, Turns, keep, kept, seconds_of, seconds_of_baseline, times_as_fast
from bench_models.storage import Store

seconds = st.floats(min_value=1e-6, max_value=10)


def _turns(baseline: float, variant: float) -> Turns:
    return Turns(baseline=(baseline,) * 4, variant=(variant,) * 4)


def _found(*pairs: tuple[float, float]) -> SpeedUp:
    taken = tuple(_turns(*pair) for pair in pairs)
    return SpeedUp(run="a", single_stream=taken, offline=taken)


def test_pairs_are_kept_under_the_number_that_is_tracked(tmp_path: Path) -> None:
    """Another measurement has another number, another variant other pairs; neither is taken for this one."""
    store = Store(root=tmp_path)
    first, second = _found((2.0, 1.0), (2.2, 1.0)), _found((2.0, 1.0), (2.1, 1.0))
    one, other = keep(store, "tiny", "int8", first), keep(store, "tiny", "int8", second)

    assert one != other
    assert kept(store, "tiny", "int8", one) == first
    assert kept(store, "tiny", "int8", other) == second
    assert kept(store, "tiny", "int8", one * (1 + 1e-15)) is None
    assert kept(store, "tiny", "pruned", one) is None
    assert times_as_fast(first.single_stream).value == one


@pytest.mark.parametrize("damage", ["{", "{}", '{"run": "a", "single_stream": [], "offline": []}'])
def test_damaged_pairs_are_as_good_as_none(tmp_path: Path, damage: str) -> None:
    """Cut, empty, or without a pair."""
    store = Store(root=tmp_path)
    tracked = keep(store, "tiny", "int8", _found((2.0, 1.0), (2.2, 1.0)))
    (file,) = (tmp_path / "speed-ups").iterdir()
    file.write_text(damage, encoding="utf-8")

    assert kept(store, "tiny", "int8", tracked) is None


@given(st.lists(st.tuples(seconds, seconds), min_size=2, max_size=10))
def test_speed_up_lies_among_those_of_its_pairs(pairs: list[tuple[float, float]]) -> None:
    """And so do the times."""
    found = _found(*pairs).single_stream
    ratios = [baseline / variant for baseline, variant in pairs]

    assert min(ratios) * (1 - 1e-9) <= times_as_fast(found).value <= max(ratios) * (1 + 1e-9)
    assert seconds_of(found).value <= max(variant for _, variant in pairs) * (1 + 1e-9)


def test_baselines_of_one_round_count_as_one_process() -> None:
    """They had one parent, and its luck: eighteen of them tell no more of other rounds than one."""
    rounds = [[_turns(1.0, 1.0)] * 18, [_turns(1.1, 1.0)] * 18]

    assert seconds_of_baseline(rounds) == seconds_of_baseline([each[:1] for each in rounds])


def test_a_slow_moment_of_both_leaves_the_ratio_alone() -> None:
    """Each block is three times as slow in the second half, on both sides."""
    calm = Turns(baseline=(2.0,) * 8, variant=(1.0,) * 8)
    disturbed = Turns(baseline=(2.0,) * 4 + (6.0,) * 4, variant=(1.0,) * 4 + (3.0,) * 4)

    assert calm.ratio == pytest.approx(2.0)
    assert disturbed.ratio == pytest.approx(2.0)


@pytest.mark.parametrize("blocks", [((), ()), ((1.0,), (1.0, 2.0)), ((0.0,), (1.0,)), ((float("inf"),), (1.0,))])
def test_pair_that_no_clock_shows_is_refused(blocks: tuple[tuple[float, ...], tuple[float, ...]]) -> None:
    """No blocks, more on one side, no time at all."""
    with pytest.raises(ValueError, match=r"blocks on both sides|greater than zero"):
        Turns(baseline=blocks[0], variant=blocks[1])
