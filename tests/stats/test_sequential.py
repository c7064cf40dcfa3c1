"""How looks spend the error budget, and when nightly A/A checks ring."""

import random
from math import prod
from pathlib import Path
from statistics import fmean

import numpy as np
import pytest

from bench_models.stats import sequential
from bench_models.stats.sequential import (
    BOUND,
    CALM,
    CHANGE_LOOKS,
    EQUIVALENCE_ALPHA,
    EQUIVALENCE_TAIL,
    FAMILYWISE_ALPHA,
    LOOKS,
    RED,
    Shares,
    change_tail,
    nights_until_it_rings,
    points,
)


@pytest.mark.parametrize(("timed", "values"), [(1, 1), (7, 38), (500, 3)])
def test_all_looks_at_all_benchmarks_spend_the_budget_and_no_more(timed: int, values: int) -> None:
    """Bonferroni's inequality then bounds the chance of any false alarm."""
    shares = Shares(timed=timed, values=values)
    spent = [timed * change_tail(shares.of("time"), look) for look in CHANGE_LOOKS]
    spent += [values * change_tail(shares.of("value"), look) for look in CHANGE_LOOKS]
    assert pytest.approx(FAMILYWISE_ALPHA) == sum(spent)
    assert pytest.approx(EQUIVALENCE_ALPHA) == EQUIVALENCE_TAIL * len(LOOKS)


def test_later_looks_may_spend_more() -> None:
    """They are the ones that see small changes."""
    tails = [change_tail(1.0, look) for look in CHANGE_LOOKS]
    assert tails[0] < tails[-1] / 5


@pytest.mark.parametrize(("pairs", "look"), [(7, 8), (17, 20), (40, 25), (2, 6)])
def test_sample_between_two_looks_counts_as_the_later_one(pairs: int, look: int) -> None:
    """An interrupted check is looked at instead of, not besides, the next look."""
    assert change_tail(0.008, look) == change_tail(0.008, pairs)


CHECKS = 3


def red_nights(share: float) -> float:
    """Return the share of nights with a red check, where so many checks are red, each by itself."""
    return 1 - (1 - share) ** CHECKS


def rings_within(nights: int, share: float) -> float:
    """Return the chance that it rings at least once in so many nights, where ``share`` of nights are red."""
    return 1 - float(np.linalg.matrix_power(sequential._steps(share), nights)[0].sum())


# Whatever the checks of a night share: no more nights have a red one.
ALLOWED = CHECKS * FAMILYWISE_ALPHA


def test_alarm_rings_without_cause_once_in_eleven_years() -> None:
    """Where every check is red as often as is allowed; that is far fewer than one night in a hundred."""
    assert nights_until_it_rings(ALLOWED) > 11 * 365
    assert rings_within(365, ALLOWED) < 0.085
    assert 1 / nights_until_it_rings(ALLOWED) < 0.00025


@pytest.mark.parametrize(("share", "mean", "most"), [(0.05, 43, 83), (0.1, 16, 27), (1.0, 3, 3)])
def test_alarm_rings_within_weeks_where_checks_are_red_too_often(share: float, mean: float, most: int) -> None:
    """In the mean, and in nine cases of ten."""
    assert nights_until_it_rings(red_nights(share)) == pytest.approx(mean, abs=0.5)
    assert rings_within(most - 1, red_nights(share)) < 0.9 <= rings_within(most, red_nights(share))


@pytest.mark.parametrize("share", [0.15, 0.3, 0.6])
def test_exact_run_length_is_that_of_simulated_nights(share: float) -> None:
    """Played night by night, by the rule that the workflow uses."""
    draw = random.Random(0)

    def length() -> int:
        nights: list[bool] = []
        while points(nights) < BOUND:
            nights.append(draw.random() < share)
        return len(nights)

    assert fmean(length() for _ in range(600)) == pytest.approx(nights_until_it_rings(share), rel=0.12)


def test_exact_chance_is_the_sum_over_all_histories_of_a_week() -> None:
    """The two agree to the last digits."""
    ringing = 0.0
    for number in range(2**7):
        nights = [bool(number >> place & 1) for place in range(7)]
        if any(points(nights[: end + 1]) >= BOUND for end in range(7)):
            ringing += prod(0.3 if red else 0.7 for red in nights)
    assert rings_within(7, 0.3) == pytest.approx(ringing)


def test_points_never_fall_below_zero_and_begin_anew_after_ringing() -> None:
    """Calm months are no credit, and a night that rang does not make the next one ring."""
    assert points([False] * 100 + [True]) == RED
    assert points([True] * 3) >= BOUND
    assert points([True] * 3 + [False]) == 0
    assert points([True] * 3 + [True]) == RED
    assert points([True, False]) == RED + CALM


def test_documented_table_says_what_is_computed() -> None:
    """Each figure of docs/publishing.md."""
    page = (Path(__file__).resolve().parents[2] / "docs" / "publishing.md").read_text(encoding="utf-8")
    free = nights_until_it_rings(ALLOWED)
    years, share = free / 365, rings_within(365, ALLOWED)
    assert f"no cause | {free:,.0f} (once in {years:.0f} years; in {share:.0%} of years)".replace("%", " %") in page
    for red in (0.05, 0.1):
        most = next(count for count in range(1, 1000) if rings_within(count, red_nights(red)) >= 0.9)
        assert f"| {100 * red:.0f} % | {nights_until_it_rings(red_nights(red)):.0f} | {most} |" in page
    assert f"adds {RED} points and any other takes {-CALM} away, never below zero; at {BOUND} the job" in page
