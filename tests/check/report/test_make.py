"""Shards of one check make the verdict that one machine would have given."""

import random
from dataclasses import replace
from math import log

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.observing import counted, exact, plan_of, recorded, timed
from support.simulating import Noise, times

from bench_models.check.planning import described, share
from bench_models.check.planning import shares as planned_shares
from bench_models.check.record import Record
from bench_models.check.replay import until_decided
from bench_models.check.report.make import merge
from bench_models.errors import BenchModelsError
from bench_models.stats.sequential import Shares
from bench_models.verdict.judge import judge
from bench_models.verdict.measurements import Absent, Measurements

OBSERVED = [timed(f"suite.time_{index}", change=0.01 * index) for index in range(6)] + [exact(1, 2)]
WHOLE = recorded(*OBSERVED)


def shards(count: int = 3) -> list[Record]:
    """Return the whole check in shards."""
    names = tuple(WHOLE.header.plan)
    return [
        recorded(*OBSERVED[index::count], shard=index + 1, shards=count, names=names, shares=WHOLE.header.shares)
        for index in range(count)
    ]


def test_merged_shards_are_the_whole_check() -> None:
    """Every benchmark is there, and knows the shard whose machine measured it."""
    merged = merge(shards())
    assert WHOLE.measurements == tuple(replace(each, shard=1) for each in merged.measurements)
    assert [each.shard for each in merged.measurements] == [1, 2, 3, 1, 2, 3, 1]


@settings(deadline=None)
@given(data=st.data())
def test_merge_gives_each_benchmark_the_verdict_that_its_own_shard_gave(data: st.DataObject) -> None:
    """Whatever noise the other machines have."""
    count = data.draw(st.integers(1, 4))
    parts: list[list[Measurements]] = []
    for shard in range(count):
        spread = data.draw(st.sampled_from([0.002, 0.01, 0.04, 0.2]))
        changes = data.draw(st.lists(st.sampled_from([0.0, 0.02, 0.03, 0.05]), min_size=1, max_size=5))
        parts.append(
            [
                timed(
                    f"s{shard}.time_{index}", change=change, spread=spread, pairs=8, seed=data.draw(st.integers(0, 9))
                )
                for index, change in enumerate(changes)
            ]
        )
    everything = [each for part in parts for each in part]
    names, counts = tuple(str(each.benchmark) for each in everything), counted(everything)
    records = [
        recorded(*part, shard=shard + 1, shards=count, names=names, shares=counts) for shard, part in enumerate(parts)
    ]
    merged = merge(records)
    alone = [change for record in records for change in judge(record.measurements, record.header.shares)]
    assert alone == judge(merged.measurements, merged.header.shares)


@pytest.mark.parametrize("loud", [0.02, 0.04])
def test_regression_on_a_calm_machine_survives_beside_a_loud_one(loud: float) -> None:
    """In 40 of 40 checks what its shard said is what the merged check says: noise belongs to a machine."""
    draw, said = random.Random(0), []
    for _ in range(40):
        calm = times(Noise().ratios(draw, [0.01] * 7, [log(1.03)] + [0.0] * 6))
        noisy = [
            replace(each, benchmark=replace(each.benchmark, name=f"loud.time_{index}"))
            for index, each in enumerate(times(Noise().ratios(draw, [loud] * 7, [0.0] * 7)))
        ]
        names, counts = tuple(str(each.benchmark) for each in (*calm, *noisy)), counted([*calm, *noisy])
        records = [
            recorded(*until_decided(part, counts), shard=shard, shards=2, names=names, shares=counts)
            for shard, part in ((1, calm), (2, noisy))
        ]
        merged = merge(records)
        both = (records[0].measurements, merged.measurements)
        said.append(tuple(judge(measurements, counts)[0].verdict for measurements in both))
    assert all(alone == together for alone, together in said)
    assert sum(alone == "regressed" for alone, _ in said) >= 36


def test_benchmark_that_shards_describe_unlike_is_named() -> None:
    """A margin that depends on the machine is none."""
    first, second, third = shards()
    plan = {**second.header.plan, "suite.time_2": "margin 5 %"}
    other = replace(second, header=replace(second.header, plan=plan))
    with pytest.raises(BenchModelsError, match=r"shards 1 and 2 disagree about suite\.time_2: it is 'planned' in the"):
        merge([first, other, third])


