"""Runs benchmarks that only one side has: whether they work decides what is said of them.

What HEAD alone has must work, or every later check meets it. What HEAD lacks or skips is lost only if BASE has it in
working order: a dead benchmark may be taken away.
"""

import logging
from collections.abc import Sequence

from bench_models.check.pair_runner import Pairing
from bench_models.check.planning import Planned
from bench_models.check.process import SIDES, SideName
from bench_models.outcomes import Failed, Skipped
from bench_models.verdict.measurements import Absent

log = logging.getLogger(__name__)


def try_one_sided(pairing: Pairing, planned: Sequence[Planned]) -> None:
    """Run once what the other side lacks, skips or, if that is BASE, fails at; only trouble is noted."""
    for side in SIDES:
        mine = [each for each in planned if _is_for(side, pairing, each)]
        if not mine:
            continue
        log.info("%d for %s alone: running each once", len(mine), side.upper())
        pairing.cache(mine, (side,))
        works = [each for each in mine if getattr(pairing.progress.of(each), side) is None]
        for group in dict.fromkeys(each.group for each in works):
            pairing.once([each for each in works if each.group == group], side)


def ask_bases_own(pairing: Pairing, planned: Sequence[Planned]) -> None:
    """Run BASE's own version of what HEAD rewrote and cannot run: was it lost now, or dead before?

    HEAD's version runs on both sides, so that both would skip it or fail at it alike.
    """
    asked = [each.of_bases_own for each in planned if each.rewritten and _is_for("base", pairing, each, Failed)]
    if asked:
        log.info("%d rewritten, and not measured on HEAD: running BASE's own versions once", len(asked))
        pairing.cache(asked, ("base",))
    for each in asked:
        if pairing.progress.of(each).base is None:
            pairing.once([each], "base")


def _is_for(side: SideName, pairing: Pairing, planned: Planned, *also: type[Failed]) -> bool:
    seen = pairing.progress.of(planned)
    if side == "head":
        return seen.base is not None and seen.head is None
    return seen.base is None and isinstance(seen.head, (Absent, Skipped, *also))
