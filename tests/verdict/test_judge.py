"""What became of a benchmark, from what was seen of it."""

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from accuracy_power import chances
from hypothesis import example, given
from hypothesis import strategies as st
from support.observing import FAILED, answered, exact, timed

from bench_models.check.report.sentence import told
from bench_models.outcomes import Skipped
from bench_models.stats.sequential import TIME_ALPHA, Shares
from bench_models.verdict.judge import exit_status, judge, wants_more
from bench_models.verdict.measurements import Absent, Benchmark, Measurements, Pair, Refused, Trouble

if TYPE_CHECKING:
    from bench_models.verdict.change import Change

SKIPPED = Skipped(reason="no GPU")
REFUSED = Refused(error="other threads")


def verdict(measurements: Measurements) -> str:
    """Return the verdict on a benchmark among others that are quiet."""
    return judge([measurements, *(timed(f"suite.time_{index}") for index in range(15))])[0].verdict


@pytest.mark.parametrize(
    ("change", "spread", "expected"),
    [
        (0.0, 0.005, "unchanged"),
        (0.02, 0.005, "regressed"),
        (0.05, 0.005, "regressed"),
        (-0.05, 0.005, "improved"),
        (0.02, 0.03, "undecided"),
    ],
)
def test_times_are_judged_by_their_interval(change: float, spread: float, expected: str) -> None:
    """A change as large as the margin of 2 % is found, unless there is too much noise."""
    assert expected == verdict(timed(change=change, spread=spread))


def test_change_below_half_the_margin_is_never_a_regression() -> None:
    """However long one looks, and whatever chance makes of it."""
    assert {verdict(timed(change=0.009, spread=0.002, seed=seed)) for seed in range(20)} == {"unchanged"}


def test_significant_change_within_the_margin_is_no_regression() -> None:
    """Who cares for half a percent?"""
    assert verdict(timed(change=0.005, spread=0.0005)) == "unchanged"


def test_relevant_change_within_the_noise_is_undecided_and_says_what_would_have_been_seen() -> None:
    """Then more pairs are wanted."""
    measurements = timed(change=0.04, spread=0.1, pairs=6)
    change = judge([measurements])[0]
    assert change.verdict == "undecided"
    assert change.detectable_pct is not None
    assert change.detectable_pct > 4
    assert wants_more(measurements, change)


@pytest.mark.parametrize(
    ("base", "head", "better", "expected"),
    [
        (100.0, 102.0, "lower", "regressed"),
        (100.0, 102.0, "higher", "improved"),
        (100.0, 98.0, "higher", "regressed"),
        (100.0, 100.9, "lower", "unchanged"),
        (100.0, 101.0, "lower", "unchanged"),
        (0.0, 0.1, "lower", "regressed"),
        (0.0, 0.0, "lower", "unchanged"),
        (-100.0, -98.0, "lower", "regressed"),
    ],
)
def test_numbers_that_repeat_are_compared_exactly(base: float, head: float, better: str, expected: str) -> None:
    """Any change beyond the margin counts, in the direction that the suite states."""
    assert expected == verdict(exact(base, head, better="lower" if better == "lower" else "higher"))


def test_no_margin_at_all_notices_one_parameter_more() -> None:
    """Parameters are counted, not measured."""
    assert verdict(exact(22_713_986, 22_713_987, margin_pct=0.0)) == "regressed"


def test_value_that_does_not_repeat_is_judged_like_a_time() -> None:
    """A peak of memory scatters."""
    benchmark = Benchmark(name="suite.peakmem_it", kind="value", unit="bytes")
    pairs = tuple(Pair(base=(100.0 + index,), head=(110.0 + index,)) for index in range(6))
    assert verdict(Measurements(benchmark=benchmark, pairs=pairs)) == "regressed"


