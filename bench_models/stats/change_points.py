"""Finds the change points of a history: where its level rose by more than threshold and noise, and stayed."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

# A level counts once it has lasted for so many points: one bad run of a shared machine is not a change.
LASTING = 3
# A level must rise by more than so many standard deviations of single points.
SCATTERS = 3.0
# As points are added, the fit may move a change point by so many commits.
NEAR = 2
_MAD_TO_DEVIATION = 1.4826


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """The points that asv's fit gives one value; ``begin`` is the position of the first one in the series."""

    begin: int
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePoint:
    """The level rose from ``before`` at a position of the series; ``after`` is the lowest lasting level since."""

    position: int
    before: float
    after: float

    @property
    def pct(self) -> float:
        """By how many percent of the level before."""
        return (self.after / self.before - 1) * 100 if self.before else math.inf


def levels(values: Sequence[float | None], weights: Sequence[float | None] | None = None) -> list[Level]:
    """Return the levels of a series by asv's own piecewise constant fit; a missing point is None.

    ``weights`` are asv's weights of the points; without them all count alike.
    """
    from asv.step_detect import detect_steps

    return [
        Level(begin=begin, values=tuple(value for value in values[begin:end] if value is not None))
        for begin, end, *_ in detect_steps(list(values), weights and list(weights))
    ]


def change_points(levels: Sequence[Level], least: float) -> list[ChangePoint]:
    """Return the rises of more than ``least`` (0.05 for 5 %) that last, oldest first.

    Only levels of at least three points count, so that a rise in two strides is one. A rise lasts if no later level
    is back: each level is compared with the level that the next rise began at, or with the newest one, as asv does. So
    a drift in small steps is a rise, too, where they add up; its place may move while the drift goes on. Their medians
    have to differ by more than three standard deviations of a point about its level, which are estimated by the median
    absolute deviation.
    """
    lasting = [level for level in levels if len(level.values) >= LASTING]
    if not lasting:
        return []
    found, reference, lowest = [], lasting[-1], median(lasting[-1].values)
    for old, new in reversed(list(pairwise(lasting))):
        if _rose(old, reference, least):
            found.append(ChangePoint(position=new.begin, before=median(old.values), after=lowest))
            reference = old
        lowest = min(lowest, median(old.values))
    return found[::-1]


def _rose(old: Level, new: Level, least: float) -> bool:
    before, after = median(old.values), median(new.values)
    deviations = [abs(value - before) for value in old.values] + [abs(value - after) for value in new.values]
    scatter = _MAD_TO_DEVIATION * median(deviations)
    return after - before > max(least * abs(before), SCATTERS * scatter)