def test_benchmark_that_one_shard_does_not_plan_is_named() -> None:
    """Its parameters may depend on the machine."""
    first, second, third = shards()
    plan = {name: text for name, text in second.header.plan.items() if name != "suite.time_0"}
    other = replace(second, header=replace(second.header, plan=plan))
    with pytest.raises(BenchModelsError, match=r"shards 1 and 2 disagree about suite\.time_0: .* and 'not there'"):
        merge([first, other, third])


def test_benchmark_that_two_shards_measured_is_named() -> None:
    """Which of them is to be believed?"""
    first, second, third = shards()
    twice = replace(second, measurements=(*second.measurements, replace(OBSERVED[0], shard=2)))
    with pytest.raises(BenchModelsError, match=r"shard 2 measured suite\.time_0, which is in shard 1, too"):
        merge([first, twice, third])


def test_benchmark_that_no_shard_took_is_named() -> None:
    """A green report must not leave it out."""
    first, second, third = shards()
    with pytest.raises(BenchModelsError, match=r"suite\.time_4 is planned, and no shard took it"):
        merge([first, replace(second, measurements=second.measurements[:1]), third])


def test_shared_budget_follows_from_the_plan_of_the_whole_check() -> None:
    """Whatever a shard itself measures, and without what one side lacks or what has outcomes."""
    planned = [
        plan_of(timed().benchmark, "group 0"),
        plan_of(replace(timed().benchmark, name="suite.time_new"), "group 1", base=Absent()),
        plan_of(exact(1, 1).benchmark, "group 2"),
        plan_of(replace(exact(1, 1).benchmark, name="suite.track_accuracy"), "group 3", answers=True),
    ]
    assert Shares(timed=1, values=1) == planned_shares(planned)
    assert described(planned[0]) == "time in seconds, lower is better, margin 2 %, without outcomes, on both sides"


def test_order_of_the_shards_does_not_matter() -> None:
    """CI hands them over as they come."""
    assert merge(shards()).measurements == merge(shards()[::-1]).measurements


def test_missing_shard_is_named() -> None:
    """An incomplete set is no verdict."""
    with pytest.raises(BenchModelsError, match="shard 2/3 is missing"):
        merge([shards()[0], shards()[2]])


def test_shard_given_twice_is_named() -> None:
    """Its benchmarks would count twice."""
    with pytest.raises(BenchModelsError, match="shard 1/3 is there twice"):
        merge([*shards(), shards()[0]])


@pytest.mark.parametrize(
    ("name", "value"),
    [("head", "c" * 40), ("threads", 2), ("libraries", {"base": {"torch": "2.12.0"}, "head": {"torch": "2.14.0"}})],
)
def test_shards_of_different_checks_are_refused_by_name(name: str, value: object) -> None:
    """The key and both values."""
    first, second, third = shards()
    other = replace(second, header=replace(second.header, **{name: value}))  # type: ignore[arg-type]
    with pytest.raises(BenchModelsError, match=f"shards 1 and 2 are not of one check, they differ in {name}"):
        merge([first, other, third])


@pytest.mark.parametrize(
    ("files", "shown"),
    [((), "suite.py,"), (("suite.py",), "suite.py,"), (tuple("abcde"), "a, b, c, d, e and 1 more,")],
)
def test_shards_with_other_uncommitted_files_are_told_to_commit_them(files: tuple[str, ...], shown: str) -> None:
    """Whether one has none, others, or the same with another content."""
    first, second, third = shards()
    first = replace(first, header=replace(first.header, uncommitted=("suite.py",)))
    second = replace(second, header=replace(second.header, head="c" * 40, uncommitted=files))
    with pytest.raises(BenchModelsError) as caught:
        merge([first, second, third])
    assert f"not of one check: HEAD had uncommitted changes in {shown}" in str(caught.value)
    assert "commit them (a temporary commit will do), and measure both shards at that commit" in str(caught.value)


def test_interrupted_shard_makes_the_whole_check_interrupted() -> None:
    """The worst ending counts."""
    first, *others = shards()
    assert merge([replace(first, ending="interrupted"), *others]).ending == "interrupted"


def test_every_group_is_in_exactly_one_shard() -> None:
    """And the shares are about equal, whatever the order in which benchmarks are found."""
    planned = [plan_of(timed(f"suite.time_{index}").benchmark, f"group {index % 8}") for index in range(16)]
    shares = [share(planned, index, 3) for index in (1, 2, 3)]
    assert sorted(map(str, planned)) == sorted(str(each) for part in shares for each in part)
    assert sorted(map(len, shares)) == [4, 6, 6]
    assert set(map(str, shares[0])) == set(map(str, share(planned[::-1], 1, 3)))
