"""Observations as a check would make them."""

import random
from math import exp

from bench_models.outcomes import Failed
from bench_models.paired.record import Header, Record
from bench_models.verdict.observations import Answers, Better, Observed, Pair, Subject


def timed(
    name: str = "suite.time_it", change: float = 0.0, spread: float = 0.005, pairs: int = 8, seed: int = 0
) -> Observed:
    """Return pairs whose log-ratios scatter around a change."""
    draw = random.Random(f"{name}{seed}")
    ratios = [exp(draw.gauss(change, spread)) for _ in range(pairs)]
    return Observed(
        subject=Subject(benchmark=name, kind="time", unit="seconds", margin_pct=2.0),
        pairs=tuple(Pair(base=(0.01, 0.01), head=(0.01 * ratio, 0.01 * ratio)) for ratio in ratios),
    )


def exact(base: float, head: float, better: Better = "lower", margin_pct: float = 1.0) -> Observed:
    """Return a number that repeats on both sides."""
    pair = Pair(base=(base,), head=(head,))
    subject = Subject(benchmark="suite.track_it", kind="value", unit="bytes", better=better, margin_pct=margin_pct)
    return Observed(subject=subject, pairs=(pair, pair))


def answered(lost: int, won: int, right: int = 800, count: int = 1000) -> Observed:
    """Return answers of which some flipped."""
    base = [True] * right + [False] * (count - right)
    head = [False] * lost + [True] * (right - lost) + [True] * won + [False] * (count - right - won)
    answers = Answers(base=tuple(base), head=tuple(head), examples=tuple(f"sentence {i}" for i in range(count)))
    pair = Pair(base=(sum(base) / count,), head=(sum(head) / count,))
    subject = Subject(benchmark="suite.track_accuracy", kind="value", unit="share", better="higher", margin_pct=1.0)
    return Observed(subject=subject, pairs=(pair, pair), answers=answers)


FAILED = Failed(error="ValueError: 7")


def recorded(*observed: Observed, shard: int = 1, shards: int = 1, names: tuple[str, ...] = ()) -> Record:
    """Return a record of a complete check."""
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
        subjects=names or tuple(str(each.subject) for each in observed),
        elsewhere=0,
        began="2026-01-02T03:04:05+00:00",
    )
    return Record(header=header, observed=observed, ending="complete", wall_s=100.0, timed_s=60.0)
