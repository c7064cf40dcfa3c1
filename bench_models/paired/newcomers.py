"""Benchmarks that one side alone can run: there is nothing to compare, but whether they work decides what they are.

What HEAD alone has must work, or every later check meets it. What HEAD lacks or skips is lost only if BASE has it in
working order: a dead benchmark may be taken away.
"""

import logging
from collections.abc import Sequence

from bench_models.outcomes import Skipped
from bench_models.paired.groups import Planned
from bench_models.paired.pairing import Pairing
from bench_models.paired.process import SIDES, SideName
from bench_models.verdict.observations import Absent

log = logging.getLogger(__name__)


def try_one_sided(pairing: Pairing, planned: Sequence[Planned]) -> None:
    """Run once what the other side lacks, skips or, if that is BASE, fails at; only trouble is noted."""
    for side in SIDES:
        mine = [each for each in planned if _is_for(side, pairing, each)]
        if not mine:
            continue
        log.info("%d for %s alone: running each once", len(mine), side.upper())
        known = {each.cache for each in planned if each.runs}  # run already, on either side
        for key, first in {each.cache: each for each in reversed(mine) if each.cache}.items():
            if key not in known:
                pairing.cache(first, [each for each in mine if each.cache == key], (side,))
        works = [each for each in mine if getattr(pairing.notes.of(each), side) is None]
        for group in dict.fromkeys(each.group for each in works):
            pairing.once([each for each in works if each.group == group], side)


def _is_for(side: SideName, pairing: Pairing, planned: Planned) -> bool:
    seen = pairing.notes.of(planned)
    if side == "head":
        return seen.base is not None and seen.head is None
    return seen.base is None and isinstance(seen.head, Absent | Skipped)
