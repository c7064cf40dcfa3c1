"""What a running check has seen so far."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from bench_models.check.planning import Planned
from bench_models.check.process import SIDES, SideName
from bench_models.outcomes import Failed, Skipped, reason_of
from bench_models.verdict.measurements import Absent, Answers, Benchmark, Measurements, Pair, Refused

Troubles = Mapping[SideName, Failed | Skipped | Refused]


@dataclass(kw_only=True)
class Notes:
    """What was observed of each benchmark; ``kept`` is told of every change."""

    measurements: dict[Benchmark, Measurements]
    kept: Callable[[Measurements], None]

    def of(self, planned: Planned) -> Measurements:
        """Return what was observed of a benchmark."""
        return self.measurements[planned.benchmark]

    def pairs(self, planned: Planned) -> int:
        """Return how many pairs a benchmark has."""
        return len(self.of(planned).pairs)

    def works(self, planned: Planned) -> bool:
        """Say whether neither side has met trouble with a benchmark."""
        return self.of(planned).works

    def pair(self, planned: Planned, pair: Pair) -> None:
        """Note one more pair."""
        self._keep(replace(self.of(planned), pairs=(*self.of(planned).pairs, pair)))

    def answers(self, planned: Planned, answers: Answers) -> None:
        """Note which examples either side answered right."""
        self._keep(replace(self.of(planned), answers=answers))

    def trouble(self, troubles: Troubles, *planned: Planned) -> None:
        """Note what sides met with benchmarks, which are then measured no more."""
        for each in planned:
            measurements = self.of(each)
            for side, trouble in _blamed(each, measurements, troubles).items():
                # BASE never had it: that HEAD's file does not work there is no fault of BASE.
                lacks = side == "base" and each.lacking and isinstance(trouble, Failed | Skipped)
                measurements = measurements.troubled(side, Absent() if lacks else trouble)
            self._keep(measurements)

    def _keep(self, measurements: Measurements) -> None:
        self.measurements[measurements.benchmark] = measurements
        self.kept(measurements)


def _blamed(planned: Planned, measurements: Measurements, troubles: Troubles) -> Troubles:
    """Return what a side met, but for what BASE met with a version of HEAD's that HEAD itself cannot run.

    That says nothing of BASE, whose own version is asked later (newcomers.py).
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
    """Return why the check cannot compare the sides, which is no failure of either."""
    return dict.fromkeys(SIDES, Refused(error=error))
