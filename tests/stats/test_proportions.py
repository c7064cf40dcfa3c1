"""Shares and drops of shares have intervals that cover the truth; counting replays as records does not."""

from bisect import bisect_left
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import binom, binomtest

from bench_models.stats.proportions import bounded_drop, bounded_share, mean_share, paired_drop, proportion, share_above

outcomes = st.lists(st.booleans(), min_size=1, max_size=300)


@given(outcomes)
def test_proportion_agrees_with_scipy(answers: list[bool]) -> None:
    """The formula written out here is the library's."""
    estimate = proportion(answers)
    expected = binomtest(sum(answers), len(answers)).proportion_ci(0.95, method="wilson")

    assert (estimate.low, estimate.high) == pytest.approx((expected.low, expected.high), abs=1e-12)


@given(outcomes)
def test_paired_drop_mirrors(answers: list[bool]) -> None:
    """What one direction loses the other one wins."""
    other = answers[::-1]
    there, back = paired_drop(answers, other), paired_drop(other, answers)

    assert there.value == pytest.approx(-back.value)
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low))


@given(outcomes)
def test_same_answers_have_no_drop(answers: list[bool]) -> None:
    """The interval still admits that other sentences might flip."""
    estimate = paired_drop(answers, answers)

    assert estimate.value == 0
    assert estimate.low < 0 < estimate.high


@pytest.mark.parametrize(("lost", "won"), [(0.02, 0.01), (0.05, 0.05), (0.10, 0.02), (0.0, 0.01)])
def test_paired_drop_covers_the_truth_at_its_level(lost: float, won: float) -> None:
    """Of 2,000 simulated pairs of variants at least 94 % of the intervals hold the true drop."""
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(2000):
        flips = rng.random(1000)
        before = (flips >= lost + won) & (rng.random(1000) < 0.9) | (flips < lost)
        after = np.where(flips < lost, False, np.where(flips < lost + won, True, before))
        before = np.where((flips >= lost) & (flips < lost + won), False, before)
        estimate = paired_drop(before.tolist(), after.tolist())
        covered += estimate.low <= lost - won <= estimate.high

    assert covered / 2000 >= 0.94


def test_nothing_to_count_is_refused() -> None:
    """No answers, or answers to different sentences, have no share."""
    with pytest.raises(ValueError, match="at least one answer"):
        proportion([])
    with pytest.raises(ValueError, match="the same sentences, not 1 and 2"):
        paired_drop([True], [True, False])


def _too_high(n: int, lost: float, won: float) -> float:
    """Return how often the lower bound of a drop lies above the truth, by adding up all outcomes that matter."""
    wins, most = int(binom.isf(1e-9, n, won)) + 1, int(binom.isf(1e-9, n, lost)) + 1
    chance = 0.0
    for win in range(wins + 1):
        # The bound rises with each loss, so that the first one that deceives is found by bisection.
        first = bisect_left(range(most), lost - won + 1e-9, key=partial(_lower_bound, win, n))
        chance += binom.pmf(win, n, won) * binom.sf(first - 1, n - win, lost / (1 - won))
    return float(chance)


def _lower_bound(win: int, n: int, loss: int) -> float:
    return bounded_drop(loss, win, n).low


@pytest.mark.parametrize("n", [200, 1000, 3000])
@pytest.mark.parametrize(
    ("lost", "won"),
    [(0.1, 0), (1, 0), (0, 8), (0.05, 9.4), (4, 0.2), (9.4, 0.05), (10, 9), (0.05, 0), (0.05, 0.05), (0.07, 0.03)],
    ids=str,
)
def test_each_bound_of_a_drop_is_wrong_in_at_most_a_twentieth(n: int, lost: float, won: float) -> None:
    """Exactly, for none to a tenth of the sentences flipped; above 0.1 counts sentences, otherwise they are shares."""
    share_lost, share_won = (each if each < 0.1 else each / n for each in (lost, won))

    assert _too_high(n, share_lost, share_won) <= 0.05
    assert _too_high(n, share_won, share_lost) <= 0.05  # as bounds mirror, this is the upper one


@given(st.integers(1, 400), st.data())
def test_bounds_of_a_drop_hold_its_point_and_mirror(n: int, data: st.DataObject) -> None:
    """Whatever flipped."""
    lost = data.draw(st.integers(0, n))
    won = data.draw(st.integers(0, n - lost))
    there, back = bounded_drop(lost, won, n), bounded_drop(won, lost, n)

    assert there.value == pytest.approx(-back.value)
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low))
    assert there.level == pytest.approx(0.9)


@given(st.integers(1, 400), st.data())
def test_exact_bounds_of_a_share_agree_with_scipy(n: int, data: st.DataObject) -> None:
    """Clopper and Pearson's, each end at 95 %."""
    successes = data.draw(st.integers(0, n))
    estimate, expected = bounded_share(successes, n), binomtest(successes, n).proportion_ci(0.90, method="exact")

    assert (estimate.low, estimate.high) == pytest.approx((expected.low, expected.high), abs=1e-9)


@pytest.mark.parametrize("flips", [(-1, 0, 5), (3, 3, 5), (0, 0, 0)])
def test_flips_that_cannot_be_are_refused(flips: tuple[int, int, int]) -> None:
    """More flips than sentences, or less than none."""
    with pytest.raises(ValueError, match="flips are a part of at least one pair"):
        bounded_drop(*flips)
    with pytest.raises(ValueError, match="is no share"):
        bounded_share(-1, 3)


