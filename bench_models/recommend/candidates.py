"""A variant as a candidate: its figures, and what follows from them without a priority."""

import math
from dataclasses import dataclass

from bench_models.stats.estimate import Estimate

# 91.0 - 90.0 of a hundred sentences may come out a hair above one point.
ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One variant with the figures that decide; those of the first one, the baseline, are what drops refer to.

    ``time`` has any unit that all candidates share: in a report it is relative to the baseline's, as speed-ups are.
    ``right`` has 1 or 0 for each test sentence, in the order that all candidates share; None where that is not known.
    """

    name: str
    time: Estimate
    accuracy_drop_points: Estimate
    size_bytes: float
    right: str | None = None


def sentences_needed(candidate: Candidate, tolerance_points: float, sentences: int) -> int | None:
    """Return with how many test sentences the candidate would qualify, about, if its drop stayed as it is.

    An interval shrinks with the square root of the number of sentences. None where the point itself does not keep the
    tolerance, or lies on it: then no number of sentences is enough.
    """
    drop = candidate.accuracy_drop_points
    room = tolerance_points - drop.value
    if room <= ROUNDING:
        return None
    return math.ceil(sentences * ((drop.high - drop.value) / room) ** 2)


def trade_off(candidate: Candidate, baseline: Candidate) -> float:
    """Return the geometric mean of speed-up and size ratio, what ``balanced`` goes by.

    Twice as fast and half as large weigh the same, and so do milliseconds and seconds: the order of variants does not
    depend on a unit, nor on which of them is the baseline.

    Source: Fleming and Wallace, How not to lie with statistics: the correct way to summarize benchmark results,
    Communications of the ACM 29 (1986).
    """
    return cost(baseline).value / cost(candidate).value


def cost(candidate: Candidate) -> Estimate:
    """Return the geometric mean of time and size, whose ratio of two variants has no unit."""
    size, time = candidate.size_bytes, candidate.time
    value, low, high = (math.sqrt(seconds * size) for seconds in (time.value, time.low, time.high))
    return Estimate(value=value, low=low, high=high, level=time.level)


def in_points(points: float) -> str:
    """Return a number of percentage points as it was given, with its unit."""
    return f"{points + 0.0:.15g} point{'' if points == 1 else 's'}"
