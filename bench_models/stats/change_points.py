"""Detects change points of a series: levels that rose and stayed."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

# A level counts once it has lasted for so many points: one bad run of a shared machine is not a change point.
LASTING = 3
# How many standard deviations of single points a step must rise by.
SCATTERS = 3.0
_MAD_TO_DEVIATION = 1.4826


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePoint:
    """The level rose from ``before`` to ``after`` at a position of the series."""

    position: int
    before: float
    after: float

    @property
    def pct(self) -> float:
        """By how many percent of the level before."""
        return (self.after / self.before - 1) * 100 if self.before else math.inf


def newest_change_point(values: Sequence[float | None], least: float) -> ChangePoint | None:
    """Return the newest step of a series if it leads up by more than ``least`` (0.05 for 5 %) and has lasted.

    Steps are found by asv's own piecewise constant fit. The newest level has to have lasted for three points; it is
    compared with the one before that has lasted as long, so that a rise in two strides is one. Their medians have to
    differ by more than three standard deviations of a point about its level, which are estimated by the median absolute
    deviation. Missing points are None.
    """
    from asv.step_detect import detect_steps

    levels = [(begin, _known(values[begin:end])) for begin, end, *_ in detect_steps(list(values))]
    *olds, (begin, new) = levels or [(0, [])]
    old = next((level for _, level in reversed(olds) if len(level) >= LASTING), None)
    if old is None or len(new) < LASTING:
        return None
    before, after = median(old), median(new)
    deviations = [abs(value - before) for value in old] + [abs(value - after) for value in new]
    scatter = _MAD_TO_DEVIATION * median(deviations)
    change_point = ChangePoint(position=begin, before=before, after=after)
    return change_point if after - before > max(least * abs(before), SCATTERS * scatter) else None


def _known(values: Sequence[float | None]) -> list[float]:
    return [value for value in values if value is not None]
