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

# How many processes are timed, unless a suite says otherwise. Their interval reaches about as far as one of them
# scatters, and as that of ten where the spread of the first four says how many are needed (Stein 1945).
PAIRS = 6
# An interval needs so many.
FEWEST = 2

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


def of_processes(values: Sequence[float], level: float = LEVEL) -> Estimate:
    """Return the geometric mean of what two or more processes gave, with an interval that covers others.

    The half-width, on the scale of logarithms, is Student's ``t * s / sqrt(processes)``. Its level holds where how many
    there are does not depend on what they gave.
    """
    from scipy.special import stdtrit  # half a second, and suites import this module for its limits

    logs = [*map(math.log, values)]
    point = math.exp(fmean(logs))
    reach = float(stdtrit(len(logs) - 1, (1 + level) / 2)) * stdev(logs) / math.sqrt(len(logs))
    half_width = min(reach, _WIDEST)
    return Estimate(value=point, low=point * math.exp(-half_width), high=point * math.exp(half_width), level=level)