@pytest.mark.parametrize(
    ("lost", "won", "expected"),
    [
        (0, 0, "unchanged"),
        (6, 6, "unchanged"),
        (6, 0, "undecided"),
        (20, 14, "undecided"),
        (11, 0, "regressed"),
        (13, 2, "regressed"),
        (35, 10, "regressed"),
        (2, 30, "improved"),
    ],
)
@pytest.mark.parametrize("others", [0, 151])
def test_accuracy_is_compared_sentence_by_sentence(lost: int, won: int, expected: str, others: int) -> None:
    """A loss of a point that the same sentences support is red, whatever else a check measures."""
    rest = [timed(f"suite.time_{index}", pairs=3) for index in range(others)]
    assert expected == judge([answered(lost, won, right=940, count=1083), *rest])[0].verdict


def test_undecided_accuracy_says_how_large_a_loss_would_have_been_seen() -> None:
    """Beside as many flips by chance, nine times in ten."""
    change = judge([answered(20, 14, right=940, count=1083)])[0]
    assert change.detectable_pct is not None
    seen = round(change.detectable_pct / 100 * 940)
    margin = 0.01 * 940 / 1083
    assert chances(seen, 34, 1083, margin)["regressed"] >= 0.9
    assert chances(seen - 1, 34, 1083, margin)["regressed"] < 0.9


@pytest.mark.parametrize(("right", "count", "shows"), [(4, 5, False), (3, 8, False), (18, 20, True)])
def test_handful_of_answers_shows_no_loss_of_any_size(right: int, count: int, shows: bool) -> None:  # noqa: FBT001
    """It was said that a change of more than all of them would have been seen."""
    change = judge([answered(1, 0, right=right, count=count)])[0]
    assert change.verdict == "undecided"
    assert (change.detectable_pct is not None) == shows
    assert ("so few examples show no loss of any size" in change.reason) != shows
    assert shows or told([(change.verdict, change.detectable_pct)]) == (
        "Nothing was shown of 1 benchmark; 1 is undecided: nothing can be said there."
    )


@pytest.mark.parametrize(
    ("measurements", "head", "expected"),
    [
        (answered(0, 0, right=900), 0.10, "regressed"),
        (answered(0, 0, right=900), 0.95, "improved"),
        (answered(0, 0, right=900), 0.905, "unchanged"),
        (answered(3, 1, right=900), 0.10, "regressed"),
        (answered(12, 12, right=900), 0.10, "regressed"),
        (answered(30, 2, right=900), 0.95, "regressed"),
        (answered(3, 1, right=900), 0.898, "unchanged"),
    ],
)
def test_number_counts_where_answers_do_not_explain_it(measurements: Measurements, head: float, expected: str) -> None:
    """Somebody may compute it wrongly, or from other answers than are shown."""
    pair = Pair(base=(0.9,), head=(head,))
    change = judge([replace(measurements, pairs=(pair, pair))])[0]
    assert expected == change.verdict
    beyond = abs(head - 0.9) > 0.01
    assert ("number and answers disagree: 0.9 became" in change.reason) == beyond


@pytest.mark.parametrize(
    ("flipped", "pairs", "expected"),
    [
        ((0, 0), [(0.87, 0.87), (0.87, 0.10)], "undecided"),
        ((0, 0), [(0.87, 0.10), (0.87, 0.87)], "undecided"),
        ((0, 0), [(0.87, 0.87), (0.87, 0.871)], "undecided"),
        ((0, 0), [(0.87, 0.20), (0.86, 0.10)], "regressed"),
        ((0, 0), [(0.20, 0.87), (0.10, 0.86)], "undecided"),
        ((0, 0), [(0.87, 0.60), (0.60, 0.30)], "undecided"),
        ((60, 0), [(0.87, 0.81), (0.87, 0.82)], "regressed"),
        ((60, 0), [(0.87, 0.81), (0.87, 0.87)], "undecided"),
        ((0, 60), [(0.87, 0.92), (0.87, 0.93)], "undecided"),
    ],
)
def test_answers_whose_number_does_not_repeat_prove_nothing(
    flipped: tuple[int, int], pairs: list[tuple[float, float]], expected: str
) -> None:
    """They are those of one pair; a loss that all pairs show is one."""
    numbers = tuple(Pair(base=(base,), head=(head,)) for base, head in pairs)
    change = judge([replace(answered(*flipped, right=870), pairs=numbers)])[0]
    assert expected == change.verdict
    assert "the number does not repeat: 0." in change.reason


