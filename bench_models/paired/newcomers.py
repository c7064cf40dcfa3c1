"""Benchmarks that HEAD alone has: there is nothing to compare, but they must work."""

import logging
from collections.abc import Sequence

from bench_models.paired.groups import Planned
from bench_models.paired.pairing import Pairing
from bench_models.verdict.observations import Absent, Observed

log = logging.getLogger(__name__)


def try_new(pairing: Pairing, planned: Sequence[Planned]) -> None:
    """Run what is new once, so that what fails is named before it is merged and every later check meets it."""
    new = [each for each in planned if _is_new(pairing.notes.of(each))]
    if not new:
        return
    log.info("%d new: running each once on HEAD", len(new))
    pairing.cache(new, ("head",))
    works = [each for each in new if _is_new(pairing.notes.of(each))]
    for group in dict.fromkeys(each.group for each in works):
        pairing.once([each for each in works if each.group == group])


def _is_new(observed: Observed) -> bool:
    """Say whether HEAD alone has a benchmark, or BASE could not even prepare HEAD's."""
    return isinstance(observed.base, Absent) and observed.head is None
