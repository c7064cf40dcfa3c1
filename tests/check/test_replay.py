"""Recorded rounds, cut where a check would have stopped, or with their sides swapped at random and judged."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from math import cosh, exp, log, pi, sqrt
from random import Random
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.observing import answered, exact, recorded, timed

from bench_models.check import replay as replaying
from bench_models.check.record import Record
from bench_models.check.replay import replay, sentences, stopped
from bench_models.check.report.make import report_on
from bench_models.errors import BenchModelsError
from bench_models.stats.paired_ratios import log_ratio
from bench_models.stats.sequential import LOOKS, Shares
from bench_models.verdict.judge import judge
from bench_models.verdict.measurements import Measurements, Pair

MOST = LOOKS[-1]


def unchanged(*measurements: Measurements) -> Record:
    """Return the record of a commit against itself."""
    record = recorded(*measurements)
    return replace(record, header=replace(record.header, base=record.header.head))


def quiet(seed: int, **options: float) -> Record:
    """Return a record of six benchmarks, each with a worker of its own."""
    every = {"spread": 0.006} | options
    return unchanged(*(timed(f"suite.time_{name}", pairs=MOST, seed=seed, **every) for name in "abcdef"))


QUIET = [quiet(seed) for seed in range(3)]
UNLIKE = [
    unchanged(*(timed(f"suite.time_{index}", spread=0.003 * 2**index, pairs=MOST, seed=seed) for index in range(5)))
    for seed in range(3)
]


def test_unchanged_tree_is_hardly_ever_red() -> None:
    """The budget allows for one in a hundred, and the mean over records is bounded by their interval."""
    replayed = replay(QUIET, times=100, seed=0)
    found = replayed.red.over_records
    assert found is not None
    assert found.value == replayed.red.mean <= 0.01
    assert len(replayed.red.shares) == 3
    assert found.high > 0.1
    assert replayed.pairs < MOST - 3


def test_unchanged_tree_is_hardly_ever_red_though_benchmarks_scatter_unlike_each_other() -> None:
    """Borrowing from calmer ones must not make a noisy one sure of itself."""
    assert replay(UNLIKE, times=100, seed=1).red.mean <= 0.01


def test_planted_slow_down_is_caught() -> None:
    """Well beyond the margin always, far below it never."""
    caught = [replay(QUIET[:2], times=40, seed=0, slowdown_pct=pct).caught for pct in (8.0, 0.5)]
    assert [each and each.shares for each in caught] == [(1.0, 1.0), (0.0, 0.0)]


def test_slow_down_as_large_as_the_margin_is_called_unchanged_once_in_twenty() -> None:
    """The margin of these is 2 %; what is not called unchanged is caught or stays open."""
    replayed = replay(QUIET, times=100, seed=0, slowdown_pct=2.0)
    assert replayed.caught is not None
    assert replayed.caught.mean + 6 * replayed.undecided > 0.95


def loose(seed: int) -> Record:
    """Return a record of ten benchmarks, one of them loud, of which each may be red as often as one alone.

    Next to no change is harmless to them, so that what is red is red by chance.
    """
    spreads = (0.03, *(0.006,) * 9)
    every = [timed(f"suite.time_{at}", spread=spread, pairs=MOST, seed=seed) for at, spread in enumerate(spreads)]
    strict = [replace(each, benchmark=replace(each.benchmark, margin_pct=0.01)) for each in every]
    record = unchanged(*strict)
    return replace(record, header=replace(record.header, shares=Shares(timed=1, values=0)))


def test_replayed_checks_are_red_as_often_as_real_ones() -> None:
    """Where a rule spends too much, both say so, and say the same: a replay can be red."""
    records = [loose(seed) for seed in range(400)]
    real = fmean(report_on(stopped(record)).exit_status for record in records)
    replayed = replay(records[:100], times=4, seed=0).red.mean
    assert 0.02 < real < 0.06
    assert replayed == pytest.approx(real, abs=0.025)


def drawn(record: Record, monkeypatch: pytest.MonkeyPatch, times: int) -> list[Sequence[Measurements]]:
    """Return what replayed checks would be made of, were they never decided before the last pair."""
    seen: list[Sequence[Measurements]] = []

    def whole(complete: Sequence[Measurements], *_: object) -> list[Measurements]:
        seen.append(complete)
        return list(complete)

    monkeypatch.setattr(replaying, "until_decided", whole)
    replay([record], times=times, seed=0)
    return seen


def logs(measurements: Measurements) -> list[float]:
    """Return the log-ratio of each pair, to nine digits."""
    return [round(log_ratio(pair.base, pair.head).value, 9) for pair in measurements.pairs]


def test_each_pair_is_taken_once_and_turned_round_half_of_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is drawn twice, so that few rounds are not taken for many."""
    benchmark = timed(pairs=MOST)
    before = Counter(map(abs, logs(benchmark)))
    turned = []
    for (after,) in drawn(unchanged(benchmark), monkeypatch, times=100):
        assert Counter(map(abs, logs(after))) == before
        turned += [ratio not in logs(benchmark) for ratio in logs(after)]
    assert 0.45 < sum(turned) / len(turned) < 0.55


