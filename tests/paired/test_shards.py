"""Shards of one check make the verdict that one machine would have given."""

from dataclasses import replace

import pytest
from observing import exact, recorded, timed

from bench_models.errors import BenchModelsError
from bench_models.paired.groups import Planned, share
from bench_models.paired.record import Record
from bench_models.paired.shards import merge
from bench_models.verdict.changes import judge

OBSERVED = [timed(f"suite.time_{index}", change=0.01 * index) for index in range(6)] + [exact(1, 2)]
WHOLE = recorded(*OBSERVED)


def shards(count: int = 3) -> list[Record]:
    """Return the whole check in shards."""
    names = WHOLE.header.subjects
    return [recorded(*OBSERVED[index::count], shard=index + 1, shards=count, names=names) for index in range(count)]


def test_merged_shards_give_the_verdict_of_one_machine() -> None:
    """With the same intervals: one error budget."""
    merged = merge(shards())
    assert WHOLE.observed == merged.observed
    assert judge(WHOLE.observed) == judge(merged.observed, merged.header.elsewhere)


def test_order_of_the_shards_does_not_matter() -> None:
    """CI hands them over as they come."""
    assert merge(shards()).observed == merge(shards()[::-1]).observed


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


def test_interrupted_shard_makes_the_whole_check_interrupted() -> None:
    """The worst ending counts."""
    first, *others = shards()
    assert merge([replace(first, ending="interrupted"), *others]).ending == "interrupted"


def test_every_group_is_in_exactly_one_shard() -> None:
    """And the shares are about equal, whatever the order in which benchmarks are found."""
    planned = [
        Planned(
            subject=timed(f"suite.time_{index}").subject,
            group=f"group {index % 8}",
            suite="own",
            lacking=False,
            base_cache=None,
            head_cache=None,
            timeout_s=60,
            cache_timeout_s=0,
            base=None,
            head=None,
            answers=False,
            from_nothing=False,
        )
        for index in range(16)
    ]
    shares = [share(planned, index, 3) for index in (1, 2, 3)]
    assert sorted(map(str, planned)) == sorted(str(each) for part in shares for each in part)
    assert sorted(map(len, shares)) == [4, 6, 6]
    assert set(map(str, shares[0])) == set(map(str, share(planned[::-1], 1, 3)))
