"""Runs each ``setup_cache`` once per side, or once per round where it is quick."""

import logging
import shutil
import time
from collections.abc import Container
from dataclasses import dataclass, field

from bench_models.check.planning import Planned
from bench_models.check.sides.process import BenchmarkFailedError, BenchmarkSkippedError
from bench_models.check.sides.side import Side
from bench_models.outcomes import Failed, Skipped

log = logging.getLogger(__name__)

# A setup_cache that takes no longer is run for each round of pairs.
_QUICK_S = 1.0

# Where a cache was made, and what asv knows it by.
_Place = tuple[Side, str]


@dataclass(kw_only=True)
class Caches:
    """The folders in which each ``setup_cache`` left what it made, or what it met."""

    _outcomes: dict[_Place, str | Failed | Skipped] = field(default_factory=dict)
    _took_s: dict[_Place, float] = field(default_factory=dict)

    def make(self, planned: Planned, side: Side) -> Failed | Skipped | None:
        """Run a benchmark's ``setup_cache`` on a side, unless that was done; return what it met, if anything."""
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
        outcome = self._outcomes[place]
        return None if isinstance(outcome, str) else outcome

    def folder(self, planned: Planned, side: Side) -> str | Failed | Skipped | None:
        """Return where a benchmark finds on a side what was made; None where it has no ``setup_cache``."""
        key = planned.cache(side.name)
        return None if key is None else self._outcomes[side, key]

    def forget_quick(self, sides: Container[Side]) -> None:
        """Let what was made quickly on these sides be made anew: what it draws by chance is drawn anew then."""
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
