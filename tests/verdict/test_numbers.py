"""Numbers that scatter and have no ratios, and numbers that seem to repeat."""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import product
from math import exp, isfinite
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.observing import exact, timed
from support.simulating import plausible

from bench_models.check.replay import until_decided
from bench_models.stats.sequential import EQUIVALENCE_ALPHA, LOOKS, SAME_REPEATS, VALUE_ALPHA, Shares
from bench_models.verdict.change import Change
from bench_models.verdict.judge import judge, wants_more
from bench_models.verdict.measurements import Benchmark, Better, Measurements, Pair
from bench_models.verdict.numbers import repeats_needed

_BOTH: tuple[Better, ...] = ("lower", "higher")


def numbers(
    base: Sequence[float], head: Sequence[float], better: Better = "lower", margin_pct: float = 3.0
) -> Measurements:
    """Return a number as both sides gave it, pair by pair."""
    benchmark = Benchmark(name="suite.track_it", kind="value", unit="things", better=better, margin_pct=margin_pct)
    pairs = tuple(Pair(base=(one,), head=(other,)) for one, other in zip(base, head, strict=True))
    return Measurements(benchmark=benchmark, pairs=pairs)


def drawn(
    base: Callable[[random.Random], float],
    head: Callable[[random.Random], float],
    better: Better = "lower",
    seed: int = 0,
) -> Change:
    """Return what a check makes of numbers that are drawn anew for each pair."""
    draw = random.Random(seed)
    numbers_of_base, numbers_of_head = ([side(draw) for _ in range(LOOKS[-1])] for side in (base, head))
    complete = numbers(numbers_of_base, numbers_of_head, better=better)
    return judge(until_decided([complete]))[0]


def test_throughput_that_falls_to_zero_is_a_regression() -> None:
    """It has no ratio, and nothing is worse."""
    change = drawn(lambda draw: draw.gauss(5000, 50), _nothing, "higher")
    assert change.verdict == "regressed"
    assert change.change_pct is not None
    assert change.change_pct.value == pytest.approx(-100)


def test_loss_that_changes_its_sign_is_a_regression() -> None:
    """From -1.5 to 4.0."""
    change = drawn(lambda draw: draw.gauss(-1.5, 0.05), lambda draw: draw.gauss(4.0, 0.05))
    assert change.verdict == "regressed"
    assert change.change_pct is not None
    assert change.change_pct.value == pytest.approx(100 * 5.5 / 1.5, rel=0.05)


def test_loss_below_zero_that_stays_is_unchanged() -> None:
    """Relative to its size, as a positive one would be."""
    assert drawn(lambda draw: draw.gauss(-1.5, 0.01), lambda draw: draw.gauss(-1.5, 0.01)).verdict == "unchanged"


def test_loss_below_zero_that_falls_further_is_an_improvement() -> None:
    """Less is better, whatever its sign."""
    assert drawn(lambda draw: draw.gauss(-1.5, 0.01), lambda draw: draw.gauss(-1.8, 0.01)).verdict == "improved"


def test_number_that_is_zero_on_base_and_scatters_above_it_on_head_is_a_regression_without_a_percentage() -> None:
    """No size is there that it could be relative to."""
    change = drawn(_nothing, lambda draw: draw.gauss(3, 0.3))
    assert (change.verdict, change.change_pct, change.detectable_pct) == ("regressed", None, None)


@pytest.mark.parametrize("spread", [0.1, 1.0, 1e6])
def test_number_that_scatters_around_zero_is_undecided_and_says_what_would_have_been_seen(spread: float) -> None:
    """A few percent of nearly nothing cannot be told."""
    change = drawn(lambda draw: draw.gauss(0, spread), lambda draw: draw.gauss(0, spread))
    assert change.verdict == "undecided"
    assert change.detectable_pct is not None
    assert change.detectable_pct > 30


@given(st.lists(st.integers(-4, 4), min_size=6, max_size=6), st.lists(st.integers(-4, 4), min_size=6, max_size=6))
def test_every_number_gets_a_verdict(base: list[int], head: list[int]) -> None:
    """Whatever zeros and signs there are, and the opposite one where the sides are swapped and equal in size."""
    assert judge([numbers(base, head)])[0].verdict in {"regressed", "improved", "undecided", "unchanged"}


