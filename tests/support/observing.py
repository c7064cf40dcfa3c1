"""Observations as a check would make them."""

import random
from collections.abc import Sequence
from dataclasses import replace
from math import exp

from bench_models.check.planning import Planned
from bench_models.check.record import Header, Record
from bench_models.outcomes import Failed
from bench_models.stats.sequential import Shares
from bench_models.verdict.measurements import Absent, Answers, Benchmark, Better, Measurements, Pair


def timed(
    name: str = "suite.time_it", change: float = 0.0, spread: float = 0.005, pairs: int = 8, seed: int = 0
) -> Measurements:
    """Return pairs whose log-ratios scatter around a change."""
    draw = random.Random(f"{name}{seed}")
    ratios = [exp(draw.gauss(change, spread)) for _ in range(pairs)]
    return Measurements(
        benchmark=Benchmark(name=name, kind="time", unit="seconds", margin_pct=2.0),
        pairs=tuple(Pair(base=(0.01, 0.01), head=(0.01 * ratio, 0.01 * ratio)) for ratio in ratios),
    )


def exact(
    base: float, head: float, better: Better = "lower", margin_pct: float = 1.0, repeats: int = 10
) -> Measurements:
    """Return a number that repeats on both sides, often enough for any share of the budget unless told otherwise."""
    pair = Pair(base=(base,), head=(head,))
    benchmark = Benchmark(name="suite.track_it", kind="value", unit="bytes", better=better, margin_pct=margin_pct)
    return Measurements(benchmark=benchmark, pairs=(pair,) * repeats)


def answered(lost: int, won: int, right: int = 800, count: int = 1000) -> Measurements:
    """Return answers of which some flipped."""
    base = [True] * right + [False] * (count - right)
    head = [False] * lost + [True] * (right - lost) + [True] * won + [False] * (count - right - won)
    answers = Answers(base=tuple(base), head=tuple(head), examples=tuple(f"sentence {i}" for i in range(count)))
    pair = Pair(base=(sum(base) / count,), head=(sum(head) / count,))
    benchmark = Benchmark(name="suite.track_accuracy", kind="value", unit="share", better="higher", margin_pct=1.0)
    return Measurements(benchmark=benchmark, pairs=(pair, pair), answers=answers)


def plan_of(
    benchmark: Benchmark, group: str = "group", base: Absent | None = None, *, answers: bool = False
) -> Planned:
    """Return how a check would run what both sides have, or what BASE lacks."""
    return Planned(
        benchmark=benchmark,
        group=group,
        suite="own",
        lacking=False,
        base_cache=None,
        head_cache=None,
        timeout_s=60,
        cache_timeout_s=60,
        base=base,
        head=None,
        answers=answers,
        from_nothing=False,
    )


FAILED = Failed(error="ValueError: 7")


def counted(measurements: Sequence[Measurements]) -> Shares:
    """Return how many of these share the error budget."""
    timed = sum(each.benchmark.kind == "time" for each in measurements)
    return Shares(timed=timed, values=sum(each.answers is None for each in measurements) - timed)


def recorded(
    *measurements: Measurements,
    shard: int = 1,
    shards: int = 1,
    names: tuple[str, ...] = (),
    shares: Shares | None = None,
) -> Record:
    """Return a record of a complete check; its plan and its shares are of what was observed unless told otherwise."""
    measurements = tuple(replace(each, shard=shard) for each in measurements)
    machine = {
        "cpu": "Imaginary 9000",
        "cpu_flags": ["avx2"],
        "cores": 2,
        "memory_bytes": 2**33,
        "system": "Linux x86_64",
        "python": "3.11.9",
    }
    header = Header(
        base="a" * 40,
        head="b" * 40,
        base_name="main",
        head_name="HEAD",
        uncommitted=(),
        machines=(machine,),
        threads=1,
        python={"base": "3.11.9", "head": "3.11.9"},
        libraries={"base": {"torch": "2.13.0"}, "head": {"torch": "2.14.0"}},
        environments="one each",
        broken={"base": {}, "head": {}},
        shard=shard,
        shards=shards,
        plan=dict.fromkeys(names or map(str, (each.benchmark for each in measurements)), "planned"),
        shares=shares or counted(measurements),
        began="2026-01-02T03:04:05+00:00",
    )
    return Record(header=header, measurements=measurements, ending="complete", wall_s=100.0, timed_s=60.0)
