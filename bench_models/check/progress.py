"""What a running check has measured so far, and who is told of each event."""

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
    """Receives the events of a check as they happen; the recorder does."""

    def pair(self, benchmark: Benchmark, pair: Pair) -> None:
        """Take one more pair."""

    def answers(self, benchmark: Benchmark, answers: Answers) -> None:
        """Take which examples either side answered right."""

    def unaffected(self, benchmark: Benchmark, reason: str) -> None:
        """Take why a change cannot affect a benchmark."""

    def trouble(self, benchmark: Benchmark, side: SideName, trouble: Trouble) -> None:
        """Take what keeps a side from being measured."""


@dataclass(kw_only=True)
class Progress:
    """The measurements of each benchmark so far; every addition is reported to ``events``."""

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

    def add_unaffected(self, benchmark: Benchmark, reason: str) -> None:
        """Add why the change cannot affect a benchmark."""
        self._update(replace(self.measurements[benchmark], unaffected=reason))
        self.events.unaffected(benchmark, reason)

    def add_trouble(self, troubles: Troubles, *planned: Planned) -> None:
        """Add what keeps sides from measuring benchmarks, which are then measured no further."""
        for each in planned:
            for side, met in _blamed(each, self.of(each), troubles).items():
                # BASE never had it: that HEAD's file fails there is not BASE's fault.
                lacks = side == "base" and each.lacking and isinstance(met, Failed | Skipped)
                trouble = Absent() if lacks else met
                self._update(self.of(each).troubled(side, trouble))
                self.events.trouble(each.benchmark, side, trouble)

    def _update(self, measurements: Measurements) -> None:
        self.measurements[measurements.benchmark] = measurements


def _blamed(planned: Planned, measurements: Measurements, troubles: Troubles) -> Troubles:
    """Return the troubles, without BASE's trouble with a version of HEAD's that HEAD itself cannot run.

    It says nothing about BASE, whose own version is tried later (sampler.py).
    """
    if not planned.rewritten or "head" not in troubles or isinstance(troubles["head"], Refused):
        return troubles
    if measurements.base is None:
        return {"head": troubles["head"]}
    said = f"HEAD's version of the benchmark works on neither side: {reason_of(troubles['head'])}"
    return {"head": Refused(error=said)}


def failed_on(sides: Sequence[SideName], error: str) -> Troubles:
    """Return the same failure on each of some sides."""
    return dict.fromkeys(sides, Failed(error=error))


def refused(error: str) -> Troubles:
    """Return, for both sides, why the check cannot compare them through no fault of either."""
    return dict.fromkeys(SIDES, Refused(error=error))
