"""What replayed checks showed, in words."""

from collections.abc import Sequence

from bench_models.paired.replay import Replayed
from bench_models.stats.looks import FALSE_ALARM


def sentences(records: int, results: Sequence[tuple[float, Replayed]]) -> str:
    """Return a line for each planted slow-down (0 for none), with intervals."""
    lines = [_line(slowdown_pct, result) for slowdown_pct, result in results]
    pool = results[0][1].pool
    return f"From {records} record{'' if records == 1 else 's'}, at least {pool} pairs a benchmark:\n" + "".join(lines)


def _line(slowdown_pct: float, result: Replayed) -> str:
    red, caught = result.red, result.caught
    effort = f"{result.undecided:.1%} of benchmarks undecided, {result.pairs:.1f} pairs each"
    if caught is None:
        return (
            f"* {red.value:.2%} of {result.times:,} checks red "
            f"({red.level:.0%} interval {red.low:.2%} to {red.high:.2%}); allowed are {FALSE_ALARM:.0%}; {effort}\n"
        )
    return (
        f"* slowed down by {slowdown_pct:g} %: caught in {caught.value:.1%} of {result.times:,} checks "
        f"({caught.level:.0%} interval {caught.low:.1%} to {caught.high:.1%}); {red.value:.2%} red elsewhere; "
        f"{effort}\n"
    )