@pytest.mark.parametrize(
    ("flipped", "head", "expected"), [((0, 0), (0.87, 0.87 + 1e-15), "unchanged"), ((60, 0), (0.81, 0.81), "regressed")]
)
def test_number_that_repeats_but_for_rounding_leaves_the_verdict_to_the_answers(
    flipped: tuple[int, int], head: tuple[float, float], expected: str
) -> None:
    """Nothing about it needs to be said."""
    pairs = tuple(Pair(base=(0.87,), head=(each,)) for each in head)
    change = judge([replace(answered(*flipped, right=870), pairs=pairs)])[0]
    assert (change.verdict, "number" in change.reason) == (expected, False)


@given(
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=3),
    st.integers(0, 9),
    st.integers(0, 9),
)
@example([(2e-311, 1.0)], 0, 0)
def test_number_that_passes_its_margin_is_never_called_unchanged(
    numbers: list[tuple[float, float]], lost: int, won: int
) -> None:
    """In any pair, whatever the answers say."""
    pairs = tuple(Pair(base=(base,), head=(head,)) for base, head in numbers)
    change = judge([replace(answered(lost, won), pairs=pairs)])[0]
    assert change.verdict != "unchanged" or all(abs(head - base) <= 0.0100001 * base for base, head in numbers)


def test_number_that_flips_would_allow_and_answers_do_not_show_is_undecided() -> None:
    """Six of each kind leave room for a loss of more than the margin, and say nothing of one."""
    pair = Pair(base=(0.868,), head=(0.856,))
    measurements = replace(answered(6, 6, right=940, count=1083), pairs=(pair, pair))
    assert judge([measurements])[0].verdict == "undecided"