def test_number_below_zero_is_judged_alone() -> None:
    """Numbers that have ratios lend it nothing: their noise is of another kind."""
    shares = Shares(timed=0, values=2)
    signed = numbers([-1.0, 1.0, -1.1, 1.2, 1.0, 0.9], [1.0, 1.2, 0.8, 1.1, 1.0, 1.2])
    positive = numbers([5, 6, 5, 6, 5, 6], [6, 6, 5, 5, 6, 5])
    assert judge([signed], shares)[0] == judge([signed, positive], shares)[0]


def test_equal_numbers_are_the_same_after_five_repeats() -> None:
    """Before, either side may still be one that scatters, and a check that ended there says so."""
    early, enough = exact(7, 7, repeats=SAME_REPEATS - 1), exact(7, 7, repeats=SAME_REPEATS)
    open_, change = (judge([each])[0] for each in (early, enough))
    assert (open_.verdict, "it takes 5 repeats to tell, not 4" in open_.reason) == ("undecided", True)
    assert wants_more(early, open_)
    assert (change.verdict, change.reason) == ("unchanged", "the same in 5 repeats")
    assert not wants_more(enough, change)


def test_number_that_scatters_on_one_side_only_is_hardly_ever_called_the_same() -> None:
    """BASE is 3 or 4 at random and HEAD always 4: alike in as many repeats as are asked with a chance of 1 in 32."""
    found = [drawn(_three_or_four, lambda _: 4.0, seed=seed) for seed in range(600)]
    assert plausible(sum(change.reason.startswith("the same in") for change in found), 600, 1 / 32)
    assert plausible(sum(change.verdict == "unchanged" for change in found), 600, EQUIVALENCE_ALPHA)


@pytest.mark.parametrize(("values", "repeats"), [(1, 5), (38, 8), (152, 9)])
def test_unlike_numbers_are_exact_only_after_repeats_that_chance_hardly_gives(values: int, repeats: int) -> None:
    """The more numbers a suite has, the more repeats it takes, and the change is found all the same."""
    shares = Shares(timed=0, values=values)
    early, enough = exact(100, 300, repeats=repeats - 1), exact(100, 300, repeats=repeats)
    (open_,) = judge([early], shares)
    assert (open_.verdict, f"it takes {repeats} repeats" in open_.reason) == ("undecided", True)
    assert wants_more(early, open_)
    assert judge([enough], shares)[0].verdict == "regressed"


@given(st.floats(1e-6, EQUIVALENCE_ALPHA), st.integers(2, 4))
def test_number_that_is_random_repeats_so_often_by_chance_as_rarely_as_is_promised(error: float, kinds: int) -> None:
    """Computed over every outcome: a few equally likely values, unlike between the sides and constant within them."""
    repeats = repeats_needed(error)
    chance = sum(one != other for one, other in product(range(kinds), repeat=2)) / kinds ** (2 * repeats)
    assert chance <= error


def test_number_that_is_3_or_4_by_chance_is_hardly_ever_red() -> None:
    """It was in 6 % of checks when two equal values were taken for a proof."""
    found = [drawn(_three_or_four, _three_or_four, seed=seed) for seed in range(1500)]
    assert plausible(sum(change.verdict == "regressed" for change in found), 1500, VALUE_ALPHA)
    assert plausible(sum(change.reason.startswith("exact") for change in found), 1500, VALUE_ALPHA)


@pytest.mark.parametrize("values", [1, 8])
def test_number_that_is_one_of_two_by_chance_is_hardly_ever_unchanged_where_it_is_not(values: int) -> None:
    """Three pairs were alike by chance in up to 8.6 % of checks: 100 or 200, with other chances on either side."""
    draw, called, checks = random.Random(values), {}, 400 // values
    for base, head in [(0.3, 0.2), (0.4, 0.2), (0.5, 0.7), (0.5, 0.8), (0.9, 0.8)]:
        found = []
        for _ in range(checks):
            complete = [
                numbers(
                    [100.0 + 100 * (draw.random() < base) for _ in range(LOOKS[-1])],
                    [100.0 + 100 * (draw.random() < (base if index else head)) for _ in range(LOOKS[-1])],
                )
                for index in range(values)
            ]
            found.append(judge(until_decided(complete))[0])
        # What is the same in five repeats is another matter.
        called[base, head] = sum(each.verdict == "unchanged" and "repeats" not in each.reason for each in found)
    assert all(plausible(count, checks, EQUIVALENCE_ALPHA) for count in called.values()), called
    assert plausible(sum(called.values()), checks * len(called), 0.8 * EQUIVALENCE_ALPHA), called


