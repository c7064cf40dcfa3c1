"""The latency of a variant: pairs of processes, and the speed-up that they show.

asv keeps one number of a tracked benchmark, and no interval. So the pairs are kept in the store beside it, under the
very number that asv tracks: whoever finds that number in a result file finds the pairs that it was made of, and no
others.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from bench_models.metrics import OFFLINE, Metric
from bench_models.provenance import key_of
from bench_models.stats.estimate import Estimate
from bench_models.stats.paired_ratios import log_ratio
from bench_models.stats.timing import FEWEST, of_processes
from bench_models.storage import Store

KIND = "speed-ups"


@dataclass(frozen=True, slots=True, kw_only=True)
class Turns:
    """One pair of fresh processes: seconds per call of the blocks that they took in turn, as many on either side."""

    baseline: tuple[float, ...]
    variant: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse what no clock shows."""
        if not self.baseline or len(self.baseline) != len(self.variant):
            raise ValueError(f"as many blocks on both sides, not {len(self.baseline)} and {len(self.variant)}")
        if not all(0 < seconds < math.inf for seconds in (*self.baseline, *self.variant)):
            raise ValueError(f"a time is greater than zero, not {self.baseline} and {self.variant}")

    @property
    def ratio(self) -> float:
        """How many times as fast the variant's process was."""
        return math.exp(-log_ratio(self.baseline, self.variant).value)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeedUp:
    """The pairs of one variant in both scenarios; ``run`` names the measurement, whose pairs have a round each.

    The offline scenario has the first rounds only. Seconds are those of a call: offline, of a whole batch.
    """

    run: str
    single_stream: tuple[Turns, ...]
    offline: tuple[Turns, ...]

    def __post_init__(self) -> None:
        """Refuse what tells nothing of other processes."""
        if min(len(self.single_stream), len(self.offline)) < FEWEST:
            raise ValueError(f"{len(self.single_stream)} and {len(self.offline)} pairs: an interval needs {FEWEST}")

    def pairs(self, scenario: Metric) -> tuple[Turns, ...]:
        """Return the pairs of a scenario, one of ``LATENCIES``."""
        return self.offline if scenario == OFFLINE else self.single_stream


def times_as_fast(pairs: Sequence[Turns]) -> Estimate:
    """Return the speed-up that two or more pairs show, with an interval that covers other pairs."""
    return of_processes([turns.ratio for turns in pairs])


def seconds_of(pairs: Sequence[Turns]) -> Estimate:
    """Return the time of a call of the variant, with an interval that covers other processes."""
    return of_processes([median(turns.variant) for turns in pairs])


def seconds_of_baseline(rounds: Sequence[Sequence[Turns]]) -> Estimate:
    """Return the time of a call of the baseline: of its processes in each round, as those of a round had one parent."""
    return of_processes([median(median(turns.baseline) for turns in pairs) for pairs in rounds])


def by_round(found: Iterable[SpeedUp], scenario: Metric) -> list[list[Turns]]:
    """Return the pairs of all variants by round, those of the first rounds first; they may stem from several runs."""
    rounds: dict[tuple[int, str], list[Turns]] = {}
    for each in found:
        for turn, pair in enumerate(each.pairs(scenario)):
            rounds.setdefault((turn, each.run), []).append(pair)
    return [rounds[key] for key in sorted(rounds)]


def keep(store: Store, suite: str, variant: str, found: SpeedUp) -> float:
    """Put a variant's pairs into the store, and return the number to track."""
    tracked = times_as_fast(found.single_stream).value
    store.put_record(KIND, _key(suite, variant, tracked), found)
    return tracked


def kept(store: Store, suite: str, variant: str, tracked: float) -> SpeedUp | None:
    """Return the pairs that a tracked number was made of, or None where they are not here, or damaged."""
    return store.get_record(KIND, _key(suite, variant, tracked), SpeedUp)


def _key(suite: str, variant: str, tracked: float) -> str:
    return key_of(suite, variant, tracked)
