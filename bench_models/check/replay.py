"""Replays recorded rounds of an unchanged tree with their sides swapped at random, and says how often a check is red.

Where neither side differs from the other, it is chance which of them was called BASE in a round. So each round
is swapped or not by the toss of a coin, with everything that was measured in it; what the workers and parents of a
round share stays together. Rounds then come in a random order. No pair is drawn twice.

Source of the idea: Fisher, The design of experiments (1935), section 21; as a test by sign changes in Romano, On
the behavior of randomization tests without a group invariance assumption, JASA 85 (1990).
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import acosh, exp, log, pi, sqrt
from statistics import fmean

from tqdm import tqdm

from bench_models.check.record import Record
from bench_models.errors import BenchModelsError
from bench_models.stats.estimate import Estimate
from bench_models.stats.paired_ratios import log_ratio
from bench_models.stats.proportions import LEVEL, mean_share, share_above
from bench_models.stats.sequential import FAMILYWISE_ALPHA, LOOKS, Shares
from bench_models.verdict.judge import judge, wants_more
from bench_models.verdict.measurements import Measurements, Pair

# The median of fewer blocks hides no burst.
_FORGIVING = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ByRecord:
    """A share for each record, as all replayed checks of a record are of one machine and one hour."""

    shares: tuple[float, ...]

    @property
    def mean(self) -> float:
        """The share of all."""
        return fmean(self.shares)

    @property
    def over_records(self) -> Estimate | None:
        """The same with an interval that covers other records; None where one record shows nothing of others."""
        return mean_share(self.shares) if len(self.shares) > 1 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """The outcomes of replayed checks, ``times`` of each record that is not ``skipped``.

    ``red`` is the share of checks with a regression. With a planted slow-down ``caught`` is the share of
    checks that find it, and ``red`` counts the regressions of other benchmarks only. ``undecided`` and ``pairs`` are
    means over the benchmarks that scatter. ``skipped`` says which records lack rounds.
    """

    times: int
    red: ByRecord
    caught: ByRecord | None
    undecided: float
    pairs: float
    skipped: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _One:
    """The outcome of one replayed check; ``undecided`` and ``pairs`` are means over its benchmarks that scatter."""

    red: bool
    caught: bool
    undecided: float
    pairs: float


def stopped(record: Record) -> Record:
    """Return a recording as the check that would have been made of its rounds, taken in their order."""
    return replace(record, measurements=tuple(until_decided(record.measurements, record.header.shares)))


def until_decided(complete: Sequence[Measurements], shares: Shares | None = None) -> list[Measurements]:
    """Return the part of the pairs that a check would have taken, look by look, before it was decided.

    ``shares`` are those of the whole check; without them it consists of what is here.
    """
    seen = [replace(each, pairs=each.pairs[: LOOKS[0]]) for each in complete]
    for look in LOOKS[1:]:
        opened = [wants_more(each, change) for each, change in zip(seen, judge(seen, shares), strict=True)]
        if not any(opened):
            break
        seen = [
            replace(each, pairs=full.pairs[:look]) if more else each
            for each, full, more in zip(seen, complete, opened, strict=True)
        ]
    return seen


def replay(records: Sequence[Record], *, times: int, seed: int, slowdown_pct: float = 0.0) -> Replayed:
    """Replay ``times`` checks of each record; slow one benchmark of each down, if asked to.

    Raises ``BenchModelsError`` for records of two commits, and where no record has whole rounds.
    """
    given = [_Rounds(record) for record in records]
    skipped, rounds = tuple(each.lacks for each in given if each.lacks), [each for each in given if not each.lacks]
    if not rounds:
        raise BenchModelsError(
            f"{'; '.join(skipped)}: make one with `bench-models record`, which goes on when all is decided"
        )
    draw = random.Random(seed)  # noqa: S311  # a simulation, not a secret
    with tqdm(total=times * len(rounds), desc="replaying", unit="check", leave=False, disable=None) as bar:

        def check(of: _Rounds) -> _One:
            bar.update()
            return of.check(draw, slowdown_pct)

        checks = [[check(each) for _ in range(times)] for each in rounds]
    every = [one for found in checks for one in found]
    return Replayed(
        times=times,
        red=ByRecord(shares=tuple(fmean(one.red for one in found) for found in checks)),
        caught=ByRecord(shares=tuple(fmean(one.caught for one in found) for found in checks)) if slowdown_pct else None,
        undecided=fmean(one.undecided for one in every),
        pairs=fmean(one.pairs for one in every),
        skipped=skipped,
    )


class _Rounds:
    """The rounds of a record, to be drawn from; ``lacks`` says why nothing can be drawn from them, or is empty."""

    def __init__(self, record: Record) -> None:
        """Take the benchmarks that scatter out of a record."""
        header = record.header
        name = f"the record of {header.head[:8]} begun {header.began}"
        if header.base != header.head:
            raise BenchModelsError(
                f"{name} compares it with {header.base[:8]}: a replay swaps the sides, so give records of a "
                "commit against itself, as `bench-models record COMMIT` makes them"
            )
        self._shares = header.shares
        noisy = [each for each in record.measurements if each.works and each.scatters]
        self._whole = [replace(each, pairs=tuple(map(_in_brief, each.pairs))) for each in noisy]
        self._timed = [each.benchmark for each in noisy if each.benchmark.kind == "time" and each.pairs]
        least = min(noisy, key=lambda each: len(each.pairs), default=None)
        self.lacks = ""
        if least is None or not self._timed:
            self.lacks = f"{name} holds no timed pairs"
        elif len(least.pairs) < LOOKS[-1]:
            self.lacks = f"{name} has {len(least.pairs)} pairs of {least.benchmark}, and whole rounds are {LOOKS[-1]}"

    def check(self, draw: random.Random, slowdown_pct: float) -> _One:
        """Draw one check and judge it."""
        slowed = draw.choice(self._timed) if slowdown_pct else None
        drawn = self._drawn(draw)
        if slowed is not None:
            drawn = [_slowed(each, 1 + slowdown_pct / 100) if each.benchmark == slowed else each for each in drawn]
        measurements = until_decided(drawn, self._shares)
        verdicts = {change.benchmark: change.verdict for change in judge(measurements, self._shares)}
        return _One(
            red=any(verdict == "regressed" for benchmark, verdict in verdicts.items() if benchmark != slowed),
            caught=slowed is not None and verdicts[slowed] == "regressed",
            undecided=fmean(verdict == "undecided" for verdict in verdicts.values()),
            pairs=fmean(len(each.pairs) for each in measurements),
        )

    def _drawn(self, draw: random.Random) -> list[Measurements]:
        """Return each benchmark with as many pairs as a check may take at most, of the same rounds."""
        most = max(len(each.pairs) for each in self._whole)
        turned = [(number, draw.random() < 0.5) for number in draw.sample(range(most), most)]  # noqa: PLR2004  # a coin
        return [replace(each, pairs=_taken(each.pairs, turned)) for each in self._whole]


def _taken(pairs: Sequence[Pair], turned: Sequence[tuple[int, bool]]) -> tuple[Pair, ...]:
    """Return a benchmark's rounds in the order that was drawn for all benchmarks, swapped where that was drawn."""
    there = [(pairs[number], swap) for number, swap in turned if number < len(pairs)]
    return tuple(_swapped(pair) if swap else pair for pair, swap in there[: LOOKS[-1]])


