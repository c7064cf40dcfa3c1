"""Says in Markdown how often replayed checks were red, or caught a planted slow-down."""

from collections.abc import Sequence

from bench_models.check.replay import ByRecord, Replayed
from bench_models.stats.clusters import LEVEL
from bench_models.stats.sequential import FAMILYWISE_ALPHA


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
    return head + "".join(_lines(slowdown_pct, result) for slowdown_pct, result in results)


def _lines(slowdown_pct: float, result: Replayed) -> str:
    effort = f"{result.undecided:.1%} of benchmarks undecided, {result.pairs:.1f} pairs each"
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
    records, bad = len(found.shares), found.above(FAMILYWISE_ALPHA)
    return (
        f"{round(bad.value * records)} of {records} record{'' if records == 1 else 's'} had more red checks than are "
        f"allowed; however unlike records are, at most {bad.high:.1%} of all have ({LEVEL:.0%} confidence)"
    )


def _by_record(found: ByRecord) -> str:
    return ", ".join(f"{share:.1%}" for share in found.shares)
