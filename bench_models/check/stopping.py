"""Cuts whole rounds of pairs to what a check would have measured that stops when all is decided."""

from collections.abc import Sequence
from dataclasses import replace

from bench_models.check.record import Record
from bench_models.stats.sequential import LOOKS, Shares
from bench_models.verdict.judge import judge, wants_more
from bench_models.verdict.measurements import Measurements


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
