"""Both sides of a check, asked about benchmarks together, and what they have measured so far."""

import logging
import shutil
import time
from collections.abc import Container, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path

from bench_models.check.planning import Planned, SuiteName
from bench_models.check.record import Recorder
from bench_models.check.sides.process import (
    BenchmarkFailedError,
    BenchmarkSkippedError,
    Process,
    WorkerLostError,
    WorkerSpoiltError,
)
from bench_models.check.sides.side import Side, elsewhere, make_alike
from bench_models.check.worker.protocol import Message
from bench_models.outcomes import Failed, Skipped, reason_of
from bench_models.verdict.measurements import SIDES, Absent, Answers, Benchmark, Measurements, Pair, Refused, SideName

log = logging.getLogger(__name__)

Troubles = Mapping[SideName, Failed | Skipped | Refused]
Workers = Mapping[SideName, Process]

# A setup_cache that takes no longer is run for each round of pairs.
_QUICK_S = 1.0
# A side, and asv's name of a setup_cache.
_Place = tuple[Side, str]


@dataclass(kw_only=True)
class Progress:
    """The measurements of each benchmark so far; every addition is recorded."""

    measurements: dict[Benchmark, Measurements]
    recorder: Recorder

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
        self.recorder.pair(planned.benchmark, pair)

    def add_answers(self, planned: Planned, answers: Answers) -> None:
        """Add which examples either side answered right."""
        self._update(replace(self.of(planned), answers=answers))
        self.recorder.answers(planned.benchmark, answers)

    def add_unaffected(self, benchmark: Benchmark, reason: str) -> None:
        """Add why the change cannot affect a benchmark."""
        self._update(replace(self.measurements[benchmark], unaffected=reason))
        self.recorder.unaffected(benchmark, reason)

    def add_trouble(self, troubles: Troubles, *planned: Planned) -> None:
        """Add what keeps sides from measuring benchmarks, which are then measured no further."""
        for each in planned:
            for side, met in _blamed(each, self.of(each), troubles).items():
                # BASE never had it: that HEAD's file fails there is not BASE's fault.
                lacks = side == "base" and each.lacking and isinstance(met, Failed | Skipped)
                trouble = Absent() if lacks else met
                self._update(self.of(each).troubled(side, trouble))
                self.recorder.trouble(each.benchmark, side, trouble)

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


@dataclass(kw_only=True)
class Caches:
    """The outcome of each ``setup_cache`` on each side: the folder with its result, or why there is none."""

    _outcomes: dict[_Place, str | Failed | Skipped] = field(default_factory=dict)
    _took_s: dict[_Place, float] = field(default_factory=dict)

    def of(self, planned: Planned, side: Side) -> str | Failed | Skipped | None:
        """Return the folder with a benchmark's cache on a side, made unless it was; None without ``setup_cache``."""
        key = planned.cache(side.name)
        if key is None:
            return None
        place = side, key
        if place not in self._outcomes:
            if place not in self._took_s:
                log.info("setup_cache of %s on %s", key, side.name.upper())
            began = time.monotonic()
            self._outcomes[place] = _made(planned, side)
            self._took_s.setdefault(place, time.monotonic() - began)
        return self._outcomes[place]

    def forget_quick(self, sides: Container[Side]) -> None:
        """Forget quick caches of these sides, so that they are made again and draw what is random in them again."""
        for place, seconds in self._took_s.items():
            if seconds <= _QUICK_S and place[0] in sides:
                made = self._outcomes.pop(place, None)
                if isinstance(made, str):
                    shutil.rmtree(made, ignore_errors=True)


def _made(planned: Planned, side: Side) -> str | Failed | Skipped:
    try:
        return str(side.cache(planned.benchmark.name, planned.cache_timeout_s))
    except BenchmarkSkippedError as skip:
        return Skipped(reason=f"setup_cache: {skip}")
    except BenchmarkFailedError as error:
        return Failed(error=f"setup_cache: {error}")


class LostError(Exception):
    """A side failed in this pair.

    ``again`` says that another try may succeed, as no worker hung, and ``together`` that both sides ran at once.
    """

    def __init__(
        self, planned: Planned, troubles: Mapping[SideName, Failed | Skipped], *, again: bool, together: bool
    ) -> None:
        """Name the benchmark, and what happened on which side."""
        super().__init__(str(planned.benchmark))
        self.planned, self.troubles, self.again, self.together = planned, troubles, again, together