def _slowed(measurements: Measurements, factor: float) -> Measurements:
    pairs = (Pair(base=pair.base, head=tuple(factor * time for time in pair.head)) for pair in measurements.pairs)
    return replace(measurements, pairs=tuple(pairs))


def _swapped(pair: Pair) -> Pair:
    return Pair(base=pair.head, head=pair.base)


def _in_brief(pair: Pair) -> Pair:
    """Return a pair of one or four blocks that is judged as the given pair, and ten times as fast.

    It has the same log-ratio, the same error, and the same ratio of mean times, which reveals bursts.
    """
    if min(*pair.base, *pair.head) <= 0:  # a number that changes its sign has no ratio
        return pair
    ratio, base = log_ratio(pair.base, pair.head), fmean(pair.base)
    if len(pair.base) < _FORGIVING:
        return Pair(base=(base,), head=(base * exp(ratio.value),))
    apart = ratio.error / sqrt(pi / 2)  # of two turns from their median, which then have this error
    average = log(fmean(pair.head)) - log(base) - ratio.value
    # The slower side has the bursts, as the mean of a side whose blocks are all alike is what its median is.
    if average >= 0:
        return Pair(base=(base,) * 4, head=_blocks(base, ratio.value, apart, average))
    head = base * exp(ratio.value)
    return Pair(base=_blocks(head, -ratio.value, apart, -average), head=(head,) * 4)