def test_time_and_number_of_one_round_stay_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where a number has fewer rounds than a time."""
    time = timed(pairs=2 * MOST)
    benchmark = replace(exact(1.0, 1.0).benchmark, name="suite.peakmem_it")
    number = Measurements(benchmark=benchmark, pairs=time.pairs[:MOST])
    for times, numbers in drawn(unchanged(time, number), monkeypatch, times=20):
        places = [times.pairs.index(pair) for pair in numbers.pairs if pair in times.pairs]
        assert len(numbers.pairs) == len(times.pairs) == MOST
        assert places
        assert places == sorted(places)


def test_what_was_measured_in_one_round_stays_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """In one worker or in several: what two benchmarks have in common, they have in every replay."""
    first = timed("suite.Latency.time_a", pairs=MOST)
    twin = replace(first, benchmark=replace(first.benchmark, name="suite.Latency.time_b"))
    other = replace(first, benchmark=replace(first.benchmark, name="suite.time_c"))
    orders = set()
    for checks in drawn(unchanged(first, twin, other), monkeypatch, times=20):
        assert logs(checks[0]) == logs(checks[1]) == logs(checks[2])
        orders.add(tuple(logs(checks[0])))
    assert len(orders) == 20


@given(
    st.lists(st.floats(0.005, 0.02), min_size=1, max_size=40).flatmap(
        lambda base: st.tuples(st.just(base), st.lists(st.floats(0.005, 0.02), min_size=len(base), max_size=len(base)))
    )
)
def test_pair_in_brief_is_worth_as_much_as_the_pair(blocks: tuple[list[float], list[float]]) -> None:
    """The same log-ratio, with the same error and the same ratio of means; and turned round, the opposite."""
    pair = Pair(base=tuple(blocks[0]), head=tuple(blocks[1]))
    whole = log_ratio(pair.base, pair.head)
    beyond = log(fmean(pair.head) / fmean(pair.base)) - whole.value
    # The blocks that tell the error have means of their own, which are a little above their medians.
    least = log(cosh(whole.error / sqrt(pi / 2)))
    for sign, each in ((1, replaying._in_brief(pair)), (-1, replaying._swapped(replaying._in_brief(pair)))):
        ratio = log_ratio(each.base, each.head)
        assert ratio.value == pytest.approx(sign * whole.value, abs=1e-12)
        assert ratio.error == pytest.approx(whole.error, abs=1e-12)
        assert len(each.base) <= 4
        if len(pair.base) >= 3 and abs(beyond) >= least:
            average = log(fmean(each.head) / fmean(each.base))
            assert average == pytest.approx(sign * (whole.value + beyond), abs=1e-9)


def test_slow_down_in_bursts_is_seen_in_brief_pairs() -> None:
    """Where every fifth block takes ten times as long, and the median is as before."""
    draw = Random(1)
    pairs = []
    for _ in range(MOST):
        base, head = ([exp(draw.gauss(0, 0.005)) for _ in range(20)] for _ in range(2))
        head[4::5] = [10 * block for block in head[4::5]]
        pairs.append(Pair(base=tuple(base), head=tuple(head)))
    whole = replace(timed(), pairs=tuple(pairs))
    brief = replace(whole, pairs=tuple(map(replaying._in_brief, pairs)))
    found = [judge([each])[0] for each in (whole, brief)]
    assert found[0].verdict == found[1].verdict == "undecided"
    assert "comes in bursts" in found[0].reason
    assert found[0].reason == found[1].reason


def test_same_seed_gives_the_same_figures() -> None:
    """A figure in the documentation can be had again."""
    assert replay(QUIET[:1], times=20, seed=7) == replay(QUIET[:1], times=20, seed=7)


def test_one_record_has_no_interval_and_several_have_one() -> None:
    """However many checks are replayed of it: one hour of one machine shows nothing of others."""
    one, three = (sentences([(0.0, replay(records, times=10, seed=0))]) for records in (QUIET[:1], QUIET))
    assert "No interval can be given" in one
    assert "interval over" not in one
    assert "No interval" not in three
    assert "95% interval over records 0.00% to 38." in three
    assert "by record: 0.0%, 0.0%, 0.0%" in three


def test_share_of_records_above_the_allowance_is_bounded_whatever_they_are_like() -> None:
    """Three calm ones leave open that most others are not: 0.63 cubed is a quarter, 0.37 cubed is 5 %."""
    one, three, red = (
        sentences([(0.0, replay(records, times=10, seed=0))])
        for records in (QUIET[:1], QUIET, [*QUIET[:2], *map(loose, range(8))])
    )
    said = "0 of 3 records had more red checks than are allowed; however unlike records are, at most 63.2% of all have"
    assert f"{said} (95% confidence)" in three
    assert "0 of 1 record had more" in one
    assert "at most 95.0% of all" in one
    found = int(red.partition(" of 10 records had more")[0].split()[-1])
    assert (
        found
        == sum(share > 0.01 for share in replay([*QUIET[:2], *map(loose, range(8))], times=10, seed=0).red.shares)
        > 0
    )


def test_records_that_differ_widen_the_interval() -> None:
    """A slow-down that is caught in every check of one record and in hardly any of a loud one."""
    loud = quiet(9, spread=0.2)
    alike, unlike = (
        replay(records, times=20, seed=0, slowdown_pct=8.0).caught for records in (QUIET, [*QUIET[:2], loud])
    )
    assert alike is not None
    assert unlike is not None
    first, second = alike.over_records, unlike.over_records
    assert first is not None
    assert second is not None
    assert unlike.shares[2] < 0.5
    assert second.high - second.low > first.high - first.low


def test_records_without_times_are_refused() -> None:
    """There is nothing to draw from, and nothing to go on with."""
    with pytest.raises(BenchModelsError, match="no timed pairs"):
        replay([unchanged(exact(1, 2))], times=10, seed=0)


def test_record_of_two_commits_is_refused() -> None:
    """Swapped sides would make noise of a difference."""
    with pytest.raises(BenchModelsError, match="of a commit against itself"):
        replay([recorded(timed(pairs=MOST))], times=10, seed=0)


def test_record_of_a_check_that_stopped_is_skipped_by_name() -> None:
    """Its rounds are not whole: what was decided soon has few pairs, and those are the calm ones."""
    stopped = unchanged(timed(pairs=MOST), timed("suite.time_other", pairs=5))
    lacks = f"the record of {'b' * 8} begun .* has 5 pairs of suite.time_other, and whole rounds are {MOST}"
    replayed, alone = (replay(records, times=10, seed=0) for records in ([stopped, QUIET[0]], QUIET[:1]))
    assert replace(replayed, skipped=()) == alone
    assert re.search(f"^Skipped: {lacks}\\.$", sentences([(0.0, replayed)]), re.MULTILINE)
    assert "Skipped" not in sentences([(0.0, alone)])
    with pytest.raises(BenchModelsError, match=f"{lacks}: make one with `bench-models record`"):
        replay([stopped], times=10, seed=0)


def test_share_of_undecided_benchmarks_says_which_of_them_it_counts() -> None:
    """Those that scatter: a number that repeats is not replayed, and would make the share smaller."""
    loud = timed(spread=0.1, pairs=MOST)
    found = [replay([unchanged(loud, *others)], times=10, seed=0) for others in ((), (exact(1.0, 1.0),))]
    assert found[0].undecided == found[1].undecided == 1.0
    said = "of the benchmarks that scatter 100.0% are undecided, with 25.0 pairs each"
    assert said in sentences([(0.0, found[1])])


def test_longer_recording_is_drawn_from_whole() -> None:
    """Rounds beyond those of a check take part, a check's number at a time."""
    scale = exp(0.01)
    calm = timed(pairs=2 * MOST, spread=1e-6)
    late = tuple(Pair(base=pair.base, head=tuple(scale * time for time in pair.head)) for pair in calm.pairs[MOST:])
    replayed = replay([unchanged(replace(calm, pairs=calm.pairs[:MOST] + late))], times=30, seed=0)
    first = replay([unchanged(replace(calm, pairs=calm.pairs[:MOST]))], times=30, seed=0)
    assert replayed.pairs > first.pairs


