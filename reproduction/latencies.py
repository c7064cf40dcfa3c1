"""How long each row of a table takes, side by side on one device."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
from tqdm import tqdm

from bench_models.errors import BenchModelsError
from bench_models.stats.estimate import Estimate
from bench_models.stats.timing import LEVEL
from bench_models.tokenizer import Batch

if TYPE_CHECKING:
    from bench_models.runtimes.session import Session

TOKENS = 17
# With fewer calls the interval of a median has no end.
FEWEST_CALLS = 6

_WARM_UP = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """The median time of a row, and the median of its baseline's times over its own, round by round."""

    seconds: float
    speed_up: Estimate


def sentence() -> Batch:
    """Return a sentence of as many tokens as a median one has; which ones does not matter to random weights."""
    tokens = np.arange(1000, 1000 + TOKENS, dtype=np.int64)[np.newaxis]
    return Batch(input_ids=tokens, attention_mask=np.ones_like(tokens))


def require_enough(calls: int) -> None:
    """Refuse so few calls that the median has no interval."""
    if calls < FEWEST_CALLS:
        raise BenchModelsError(f"--calls {calls}: the interval of a median needs {FEWEST_CALLS} calls or more")


def measure(sessions: "Sequence[Session]", calls: int, clock: Callable[[], float] = time.perf_counter) -> list[Latency]:
    """Time the sessions in turn, the first of which is the baseline; each round starts with another one."""
    batch = sentence()
    times: list[list[float]] = [[] for _ in sessions]
    for session in sessions:
        for _ in range(_WARM_UP):
            session(batch)
    for start in tqdm(range(calls), desc="timing in turn", leave=False, disable=None):
        for place in range(len(sessions)):
            index = (start + place) % len(sessions)
            times[index].append(_time(sessions[index], batch, clock))
    return [latency(times[0], each) for each in times]


def latency(baseline: Sequence[float], own: Sequence[float]) -> Latency:
    """Summarise times that were taken in the same rounds."""
    ratios = [before / after for before, after in zip(baseline, own, strict=True)]
    return Latency(seconds=median(own), speed_up=median_of(ratios))


def median_of(values: Sequence[float], level: float = LEVEL) -> Estimate:
    """Return the median with an interval made of two of the values, which holds for any distribution.

    Raises ``ValueError`` for so few values that no two of them are far enough apart in rank: fewer than six at 95 %.

    Source: Conover, Practical nonparametric statistics (1999), section 3.2, as scipy computes it.
    """
    from scipy.stats import quantile_test

    interval = quantile_test(values, p=0.5).confidence_interval(level)
    return Estimate(value=float(median(values)), low=float(interval.low), high=float(interval.high), level=level)


def _time(session: "Session", batch: Batch, clock: Callable[[], float]) -> float:
    session(batch)  # not timed: the caches are full of another model
    start = clock()
    session(batch)
    return clock() - start
