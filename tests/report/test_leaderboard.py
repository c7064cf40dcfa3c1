"""The line of the fastest and the smallest variant within a point of the baseline."""

from dataclasses import replace

from bench_models.report.leaderboard import leaders
from bench_models.report.recommendation import Candidate
from bench_models.stats.estimate import Estimate


def _candidate(name: str, *, speed_up: float, drop: float, size: float) -> Candidate:
    exact = Estimate(value=0.9, low=0.8, high=0.95, level=0.95)
    return Candidate(
        name=name,
        standing="kept",
        speed_up=replace(exact, value=speed_up, low=speed_up, high=speed_up),
        accuracy=exact,
        accuracy_drop_points=replace(exact, value=drop, low=drop - 2, high=drop + 2),
        size_bytes=size,
    )


BASELINE = _candidate("baseline", speed_up=1.0, drop=0.0, size=100.0)
FAST = _candidate("fast", speed_up=5.0, drop=0.9, size=40.0)
SMALL = _candidate("small", speed_up=2.0, drop=100 * (0.910 - 0.900), size=10.0)
WRONG = _candidate("wrong", speed_up=9.0, drop=1.1, size=1.0)


def test_fastest_and_smallest_are_those_that_lose_at_most_a_point() -> None:
    """By the points of their drops: whoever is faster and smaller, and loses more, leads nothing."""
    assert leaders([BASELINE, SMALL, WRONG, FAST]) == (FAST, SMALL)
    assert leaders([BASELINE, FAST]) == (FAST, FAST)


def test_baseline_leads_nothing() -> None:
    """It is what others are compared with; where all others lose more, there is no leader."""
    assert leaders([BASELINE, WRONG]) == (None, None)


def test_whoever_leads_is_faster_or_smaller_than_the_baseline() -> None:
    """A more accurate variant that is neither leads nothing; each may be one of both."""
    slow = _candidate("slow", speed_up=0.5, drop=-1.0, size=120.0)
    assert leaders([BASELINE, slow]) == (None, None)
    assert leaders([BASELINE, replace(slow, size_bytes=99.0)]) == (None, replace(slow, size_bytes=99.0))
    large = replace(FAST, size_bytes=100.0)
    assert leaders([BASELINE, large]) == (large, None)


def test_variant_that_breaks_its_budget_leads_nothing() -> None:
    """However fast it is; one whose budget is open, or that has none, may."""
    assert leaders([BASELINE, replace(FAST, standing="broken")]) == (None, None)
    for standing in ("open", "no budget"):
        undecided = replace(FAST, standing=standing)
        assert leaders([BASELINE, undecided]) == (undecided, undecided)


def test_equally_small_ones_are_told_apart_by_speed() -> None:
    """And equally fast ones by size, wherever they stand in the table."""
    twin = replace(SMALL, name="twin", speed_up=FAST.speed_up)
    assert leaders([BASELINE, SMALL, twin]) == (twin, twin)
    assert leaders([BASELINE, FAST, twin]) == (twin, twin)