def test_number_that_scatters_is_unchanged_after_five_pairs_as_one_that_repeats() -> None:
    """And a time after three."""
    alike = [numbers([100, 200, 100, 200, 100][:count], [100, 200, 100, 200, 100][:count]) for count in (3, 4, 5)]
    found = [judge([each])[0] for each in alike]
    assert [each.verdict for each in found] == ["undecided", "undecided", "unchanged"]
    assert "it takes 5 pairs to tell, not 3" in found[0].reason
    assert judge([timed(spread=0.0001, pairs=3)])[0].verdict == "unchanged"


def test_number_that_varies_after_it_seemed_to_repeat_goes_the_way_of_those_that_scatter() -> None:
    """One other value is proof enough that chance has a part."""
    (change,) = judge([numbers([3, 3, 3, 3, 3, 3], [4, 4, 4, 4, 4, 3])])
    assert change.verdict == "undecided"
    assert "scatter" not in change.reason


def test_small_change_of_an_exact_number_is_within_its_margin_after_five_repeats() -> None:
    """As many as it takes to call it the same."""
    seen = [judge([exact(1000, 1001, repeats=repeats)])[0].verdict for repeats in (4, 5)]
    assert seen == ["undecided", "unchanged"]


def test_time_without_a_margin_is_refused_with_the_remedy() -> None:
    """No interval of times could ever exclude a change of nothing."""
    with pytest.raises(ValueError, match=r"suite\.time_it: a margin of 0 is for numbers .*: give it one above 0"):
        Benchmark(name="suite.time_it", kind="time", unit="seconds", margin_pct=0)


@pytest.mark.parametrize(
    ("base", "head", "expected"),
    [
        (2_000_000_000, 2_000_000_001, "regressed"),
        (2_000_000_001, 2_000_000_000, "improved"),
        (2e9 + 0.25, 2e9 + 0.5, "unchanged"),
        (2.0**60, 2.0**60 + 1024, "unchanged"),
    ],
)
def test_integer_without_a_margin_changes_by_one_and_other_numbers_in_more_than_their_last_digits(
    base: float, head: float, expected: str
) -> None:
    """What was counted is exact, however large; what was computed may be rounded, as may what is too large to count."""
    assert judge([exact(base, head, margin_pct=0.0)])[0].verdict == expected


def test_number_without_a_margin_that_scatters_says_that_it_needs_one() -> None:
    """It may regress, and can never be unchanged."""
    draw = random.Random(0)
    base, head = ([draw.gauss(100, 1) for _ in range(LOOKS[-1])] for _ in range(2))
    (change,) = judge([numbers(base, head, margin_pct=0.0)])
    assert (change.verdict, "give it a larger one" in change.reason) == ("undecided", True)
    (worse,) = judge([numbers(base, [each + 10 for each in head], margin_pct=0.0)])
    assert worse.verdict == "regressed"


@pytest.mark.parametrize("zero", [0.5, 0.8, 0.9])
@pytest.mark.parametrize(("values", "checks"), [(1, 1500), (8, 100), (38, 30)])
def test_number_that_is_0_or_1_by_chance_is_hardly_ever_red(zero: float, values: int, checks: int) -> None:
    """Even where all of HEAD's few numbers are zero, and one of BASE's is not: more is better."""
    draw, red = random.Random(values), 0
    for _ in range(checks):
        complete = []
        for shard in range(values):
            base, head = ([float(draw.random() >= zero) for _ in range(LOOKS[-1])] for _ in range(2))
            complete.append(replace(numbers(base, head, better="higher"), shard=shard))
        shares = Shares(timed=0, values=values)
        red += any(change.verdict == "regressed" for change in judge(until_decided(complete, shares), shares))
    assert plausible(red, checks, VALUE_ALPHA), red


@pytest.mark.parametrize(("base", "head", "better"), [(5000.0, 0.0, "higher"), (-1.5, 4.0, "lower")])
def test_large_change_through_zero_is_a_regression_at_the_sixth_pair(base: float, head: float, better: Better) -> None:
    """What an unchanged number may do by chance costs what never does it no pair more."""
    draw = random.Random(1)
    found = numbers([base + draw.gauss(0, 0.01 * abs(base)) for _ in range(6)], [head] * 6, better=better)
    assert judge([found])[0].verdict == "regressed"


