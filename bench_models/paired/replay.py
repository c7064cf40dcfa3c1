"""Recorded pairs of an unchanged tree, drawn anew and judged as a check would: how often is it red?

Source of the idea: Efron, Bootstrap methods: another look at the jackknife, Ann. Stat. 7 (1979). The
pair is what is drawn, with everything that one worker measured, so what benchmarks of a worker have in
common stays.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tqdm import tqdm

from bench_models.errors import BenchModelsError
from bench_models.paired.record import Record
from bench_models.stats.estimate import Estimate
from bench_models.stats.looks import LOOKS, Shares
from bench_models.stats.proportions import proportion
from bench_models.verdict.changes import judge, wants_more
from bench_models.verdict.observations import Observed, Pair, Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What became of the replayed checks.

    ``red`` is the share of checks with a regression. With a planted slow-down ``caught`` is the share of
    checks that find it, and ``red`` counts the regressions of other benchmarks only.
    """

    times: int
    red: Estimate
    caught: Estimate | None
    undecided: float
    pairs: float
    pool: int


def replay(records: Sequence[Record], *, times: int, seed: int, slowdown_pct: float = 0.0) -> Replayed:
    """Replay ``times`` checks from the pairs of all records; slow one benchmark of each down, if asked to.

    Raises ``BenchModelsError`` where the records hold no timed pairs.
    """
    pools = _pools(records)
    shares = Shares(timed=len(pools), values=0)
    draw = random.Random(seed)  # noqa: S311  # a simulation, not a secret
    red, caught, undecided, pairs = [], [], 0, 0
    for _ in tqdm(range(times), desc="replaying", unit="check", leave=False, disable=None):
        slowed = draw.choice(list(pools)) if slowdown_pct else None
        observed = _check(_drawn(pools, draw, slowed, 1 + slowdown_pct / 100), shares)
        verdicts = {change.subject: change.verdict for change in judge(observed, shares)}
        caught.append(slowed is not None and verdicts[slowed] == "regressed")
        red.append(any(verdict == "regressed" for subject, verdict in verdicts.items() if subject != slowed))
        undecided += sum(verdict == "undecided" for verdict in verdicts.values())
        pairs += sum(len(each.pairs) for each in observed)
    count = times * len(pools)
    return Replayed(
        times=times,
        red=proportion(red),
        caught=proportion(caught) if slowdown_pct else None,
        undecided=undecided / count,
        pairs=pairs / count,
        pool=min(map(len, pools.values())),
    )


def _pools(records: Sequence[Record]) -> dict[Subject, list[Pair]]:
    pools: dict[Subject, list[Pair]] = {}
    for record in records:
        for each in record.observed:
            if each.subject.kind == "time" and each.pairs:
                pools.setdefault(each.subject, []).extend(each.pairs)
    if not pools:
        raise BenchModelsError("the records hold no timed pairs: make some with `bench-models record`")
    return pools


def _drawn(
    pools: Mapping[Subject, Sequence[Pair]], draw: random.Random, slowed: Subject | None, factor: float
) -> list[Observed]:
    """Return each benchmark with as many pairs as a check may take at most."""
    positions: dict[tuple[str, ...], list[float]] = {}
    drawn = []
    for subject, pool in pools.items():
        worker = (subject.benchmark.rpartition(".")[0], *subject.parameters)
        where = positions.setdefault(worker, [draw.random() for _ in range(LOOKS[-1])])
        pairs = [pool[int(position * len(pool))] for position in where]
        if subject == slowed:
            pairs = [Pair(base=pair.base, head=tuple(factor * time for time in pair.head)) for pair in pairs]
        drawn.append(Observed(subject=subject, pairs=tuple(pairs)))
    return drawn


def _check(complete: Sequence[Observed], shares: Shares) -> list[Observed]:
    """Return the part of the pairs that a check would have taken before it was decided."""
    seen = [replace(each, pairs=each.pairs[: LOOKS[0]]) for each in complete]
    for look in LOOKS[1:]:
        opened = [wants_more(each, change) for each, change in zip(seen, judge(seen, shares), strict=True)]
        if not any(opened):
            break
        seen = [
            replace(each, pairs=full.pairs[:look]) if more else each
            for each, full, more in zip(seen, complete, opened, strict=True)
        ]
    return seen