@pytest.mark.parametrize(("count", "points"), [(1083, "0.28"), (40, "7.2"), (1, "95")])
def test_equal_answers_say_how_large_a_loss_they_cannot_show(count: int, points: str) -> None:
    """A loss of 0.28 points spares all of 1,083 sentences in 5 % of cases; of 40 it takes 7.2, beyond the margin."""
    change = judge([answered(0, 0, right=(count + 1) // 2, count=count)])[0]
    assert change.verdict == "unchanged"
    assert f"a loss of {points} points flips none in 5% of cases" in change.reason
    assert (1 - float(points) / 100) ** count == pytest.approx(0.05, rel=0.05)
    assert ("more than the margin of 0.5: there are too few" in change.reason) == (count == 40)
    assert ("there are too few" in change.reason) == (count < 1083)


def test_flipped_sentences_are_counted_and_ten_of_them_shown() -> None:
    """The lost ones first: they are what a reviewer asks for."""
    flips = judge([answered(8, 5)])[0].flips
    assert flips is not None
    assert (flips.right_to_wrong, flips.wrong_to_right) == (8, 5)
    assert (len(flips.lost), len(flips.won)) == (8, 2)
    assert flips.lost[0] == "sentence 0"


@pytest.mark.parametrize(
    ("base", "head", "expected"),
    [
        (None, FAILED, "regressed"),
        (None, Absent(), "lost"),
        (None, SKIPPED, "lost"),
        (FAILED, None, "not comparable"),
        (SKIPPED, None, "not comparable"),
        (Absent(), None, "new"),
        (FAILED, FAILED, "fails on both"),
        (FAILED, replace(FAILED, error="ValueError: 8"), "fails on both"),
        (Absent(), FAILED, "failed"),
        (SKIPPED, FAILED, "failed"),
        (SKIPPED, SKIPPED, "skipped"),
        (SKIPPED, Absent(), "skipped"),
        (Absent(), SKIPPED, "skipped"),
        (FAILED, Absent(), "skipped"),
        (FAILED, SKIPPED, "skipped"),
        (REFUSED, REFUSED, "failed"),
    ],
)
def test_what_a_side_has_not(base: Trouble | None, head: Trouble | None, expected: str) -> None:
    """What works on BASE and fails on HEAD is a regression, and what HEAD takes away is a loss."""
    assert expected == verdict(replace(timed(pairs=0), base=base, head=head))


def test_benchmark_that_was_not_reached_is_undecided() -> None:
    """Nothing is made up for it."""
    assert verdict(timed(pairs=0)) == "undecided"


@pytest.mark.parametrize("count", [1, 1000])
def test_budget_is_shared_with_other_shards(count: int) -> None:
    """The more timed benchmarks the whole check has, the wider each interval is."""
    change = judge([timed(change=0.05)], Shares(timed=count, values=7))[0].change_pct
    assert change is not None
    assert change.level == pytest.approx(1 - 2 * TIME_ALPHA / count)


@given(st.permutations(range(6)))
def test_order_does_not_matter(order: list[int]) -> None:
    """Verdicts belong to benchmarks, not to positions."""
    measurements = [timed(f"suite.time_{index}", change=0.01 * index) for index in range(6)]
    expected = {change.benchmark: change.verdict for change in judge(measurements)}
    assert expected == {change.benchmark: change.verdict for change in judge([measurements[index] for index in order])}


def test_exit_status_tells_the_worst() -> None:
    """What could not be measured outweighs a regression, which outweighs what is open."""

    def status(*measurements: Measurements, complete: bool = True, strict: bool = False) -> int:
        changes: list[Change] = judge(measurements)
        return exit_status(changes, complete=complete, strict=strict)

    regressed, open_ = exact(1, 2), timed(pairs=0)
    assert status(timed(spread=0.0001)) == 0
    assert status(timed(spread=0.0001), open_) == 0
    assert status(timed(spread=0.0001), open_, strict=True) == 3
    assert status(regressed, open_, strict=True) == 1
    lost, dead = replace(timed(), head=SKIPPED), replace(timed(), base=FAILED, head=FAILED)
    assert status(lost) == 1
    assert status(timed(spread=0.0001), replace(timed(pairs=0), base=FAILED)) == 0
    assert status(timed(spread=0.0001), replace(timed(pairs=4), base=FAILED)) == 2
    assert status(timed(spread=0.0001), dead) == 0
    assert status(regressed, dead) == 1
    assert status(dead, replace(timed(), base=SKIPPED, head=SKIPPED)) == 2
    assert status(regressed, replace(timed(), base=Absent(), head=FAILED)) == 2
    assert status(regressed, replace(timed(), base=REFUSED, head=REFUSED)) == 2
    assert status(regressed, complete=False) == 2
    assert status() == 2


@pytest.mark.parametrize("numbers", [(0.0,), (-1.0,), (float("nan"),), (float("inf"),), ()])
def test_time_that_no_clock_shows_is_refused(numbers: tuple[float, ...]) -> None:
    """At the door, so that no statistics meets it."""
    with pytest.raises(ValueError, match=r"a time is greater|a measurement is|a pair has"):
        replace(timed(), pairs=(Pair(base=numbers, head=numbers),))


@pytest.mark.parametrize("attributes", [{"better": "bigger"}, {"margin_pct": -1.0}, {"margin_pct": "much"}])
def test_wrong_attribute_of_a_suite_is_named(attributes: dict[str, object]) -> None:
    """The author of the suite reads it."""
    with pytest.raises(ValueError, match=r"suite\.time_it: (better|margin) is"):
        Benchmark(name="suite.time_it", kind="time", unit="seconds", **attributes)  # type: ignore[arg-type]
