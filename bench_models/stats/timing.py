"""Estimates of times and of ratios of times, with intervals that cover other processes.

Calls within a process agree far better than processes do: an interval made of calls excludes the next run's number,
and calls two equal variants different. So the process is the replicate. Each variant is estimated from its own
processes alone: a variant may scatter five times as much as the one beside it, and a shared interval would cover
neither.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from bench_models.stats.estimate import Estimate

LEVEL = 0.95

# The first processes show how much they scatter, and so how many are needed, up to the most.
FIRST, MOST = 4, 10
# A ratio is known when its interval reaches this far to either side, relative to it.
KNOWN = 0.02

# The widest interval reaches to a thousandfold, so that ratios of times stay finite.
_WIDEST = math.log(1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """The median time of each process, and beside it the median of all calls with their own interval."""

    by_process: tuple[float, ...]
    calls: Estimate

    def __post_init__(self) -> None:
        """Refuse numbers that cannot be times."""
        if not self.by_process or not all(time > 0 for time in self.by_process):
            raise ValueError(f"a time is greater than zero, not {self.by_process}")

    @property
    def estimate(self) -> Estimate:
        """The time with an interval that covers other processes; of one process, with that of its calls."""
        return of_processes(self.by_process) if len(self.by_process) > 1 else self.calls


def interval_of_calls(middle: float, low: float, high: float, level: float) -> Estimate:
    """Return an interval of calls as one of times: an interval of few scattered calls may reach below zero.

    It then begins at a thousandth of the median, so that ratios of times stay finite; their width still tells.
    """
    return Estimate(value=middle, low=max(low, middle / 1000), high=high, level=level)


def suffice(ratios: Sequence[float], most: int = MOST) -> bool:
    """Say whether no more processes are needed: the ratio is known to 2 %, or there are as many as there may be."""
    if len(ratios) < FIRST:
        return False
    return len(ratios) >= most or _half_width(ratios, LEVEL) <= math.log1p(KNOWN)


def of_processes(values: Sequence[float], level: float = LEVEL) -> Estimate:
    """Return the geometric mean of what two or more processes gave, with an interval that covers others.

    The half-width, on the scale of logarithms, is Student's ``t * s / sqrt(processes)``: the wider one of two. In the
    first, ``s`` is the standard deviation of the first four processes, so that its level holds although ``s`` decides
    how many follow: the mean of all does not depend on it. In the second it is that of all, which outliers among
    the later ones widen.

    Source: Stein, A two-sample test for a linear hypothesis whose power is independent of the variance, Annals of
    Mathematical Statistics 16 (1945). Taking the wider one, and going on while that is too wide, is a heuristic:
    tests/stats/test_timing.py simulates that the level holds, for long tails too.
    """
    point = math.exp(fmean(map(math.log, values)))
    half_width = _half_width(values, level)
    return Estimate(value=point, low=point * math.exp(-half_width), high=point * math.exp(half_width), level=level)


def _half_width(values: Sequence[float], level: float) -> float:
    widest = max(_reach(values[:FIRST], level), _reach(values, level)) / math.sqrt(len(values))
    return min(widest, _WIDEST)


def _reach(values: Sequence[float], level: float) -> float:
    """Return the half-width that one process would have, by the spread of these."""
    from scipy.special import stdtrit  # half a second, and suites import this module for its limits

    return float(stdtrit(len(values) - 1, (1 + level) / 2)) * stdev(map(math.log, values))