@dataclass(kw_only=True)
class BothSides:
    """Both sides with their own suites, and BASE with HEAD's suite where it runs that, too.

    Skips, and sides that cannot be compared, are added to the progress.
    """

    suites: Mapping[SuiteName, Mapping[SideName, Side]]
    progress: Progress
    _caches: Caches = field(default_factory=Caches)

    def of(self, planned: Planned, side: SideName) -> Side:
        """Return the side that runs a benchmark, with the suite that it is in."""
        return self.suites[planned.suite][side]

    def worker(self, planned: Planned, side: SideName) -> AbstractContextManager[Process]:
        """Return a fresh worker of a side, for a benchmark."""
        return self.of(planned, side).worker(from_nothing=planned.from_nothing)

    def cache_folder(self, planned: Planned, side: SideName) -> Path | None:
        """Return the folder in which a benchmark's ``setup_cache`` ran; None where there is none, or it failed."""
        folder = self._caches.of(planned, self.of(planned, side))
        return Path(folder) if isinstance(folder, str) else None

    def spawn_only(self) -> None:
        """Spawn workers from now on, instead of forking them."""
        for sides in self.suites.values():
            for side in sides.values():
                side.spawn_only()

    def renew(self, planned: Sequence[Planned]) -> None:
        """Replace the parents wherever these benchmarks run, and the caches that are made quickly."""
        running = {self.of(each, side): None for each in planned for side in SIDES}
        for side in running:
            side.renew()
        for side in running:
            side.discovered()
        make_alike(running)
        self._caches.forget_quick(running)
        self.cache([each for each in planned if self.progress.works(each)])

    def cache(self, planned: Sequence[Planned], sides: Sequence[SideName] = SIDES) -> None:
        """Run each ``setup_cache`` once a side, one after the other: the second may reuse what the first builds."""
        for each in planned:
            for side in sides:
                met = self._caches.of(each, self.of(each, side))
                if isinstance(met, Failed | Skipped):
                    self.progress.add_trouble({side: met}, each)

    def ask(
        self, planned: Planned, workers: Workers, requests: Mapping[SideName, Message], *, together: bool = False
    ) -> dict[SideName, Message] | None:
        """Return the replies, or None after adding a skip; raises ``LostError`` for a failure.

        A benchmark that skips after it gave numbers has failed.
        """
        replies: dict[SideName, Message] = {}
        troubles: dict[SideName, Failed | Skipped] = {}
        spoilt: list[WorkerSpoiltError] = []
        for side in workers if together else ():
            workers[side].post(**requests[side])
        for side, worker in workers.items():
            if not together:
                worker.post(**requests[side])
            try:
                replies[side] = worker.reply(planned.timeout_s)
            except BenchmarkSkippedError as skip:
                troubles[side] = Skipped(reason=str(skip))
            except BenchmarkFailedError as error:
                spoilt += [error] if isinstance(error, WorkerSpoiltError) else []
                troubles[side] = Failed(error=str(error))
        foreign = "; ".join(
            filter(None, (elsewhere(side, reply.get("foreign_imports", {})) for side, reply in replies.items()))
        )
        if foreign:
            self.progress.add_trouble(refused(foreign), planned)
            return None
        if any(isinstance(each, Failed) or self.progress.pairs(planned) for each in troubles.values()):
            again = all(isinstance(error, WorkerLostError) for error in spoilt)
            raise LostError(planned, troubles, again=again, together=together)
        if troubles:
            self.progress.add_trouble(troubles, planned)
            return None
        return replies

    def ask_both(
        self, planned: Planned, workers: Workers, do: str, *, together: bool
    ) -> dict[SideName, Message] | None:
        """Ask both sides to do the same; return the replies, or None after adding what keeps a side from it."""
        requests = {side: self.request(planned, side, do) for side in workers}
        replies = self.ask(planned, workers, requests, together=together)
        if replies is None:
            return None
        unlike = _unlike(*(replies[side].get("circumstances", {}) for side in SIDES))
        if unlike:
            self.progress.add_trouble(refused(unlike), planned)
            return None
        return replies

    def request(self, planned: Planned, side: SideName, do: str) -> Message:
        """Return what a worker of a side is asked to do with a benchmark."""
        return {
            "do": do,
            "benchmark": planned.benchmark.name,
            "parameters": list(planned.benchmark.parameters),
            "cache": self._caches.of(planned, self.of(planned, side)),
        } | ({"cold": planned.cold} if do == "open" else {})


def _unlike(base: Mapping[str, str], head: Mapping[str, str]) -> str:
    """Return in words how the sides' circumstances differ, or nothing.

    What torch reports counts where both sides have imported it: a later import does not make another machine.
    """
    known = [name for name in {**base, **head} if name.isupper() or (name in base and name in head)]
    names = [name for name in known if base.get(name) != head.get(name)]
    unlike = [f"{name}: {base.get(name, 'unset')} on BASE, {head.get(name, 'unset')} on HEAD" for name in names]
    return f"the sides cannot be compared, they differ in {'; '.join(unlike)}" if unlike else ""
