"""Times measured in several processes, and intervals that other processes would agree with.

Calls within a process agree with each other far better than processes do: an interval made of calls
excludes the next run's figure, and calls two equal variants different. So the process is the unit,
and as there are few processes a benchmark, all benchmarks of a scenario lend each other their
spread: it is taken to be the same for each, relative to its time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log, sqrt
from statistics import fmean

from scipy.special import stdtrit

from bench_models.stats.estimate import Estimate

LEVEL = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """The median time of each process, and beside it the median of all calls with their own interval."""

    by_process: tuple[float, ...]
    calls: Estimate

    def __post_init__(self) -> None:
        """Refuse what cannot be a time."""
        if not self.by_process or not all(time > 0 for time in self.by_process):
            raise ValueError(f"a time is greater than zero, not {self.by_process}")


def interval_of_calls(middle: float, low: float, high: float, level: float) -> Estimate:
    """Return an interval of calls as one of times: an interval of few scattered calls may reach below zero.

    It then begins at a thousandth of the median, so that ratios of times stay finite; their width still tells.
    """
    return Estimate(value=middle, low=max(low, middle / 1000), high=high, level=level)


def pooled(timings: Sequence[Timing], level: float = LEVEL) -> list[Estimate]:
    """Return for each timing the geometric mean of its processes, with an interval that covers others.

    The half-width, on the scale of logarithms, is Student's ``t * s / sqrt(processes)``, where ``s``
    pools the squared deviations of each timing's processes from their own mean, and ``t`` has as
    many degrees of freedom. Where no timing has two processes, the interval is that of the calls.

    Source: the pooled variance of a one-way layout, as in any text on the analysis of variance.
    """
    deviations = [_squared_deviations(timing.by_process) for timing in timings]
    freedom = sum(max(0, len(timing.by_process) - 1) for timing in timings)
    if freedom == 0:
        return [timing.calls for timing in timings]
    spread = sqrt(sum(deviations) / freedom)
    t = float(stdtrit(freedom, (1 + level) / 2))
    return [_around(timing.by_process, t * spread / sqrt(len(timing.by_process)), level) for timing in timings]


def _squared_deviations(times: Sequence[float]) -> float:
    logs = [log(time) for time in times]
    return sum((each - fmean(logs)) ** 2 for each in logs)


def _around(times: Sequence[float], half_width: float, level: float) -> Estimate:
    middle = fmean(map(log, times))
    return Estimate(value=exp(middle), low=exp(middle - half_width), high=exp(middle + half_width), level=level)
