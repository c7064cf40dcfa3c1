"""How the error budget is shared out."""

import pytest

from bench_models.stats.looks import (
    CHANGE_LOOKS,
    EQUIVALENCE_ALPHA,
    FAMILYWISE_ALPHA,
    LOOKS,
    Shares,
    change_tail,
    equivalence_tail,
)


@pytest.mark.parametrize(("timed", "values"), [(1, 1), (7, 38), (500, 3)])
def test_all_looks_at_all_benchmarks_spend_the_budget_and_no_more(timed: int, values: int) -> None:
    """Bonferroni's inequality then bounds the chance of any false alarm."""
    shares = Shares(timed=timed, values=values)
    spent = [timed * change_tail(shares.of("time"), look) for look in CHANGE_LOOKS]
    spent += [values * change_tail(shares.of("value"), look) for look in CHANGE_LOOKS]
    assert pytest.approx(FAMILYWISE_ALPHA) == sum(spent)
    assert pytest.approx(EQUIVALENCE_ALPHA) == equivalence_tail() * len(LOOKS)


def test_later_looks_may_spend_more() -> None:
    """They are the ones that see small changes."""
    tails = [change_tail(1.0, look) for look in CHANGE_LOOKS]
    assert tails[0] < tails[-1] / 5


@pytest.mark.parametrize(("pairs", "look"), [(7, 8), (17, 20), (40, 25), (2, 6)])
def test_sample_between_two_looks_counts_as_the_later_one(pairs: int, look: int) -> None:
    """An interrupted check is looked at instead of, not besides, the next look."""
    assert change_tail(0.008, look) == change_tail(0.008, pairs)
