"""Error rates of whole checks, simulated with the looks that a real check takes.

Each claim is tested by exact binomial probabilities: a count fails when the rate that is promised would give
as many in fewer than one of a thousand such tests.
"""

import random
from collections.abc import Callable
from math import log1p

import pytest
from support.simulating import Noise, fates, partly, plausible, times

from bench_models.check.replay import until_decided
from bench_models.stats.sequential import EQUIVALENCE_ALPHA, FAMILYWISE_ALPHA
from bench_models.verdict.judge import judge

CALM, LOUD, MARGIN = 0.005, 0.04, log1p(0.03)
NOISES = [Noise(offsets=offsets, shared=shared) for offsets in ("normal", "t3", "bimodal") for shared in (False, True)]
MIXTURES: dict[str, Callable[[int], int]] = {
    "none": lambda _: 0,
    "one": lambda _: 1,
    "a quarter": lambda count: max(1, count // 4),
}


def reds(checks: int, noise: Noise, spreads: list[float], draw: random.Random, shift: float = 0.0) -> int:
    """Return how many checks are red in which benchmarks shift by harmless amounts."""
    red = 0
    for _ in range(checks):
        shifts = [draw.gauss(0, shift) for _ in spreads]
        changes = judge(until_decided(times(noise.ratios(draw, spreads, shifts))))
        red += any(change.verdict == "regressed" for change in changes)
    return red


def missed(checks: int, noise: Noise, spreads: list[float], draw: random.Random, place: int = 0) -> int:
    """Return how often a benchmark that is slower by the margin is called unchanged."""
    shifts = [MARGIN * (index == place) for index in range(len(spreads))]
    called = [judge(until_decided(times(noise.ratios(draw, spreads, shifts))))[place].verdict for _ in range(checks)]
    return called.count("unchanged")


def test_loud_benchmark_among_calm_ones_hides_no_change_of_the_margins_size() -> None:
    """It must not borrow their calm: 38 benchmarks, one of them eight times as loud."""
    draw, spreads = random.Random(1), [LOUD] + [CALM] * 37
    hidden = sum(missed(20, noise, spreads, draw) for noise in NOISES)
    assert plausible(hidden, 20 * len(NOISES), EQUIVALENCE_ALPHA), hidden


def test_calm_benchmarks_beside_a_loud_one_are_decided_as_early_as_without_it() -> None:
    """That is the power that borrowing is for."""
    draw = random.Random(2)
    seen = until_decided(times(Noise().ratios(draw, [LOUD] + [0.01] * 37, [0.0] * 38)))
    assert sum(len(each.pairs) for each in seen[1:]) < 37 * 4


def test_largest_harmless_shift_of_every_benchmark_is_hardly_ever_red() -> None:
    """A commit moves code about, and may shift all of them by half the margin, for good."""
    draw, shifts, red = random.Random(3), [log1p(0.015)] * 8, 0
    for _ in range(60):
        changes = judge(until_decided(times(Noise().ratios(draw, [0.01] * 8, shifts))))
        red += any(change.verdict == "regressed" for change in changes)
    assert plausible(red, 60, FAMILYWISE_ALPHA), red


def test_slow_down_well_beyond_the_margin_is_caught_nearly_always() -> None:
    """Half as much again as the margin, where pairs scatter by 1.5 %: in a few pairs more than the sixth look."""
    found = fates(15, 0.015, 4.5)
    assert sum(verdict == "regressed" for verdict, _ in found) >= 59
    assert sum(pairs for _, pairs in found) / len(found) < 12


def test_slow_down_of_the_margins_size_is_caught_where_pairs_scatter_by_one_percent() -> None:
    """It takes more pairs than a larger one."""
    found = fates(15, 0.01, 3.0)
    assert sum(verdict == "regressed" for verdict, _ in found) >= 55


def test_slow_down_of_some_processes_is_a_known_limit() -> None:
    """Few pairs may miss all slow processes: docs/check.md says that more than 5 % of such changes go unseen."""
    hidden = partly(300, 0.5, 6.0).count("unchanged")
    assert not plausible(hidden, 300, EQUIVALENCE_ALPHA), (
        f"{hidden} of 300: the limit is gone, so tell docs/check_method.md"
    )
    assert plausible(hidden, 300, 0.2), f"{hidden} of 300"


@pytest.mark.slow
@pytest.mark.parametrize(("benchmarks", "checks"), [(2, 60), (8, 60), (38, 20), (152, 4)])
def test_error_rates_hold_over_all_kinds_of_noise_together(benchmarks: int, checks: int) -> None:
    """A few checks of each: what breaks a rate everywhere, or one of them badly, is seen on the day it comes."""
    draw, red, hidden = random.Random(7), 0, 0
    cells = [(noise, mixture(benchmarks)) for noise in NOISES for mixture in MIXTURES.values()]
    for noise, loud in cells:
        spreads = [LOUD] * loud + [CALM] * (benchmarks - loud)
        red += reds(checks, noise, spreads, draw)
        hidden += missed(checks, noise, spreads, draw)
    assert plausible(red, checks * len(cells), FAMILYWISE_ALPHA), f"{red} of {checks * len(cells)} red"
    assert plausible(hidden, checks * len(cells), EQUIVALENCE_ALPHA), f"{hidden} of {checks * len(cells)} hidden"


@pytest.mark.slow
@pytest.mark.nightly
@pytest.mark.parametrize("noise", NOISES, ids=str)
@pytest.mark.parametrize("mixture", MIXTURES)
@pytest.mark.parametrize(("benchmarks", "checks"), [(2, 1000), (8, 1000), (38, 400), (152, 100)])
def test_error_rates_hold(benchmarks: int, checks: int, mixture: str, noise: Noise) -> None:
    """Red in at most 1 % of checks, and a change of the margin's size called unchanged in at most 5 %."""
    draw, loud = random.Random(4), MIXTURES[mixture](benchmarks)
    spreads = [LOUD] * loud + [CALM] * (benchmarks - loud)
    red = reds(checks, noise, spreads, draw)
    hidden = [missed(checks, noise, spreads, draw, place) for place in (0, benchmarks - 1)]
    assert plausible(red, checks, FAMILYWISE_ALPHA), f"{red} of {checks} red"
    assert all(plausible(count, checks, EQUIVALENCE_ALPHA) for count in hidden), f"{hidden} of {checks} hidden"


@pytest.mark.slow
@pytest.mark.nightly
@pytest.mark.parametrize("loud", [0.01, 0.02, 0.03])
@pytest.mark.parametrize(("benchmarks", "louder"), [(2, 1), (8, 2), (38, 1), (38, 9), (152, 38)])
def test_error_rates_hold_where_some_are_not_quite_as_loud(benchmarks: int, louder: int, loud: float) -> None:
    """The hardest case: their own few pairs may look as calm as the others'."""
    draw, spreads = random.Random(5), [loud] * louder + [CALM] * (benchmarks - louder)
    hidden = missed(1000, Noise(), spreads, draw)
    assert plausible(hidden, 1000, EQUIVALENCE_ALPHA), f"{hidden} of 1000 hidden"


@pytest.mark.slow
@pytest.mark.nightly
@pytest.mark.parametrize("spread", [0.002, 0.005, 0.01, 0.015])
@pytest.mark.parametrize(("benchmarks", "checks"), [(8, 2000), (38, 600), (152, 150)])
def test_harmless_commits_are_red_in_one_of_a_hundred_at_most(benchmarks: int, checks: int, spread: float) -> None:
    """Whatever the noise, as shifts of N(0, 0.5 %) stay below what can be called a regression."""
    red = reds(checks, Noise(), [spread] * benchmarks, random.Random(6), shift=0.005)
    assert plausible(red, checks, FAMILYWISE_ALPHA), f"{red} of {checks} red"
