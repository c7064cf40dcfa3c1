"""Runs benchmarks that only one side has: whether they work decides what is said of them.

What HEAD alone has must work, or every later check meets it. What HEAD lacks or skips is lost only if BASE has it in
working order: a dead benchmark may be taken away.
"""

import logging
from collections.abc import Sequence

from bench_models.check.both_sides import BothSides, LostError
from bench_models.check.planning import Planned
from bench_models.check.sides.process import Process
from bench_models.outcomes import Failed, Skipped
from bench_models.verdict.measurements import SIDES, Absent, SideName

log = logging.getLogger(__name__)


def try_one_sided(both: BothSides, planned: Sequence[Planned]) -> None:
    """Run once what the other side lacks, skips or, if that is BASE, fails at; only trouble is noted."""
    for side in SIDES:
        mine = [each for each in planned if _is_for(side, both, each)]
        if not mine:
            continue
        log.info("%d for %s alone: running each once", len(mine), side.upper())
        both.cache(mine, (side,))
        works = [each for each in mine if getattr(both.progress.of(each), side) is None]
        for group in dict.fromkeys(each.group for each in works):
            _once(both, [each for each in works if each.group == group], side)


def ask_bases_own(both: BothSides, planned: Sequence[Planned]) -> None:
    """Run BASE's own version of what HEAD rewrote and cannot run: was it lost now, or dead before?

    HEAD's version runs on both sides, so that both would skip it or fail at it alike.
    """
    asked = [each.of_bases_own for each in planned if each.rewritten and _is_for("base", both, each, Failed)]
    if asked:
        log.info("%d rewritten, and not measured on HEAD: running BASE's own versions once", len(asked))
        both.cache(asked, ("base",))
    for each in asked:
        if both.progress.of(each).base is None:
            _once(both, [each], "base")


def _is_for(side: SideName, both: BothSides, planned: Planned, *also: type[Failed]) -> bool:
    seen = both.progress.of(planned)
    if side == "head":
        return seen.base is not None and seen.head is None
    return seen.base is None and isinstance(seen.head, (Absent, Skipped, *also))


def _once(both: BothSides, group: Sequence[Planned], side: SideName) -> None:
    """Run each benchmark of a group on one side, which alone can: only trouble is added, after a second try."""
    waiting, tried = list(group), set[Planned]()
    while waiting:
        with both.worker(group[0], side) as worker:
            try:
                while waiting:
                    _run(both, waiting[0], side, worker)
                    del waiting[0]
            except LostError as lost:
                if lost.planned in tried or not lost.again:
                    both.progress.add_trouble(lost.troubles, lost.planned)
                    del waiting[0]
                tried.add(lost.planned)


def _run(both: BothSides, planned: Planned, side: SideName, worker: Process) -> None:
    for do in ("value",) if planned.benchmark.kind == "value" else ("open", "close"):
        both.ask(planned, {side: worker}, {side: both.request(planned, side, do)})