REPLAYS = 1000
TRIES = 400

MEANS = (0.001, 0.003, 0.01, 0.03, 0.1)
# Of the red shares of machines: from all alike to 0.2, which is also about that of one machine in twenty that is red in
# a fifth of its checks while the others never are, at a mean of 1 %.
CORRELATIONS = (0.0005, 0.01, 0.05, 0.2)
RECORDS = (2, 3, 5, 12, 30)


def drawn(mean: float, correlation: float, records: int, tries: int = TRIES) -> NDArray[np.float64]:
    """Return the red shares of records, each of its own machine: beta-distributed, and known by 1,000 replays."""
    rng = np.random.default_rng(0)
    weight = 1 / correlation - 1
    machines = rng.beta(mean * weight, (1 - mean) * weight, (tries, records))
    return np.asarray(rng.binomial(REPLAYS, machines) / REPLAYS)


def test_interval_over_records_covers_the_truth_in_nine_of_ten_and_more() -> None:
    """At 95 %, for every cell of the grid."""
    missed = {}
    for mean, correlation, records in product(MEANS, CORRELATIONS, RECORDS):
        found = [mean_share(list(shares)) for shares in drawn(mean, correlation, records)]
        covered = np.mean([each.low <= mean <= each.high for each in found])
        if covered < 0.9:
            missed[mean, correlation, records] = covered
    assert missed == {}


@pytest.mark.parametrize(("fewest", "most", "least"), [(2, 40, 0.92), (41, 55, 0.82), (56, 120, 0.91)])
def test_interval_covers_less_where_one_machine_in_twenty_is_red(fewest: int, most: int, least: float) -> None:
    """In a fifth of its checks, and the others never: every case is counted, and docs/check.md says what was found."""
    covered = [_covered_of_two_kinds(records) for records in range(fewest, most + 1)]
    assert least <= min(covered) <= least + 0.01


@pytest.mark.parametrize("correlation", [0.01, 0.05, 0.2])
def test_replays_counted_as_if_they_were_machines_cover_far_less(correlation: float) -> None:
    """So the test above can fail: this is what was done before, and it said 95 %."""
    covered = []
    for shares in drawn(0.01, correlation, 12):
        red = round(REPLAYS * sum(shares))
        found = proportion([True] * red + [False] * (REPLAYS * len(shares) - red))
        covered.append(found.low <= 0.01 <= found.high)
    assert np.mean(covered) < 0.5


def test_more_records_and_records_more_alike_make_it_narrower() -> None:
    """That nothing was red in three records says less than that nothing was in thirty."""

    def width(*shares: float) -> float:
        found = mean_share(shares)
        return found.high - found.low

    assert width(*[0.0] * 30) < width(*[0.0] * 12) < width(*[0.0] * 3)
    assert width(*[0.1] * 12) < width(*[0.0, 0.2] * 6) < width(*[0.0] * 10, 0.6, 0.6)


def test_no_record_and_all_records_stay_within_bounds() -> None:
    """A share is between 0 and 1, and so is its interval."""
    assert mean_share([0.0, 0.0]).low == 0.0
    assert mean_share([1.0, 1.0]).high == 1.0
    assert mean_share([0.0, 1.0]).value == 0.5


@pytest.mark.parametrize("shares", [[], [0.01]])
def test_fewer_than_two_records_have_no_interval(shares: list[float]) -> None:
    """One shows nothing of how much records differ."""
    with pytest.raises(ValueError, match="at least two"):
        mean_share(shares)


def test_share_above_covers_where_one_record_in_fifty_is_always_red() -> None:
    """The interval of the mean misses there, as nearly half of all sets of forty records hold none such."""
    rng = np.random.default_rng(0)
    tries = rng.random((TRIES, 40)) < 0.02
    covered = [share_above(list(each.astype(float)), 0.01).high >= 0.02 for each in tries]
    assert np.mean(covered) >= 0.95
    assert np.mean([mean_share(list(each.astype(float))).high >= 0.02 for each in tries]) < 0.95


def test_share_above_counts_records_beyond_the_allowance_only() -> None:
    """One of four is, and one that is just as red as allowed is none."""
    found = share_above([0.0, 0.01, 0.0, 0.02], 0.01)
    assert found.value == 0.25
    assert found.low < 0.25 < found.high < 1


@pytest.mark.parametrize(
    ("records", "words", "bound"),
    [
        (3, "up to 38 %", "at most 63 %"),
        (12, "up to 3.9 %", "at most 22 %"),
        (40, "up to 1 %", "at most 7.2 %"),
    ],
)
def test_documentation_says_how_little_a_few_calm_records_show(records: int, words: str, bound: str) -> None:
    """In docs/check.md."""
    page = (Path(__file__).resolve().parents[2] / "docs" / "check.md").read_text(encoding="utf-8")
    told = page.partition("Few records cannot show")[2].partition("##")[0].replace("\n  ", " ")
    assert words in told
    assert bound in told
    assert f"up to {100 * mean_share([0.0] * records).high:.2g} %" == words
    assert f"at most {100 * share_above([0.0] * records, 0.01).high:.2g} %" == bound


def _covered_of_two_kinds(records: int, share: float = 0.05, red: float = 0.2) -> float:
    """Return how often the interval covers the mean of machines of which a share is red in so many checks."""
    covered = 0.0
    for some in range(records + 1):
        found = mean_share([red] * some + [0.0] * (records - some))
        covered += float(binom.pmf(some, records, share)) * (found.low <= share * red <= found.high)
    return covered
