"""Times that are as before in most blocks, and much longer in some."""

import random
import re
from collections.abc import Callable
from dataclasses import replace
from math import exp, log, log1p

import pytest
from support.simulating import Noise

from bench_models.check.replay import until_decided
from bench_models.stats.sequential import LOOKS, Shares
from bench_models.verdict.judge import exit_status, judge, wants_more
from bench_models.verdict.measurements import Benchmark, Measurements, Pair

BLOCKS = 18


def timed(
    head: Callable[[int, int], float],
    draw: random.Random,
    *,
    noise: float = 0.003,
    luck: float = 0.005,
    name: str = "it",
) -> Measurements:
    """Return as many pairs as a check may take, whose blocks scatter; ``head`` is HEAD's factor in a pair's block."""
    pairs = []
    for pair in range(LOOKS[-1]):
        offset = draw.gauss(0, luck)
        base = [0.1 * exp(draw.gauss(0, noise)) for _ in range(BLOCKS)]
        other = [0.1 * exp(offset + draw.gauss(0, noise)) * head(pair, block) for block in range(BLOCKS)]
        pairs.append(Pair(base=tuple(base), head=tuple(other)))
    return Measurements(benchmark=Benchmark(name=f"suite.time_{name}", kind="time", unit="seconds"), pairs=tuple(pairs))


@pytest.mark.parametrize(("period", "factor"), [(5, 10.0), (6, 3.0)])
@pytest.mark.parametrize("luck", [0.0, 0.005])
def test_slow_down_in_bursts_is_undecided_and_says_so(period: int, factor: float, luck: float) -> None:
    """It was unchanged, beside a mean that had grown to more than twice as much; it turns no check red."""
    bursts = timed(lambda pair, block: _burst(pair + block, period, factor), random.Random(1), luck=luck)
    changes = judge(until_decided([bursts]))
    assert (changes[0].verdict, changes[0].detectable_pct) == ("undecided", None)
    assert "the change comes in bursts" in changes[0].reason
    assert exit_status(changes) == 0


def test_bursts_are_seen_at_the_first_look() -> None:
    """Before any look may alarm, when medians that agree would end the check."""
    bursts = timed(lambda pair, block: _burst(pair + block, 5, 10.0), random.Random(1), luck=0.0)
    (change,) = judge([early := replace(bursts, pairs=bursts.pairs[: LOOKS[0]])])
    assert "the change comes in bursts" in change.reason
    assert wants_more(early, change)


def test_slow_down_in_bursts_beside_calm_benchmarks_is_never_unchanged() -> None:
    """They know nothing of its noise."""
    draw = random.Random(1)
    calm = [timed(lambda *_: 1.0, draw, name=str(index)) for index in range(7)]
    bursts = timed(lambda pair, block: _burst(pair + block, 6, 3.0), draw)
    first, *others = judge(until_decided([bursts, *calm]))
    assert first.verdict == "undecided"
    assert {change.verdict for change in others} == {"unchanged"}


def test_burst_beyond_all_measure_is_told_all_the_same() -> None:
    """No overflow costs a check its report."""
    pair = Pair(base=(1e-300,) * 6, head=(*(1e-300,) * 5, 1e300))
    benchmark = Benchmark(name="suite.time_it", kind="time", unit="seconds", margin_pct=1e6)
    assert "bursts" in judge([Measurements(benchmark=benchmark, pairs=(pair,) * 6)])[0].reason


@pytest.mark.parametrize("median", [0.96, 0.5])
def test_slow_down_in_bursts_of_what_is_faster_otherwise_is_no_improvement(median: float) -> None:
    """In the mean it is 2.7 times, and 1.4 times as slow."""
    bursts = timed(lambda pair, block: median * _burst(pair + block, 5, 10.0), random.Random(1))
    changes = judge(until_decided([bursts]))
    assert (changes[0].verdict, changes[0].detectable_pct) == ("undecided", None)
    assert re.search(
        r"blocks at -[\d.]+ %, but by their mean HEAD is at \+[\d.]+ %: the change comes", changes[0].reason
    )
    assert exit_status(changes) == 0