def test_loss_that_would_have_been_seen_is_no_more_than_all() -> None:
    """What is better the higher it is falls by 50 % where it would have to double to be as much too slow."""
    draw = random.Random(1)
    base, head = ([100 * exp(draw.gauss(0, 0.8)) for _ in range(LOOKS[-1])] for _ in range(2))
    lower, higher = (judge([numbers(base, head, better)])[0].detectable_pct for better in _BOTH)
    assert lower is not None
    assert higher is not None
    assert higher < 100 < lower
    assert (1 - higher / 100) * (1 + lower / 100) == pytest.approx(1)


def test_few_pairs_are_said_to_be_too_few_and_to_show_no_change_of_any_size() -> None:
    """Nothing is called a change before the sixth, so a slow-down of any size would be open, too."""
    found = {count: judge([timed(change=2.3, spread=0.02, pairs=count)])[0] for count in (3, 5, 6)}
    assert [found[count].verdict for count in found] == ["undecided", "undecided", "regressed"]
    assert [found[count].detectable_pct is None for count in found] == [True, True, False]
    assert found[5].reason == "too few pairs to call a change: 5, and it takes 6"


@pytest.mark.parametrize("pairs", [1, 2])
def test_pairs_before_the_first_look_have_no_interval(pairs: int) -> None:
    """Two of them would give one from -98 % to +5042 %; those of other benchmarks do not help."""
    change, other = judge([timed(pairs=pairs), timed("suite.time_other", spread=0.1)])
    assert (change.verdict, change.change_pct, change.pairs) == ("undecided", None, pairs)
    assert change.reason == f"too few pairs for an interval: {pairs}, and it takes 3"
    assert (change.base, change.head is None) == (0.01, False)
    assert other.change_pct is not None


_WILD = st.floats(-1e300, 1e300)


@given(
    st.sampled_from(["time", "value"]),
    st.lists(st.lists(st.tuples(_WILD, _WILD), min_size=1, max_size=8), min_size=1, max_size=4),
    st.integers(1, 200),
    st.floats(1e-3, 1e300),
)
def test_every_number_of_a_verdict_is_finite(
    kind: Literal["time", "value"], measured: list[list[tuple[float, float]]], sharing: int, margin_pct: float
) -> None:
    """However wild the pairs are, and however many benchmarks share the budget; no verdict is lost to an overflow."""
    measurements = []
    for index, numbers_of in enumerate(measured):
        # Times are above zero, and of any order of magnitude.
        sides = [[max(abs(one), 1e-300) if kind == "time" else one for one in pair] for pair in numbers_of]
        benchmark = Benchmark(name=f"suite.b{index}", kind=kind, unit="u", margin_pct=margin_pct)
        pairs = tuple(Pair(base=(base,), head=(head,)) for base, head in sides)
        measurements.append(Measurements(benchmark=benchmark, pairs=pairs))
    for change in judge(measurements, Shares(timed=sharing, values=sharing)):
        assert all(
            isfinite(number) for number in (change.base, change.head, change.detectable_pct) if number is not None
        )


@pytest.mark.parametrize(
    ("kind", "ratios"), [("value", (1.0, 10.0, 0.1)), ("value", (1.0, 1.0, 1.1)), ("time", (1.0, 10.0, 0.1))]
)
def test_interval_of_few_wild_pairs_is_cut_where_it_says_no_more(
    kind: Literal["time", "value"], ratios: Sequence[float]
) -> None:
    """With two degrees of freedom, and one benchmark of 38, it reached beyond what an exponential can tell."""
    benchmark = Benchmark(name="suite.it", kind=kind, unit="u")
    pairs = tuple(Pair(base=(1.0,), head=(ratio,)) for ratio in ratios)
    (change,) = judge([Measurements(benchmark=benchmark, pairs=pairs)], Shares(timed=38, values=38))
    assert (change.verdict, change.detectable_pct) == ("undecided", None)
    assert change.change_pct is not None
    assert 1000 < change.change_pct.high <= 1e8


def _nothing(_: random.Random) -> float:
    return 0.0


def _three_or_four(draw: random.Random) -> float:
    return draw.choice((3.0, 4.0))
