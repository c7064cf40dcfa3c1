"""What a running check has measured so far."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from bench_models.check.planning import Planned
from bench_models.outcomes import Failed, Skipped, reason_of
from bench_models.verdict.measurements import (
    SIDES,
    Absent,
    Answers,
    Benchmark,
    Measurements,
    Pair,
    Refused,
    SideName,
    Trouble,
)

Troubles = Mapping[SideName, Failed | Skipped | Refused]


class Events(Protocol):
    """Whoever is told what comes of a check, as it comes: its recorder."""

    def pair(self, benchmark: Benchmark, pair: Pair) -> None:
        """Take one more pair."""

    def answers(self, benchmark: Benchmark, answers: Answers) -> None:
        """Take which examples either side answered right."""

    def trouble(self, benchmark: Benchmark, side: SideName, trouble: Trouble) -> None:
        """Take what keeps a side from being measured."""


@dataclass(kw_only=True)
class Progress:
    """What was measured of each benchmark so far; ``events`` is told of all that is added."""

    measurements: dict[Benchmark, Measurements]
    events: Events

    def of(self, planned: Planned) -> Measurements:
        """Return what was measured of a benchmark so far."""
        return self.measurements[planned.benchmark]

    def pairs(self, planned: Planned) -> int:
        """Return how many pairs a benchmark has."""
        return len(self.of(planned).pairs)

    def works(self, planned: Planned) -> bool:
        """Say whether neither side has met trouble with a benchmark."""
        return self.of(planned).works

    def add_pair(self, planned: Planned, pair: Pair) -> None:
        """Add one more pair."""
        self._update(replace(self.of(planned), pairs=(*self.of(planned).pairs, pair)))
        self.events.pair(planned.benchmark, pair)

    def add_answers(self, planned: Planned, answers: Answers) -> None:
        """Add which examples either side answered right."""
        self._update(replace(self.of(planned), answers=answers))
        self.events.answers(planned.benchmark, answers)

    def add_trouble(self, troubles: Troubles, *planned: Planned) -> None:
        """Add what sides met with benchmarks, which are then measured no more."""
        for each in planned:
            for side, met in _blamed(each, self.of(each), troubles).items():
                # BASE never had it: that HEAD's file does not work there is no fault of BASE.
                lacks = side == "base" and each.lacking and isinstance(met, Failed | Skipped)
                trouble = Absent() if lacks else met
                self._update(self.of(each).troubled(side, trouble))
                self.events.trouble(each.benchmark, side, trouble)

    def _update(self, measurements: Measurements) -> None:
        self.measurements[measurements.benchmark] = measurements


def _blamed(planned: Planned, measurements: Measurements, troubles: Troubles) -> Troubles:
    """Return what a side met, but for what BASE met with a version of HEAD's that HEAD itself cannot run.

    That says nothing of BASE, whose own version is asked later (sampler.py).
    """
    if not planned.rewritten or "head" not in troubles or isinstance(troubles["head"], Refused):
        return troubles
    if measurements.base is None:
        return {"head": troubles["head"]}
    said = f"HEAD's version of the benchmark works on neither side: {reason_of(troubles['head'])}"
    return {"head": Refused(error=said)}


def failed_on(sides: Sequence[SideName], error: str) -> Troubles:
    """Return the same failure for sides."""
    return dict.fromkeys(sides, Failed(error=error))


def refused(error: str) -> Troubles:
    """Return why the check cannot compare the sides, which neither side is to blame for."""
    return dict.fromkeys(SIDES, Refused(error=error))