def _blocks(other: float, middle: float, apart: float, average: float) -> tuple[float, ...]:
    """Return four blocks of the side that has bursts, beside equal blocks of the other.

    Both turns are ``apart`` from the middle of their log-ratios, and the logarithm of the blocks' mean is ``average``
    above it: the later turn's two blocks are so far from each other, and no nearer than both turns make it.
    """
    beyond = (2 * exp(average) - exp(-apart)) / exp(apart)
    spread = acosh(max(1.0, beyond))
    logs = (-apart, -apart, apart - spread, apart + spread)
    return tuple(other * exp(middle + each) for each in logs)


def sentences(results: Sequence[tuple[float, Replayed]]) -> str:
    """Return lines for each planted slow-down (0 for none): over all records with an interval, and by record.

    Without one, a third line bounds the share of records that are red more often than allowed.
    """
    first = results[0][1]
    records = len(first.red.shares)
    each = f"each of {records} records" if records > 1 else "one record"
    head = (
        f"{first.times:,} checks replayed of {each}, with the sides of each round swapped at random: so chance would "
        "have it, if neither side of a commit against itself is the better one.\n"
    )
    if records == 1:
        head += "No interval can be given: one record shows nothing of other hours and machines. Make more.\n"
    head += "".join(f"Skipped: {lacks}.\n" for lacks in first.skipped)
    return head + "".join(_lines(slowdown_pct, result) for slowdown_pct, result in results)


def _lines(slowdown_pct: float, result: Replayed) -> str:
    effort = f"of the benchmarks that scatter {result.undecided:.1%} are undecided, with {result.pairs:.1f} pairs each"
    if result.caught is None:
        return (
            f"* {_over_records(result.red)} of checks red; allowed are {FAMILYWISE_ALPHA:.0%}; {effort}\n"
            f"  by record: {_by_record(result.red)}\n"
            f"  {_above(result.red)}\n"
        )
    return (
        f"* slowed down by {slowdown_pct:g} %: caught in {_over_records(result.caught)} of checks; "
        f"{result.red.mean:.2%} red elsewhere; {effort}\n"
        f"  by record: {_by_record(result.caught)}\n"
    )


def _over_records(shares: ByRecord) -> str:
    found = shares.over_records
    if found is None:
        return f"{shares.mean:.2%}"
    return f"{found.value:.2%} ({found.level:.0%} interval over records {found.ends('.2%')})"


def _above(found: ByRecord) -> str:
    """Say what holds however much records differ, as the interval over them does not."""
    records, bad = len(found.shares), share_above(found.shares, FAMILYWISE_ALPHA)
    return (
        f"{round(bad.value * records)} of {records} record{'' if records == 1 else 's'} had more red checks than are "
        f"allowed; however unlike records are, at most {bad.high:.1%} of all have ({LEVEL:.0%} confidence)"
    )


def _by_record(found: ByRecord) -> str:
    return ", ".join(f"{share:.1%}" for share in found.shares)