def test_slow_down_in_bursts_of_what_medians_leave_open_says_so() -> None:
    """And not that a change of seven percent would have been seen."""
    bursts = timed(lambda pair, block: _burst(pair + block, 5, 10.0), random.Random(1), luck=0.05)
    (change,) = judge(until_decided([bursts], shares := Shares(timed=38, values=0)), shares)
    assert (change.verdict, change.detectable_pct) == ("undecided", None)
    assert "the change comes in bursts" in change.reason


@pytest.mark.parametrize("pairs", [4, 10])
def test_slow_down_of_every_block_that_is_open_is_no_burst(pairs: int) -> None:
    """Mean and median agree."""
    steady = [timed(lambda *_: 1.04, random.Random(seed), luck=0.012) for seed in range(20)]
    shares = Shares(timed=38, values=0)
    changes = judge([replace(each, pairs=each.pairs[:pairs]) for each in steady], shares)
    assert "undecided" in {change.verdict for change in changes}
    assert not any("bursts" in change.reason for change in changes)


@pytest.mark.parametrize("offsets", ["normal", "t3"])
@pytest.mark.parametrize("factor", [0.96, 0.9])
def test_true_improvement_beside_bursts_of_a_neighbour_stays_one(offsets: str, factor: float) -> None:
    """On both sides in turn, with quiet offsets of pairs and with heavy tails."""
    draw = random.Random(6)
    ratios = Noise(offsets=offsets).ratios(draw, [0.005] * 16, [log(factor)] * 16)
    faster = []
    for index, of_pairs in enumerate(ratios):
        levels = [exp(ratio) for ratio in of_pairs]

        def head(pair: int, _: int, levels: list[float] = levels) -> float:
            return levels[pair] * _neighbours(draw)

        faster.append(_disturbed(timed(head, draw, noise=0.01, luck=0.0, name=str(index)), draw))
    found = judge(until_decided(faster))
    assert [change.verdict for change in found] == ["improved"] * 16


def test_speed_up_in_bursts_is_no_harm() -> None:
    """HEAD is faster now and then."""
    sometimes = timed(lambda _, block: 0.3 if block % 5 == 0 else 1.0, random.Random(2))
    assert judge(until_decided([sometimes]))[0].verdict == "unchanged"


def test_small_change_of_every_block_is_within_the_margin_and_no_burst() -> None:
    """Mean and median agree on two percent, which is more than half the margin."""
    steady = timed(lambda *_: 1.02, random.Random(3), noise=0.001)
    assert "bursts" not in judge([steady])[0].reason


@pytest.mark.parametrize("noise", [0.003, 0.02])
def test_calm_noise_hardly_ever_looks_like_bursts(noise: float) -> None:
    """Nor do a neighbour's bursts, which hit either side in turn."""
    draw, found = random.Random(4), []
    for _ in range(12):
        measurements = [timed(lambda *_: _neighbours(draw), draw, noise=noise, name=str(index)) for index in range(8)]
        found += judge(until_decided([_disturbed(each, draw) for each in measurements]))
    assert sum("bursts" in change.reason for change in found) <= 1


def _burst(position: int, period: int, factor: float) -> float:
    return factor if position % period == 0 else 1.0


def _neighbours(draw: random.Random) -> float:
    return 1.0 if draw.random() < 0.99 else exp(log1p(0.5))


def _disturbed(measurements: Measurements, draw: random.Random) -> Measurements:
    """Return the same with BASE disturbed as often."""
    pairs = (
        Pair(base=tuple(time * _neighbours(draw) for time in each.base), head=each.head) for each in measurements.pairs
    )
    return replace(measurements, pairs=tuple(pairs))
