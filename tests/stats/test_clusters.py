"""An interval over records covers the truth where records are unlike; counting replays as records does not."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import binom

from bench_models.stats.clusters import mean_share, share_above
from bench_models.stats.proportions import proportion

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