def test_what_is_decided_at_the_first_look_counts_no_further() -> None:
    """However many pairs were recorded of it; a number has as many repeats as it takes to call it exact."""
    record = recorded(timed(spread=0.001, pairs=LOOKS[-1]), exact(1.0, 2.0, repeats=LOOKS[-1]), answered(3, 2))
    timed_one, exact_one, answered_one = stopped(record).measurements
    assert len(timed_one.pairs) == LOOKS[0]
    assert LOOKS[0] < len(exact_one.pairs) < LOOKS[-1]
    assert answered_one == record.measurements[2]
    verdicts = {str(row): row.verdict for row in report_on(stopped(record)).rows}
    assert (verdicts["suite.time_it"], verdicts["suite.track_it"]) == ("unchanged", "regressed")


def test_what_stays_open_takes_every_pair() -> None:
    """It is as wide as the margin at the end."""
    record = recorded(timed(spread=0.08, pairs=LOOKS[-1]))
    assert stopped(record) == record


def test_check_that_was_green_before_the_machine_changed_is_green() -> None:
    """The recording's later rounds would have made it red, had a check gone on."""
    calm, slow = timed(spread=0.002, pairs=LOOKS[0]), timed(change=0.08, spread=0.002, pairs=LOOKS[-1] - LOOKS[0])
    record = recorded(replace(calm, pairs=calm.pairs + slow.pairs))
    assert [report_on(each).exit_status for each in (record, stopped(record))] == [1, 0]


def test_real_regression_is_red_in_a_recording_too() -> None:
    """And rests on as many pairs as the check would have taken."""
    record = stopped(recorded(*(timed(f"suite.time_{name}", change=0.08, pairs=LOOKS[-1]) for name in "abc")))
    assert report_on(record).exit_status == 1
    assert len(record.measurements[0].pairs) < LOOKS[-1]
