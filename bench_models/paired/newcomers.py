"""Benchmarks that HEAD alone has: there is nothing to compare, but they must work."""

import logging
from collections.abc import Sequence

from bench_models.paired.groups import Planned
from bench_models.paired.pairing import Pairing

log = logging.getLogger(__name__)


def try_new(pairing: Pairing, planned: Sequence[Planned]) -> None:
    """Run what is new once, so that what fails is named before it is merged and every later check meets it."""
    new = [each for each in planned if each.is_new]
    if not new:
        return
    log.info("%d new: running each once on HEAD", len(new))
    known = {each.cache for each in planned if each.runs}  # run already, on either side
    for key, first in {each.cache: each for each in reversed(new) if each.cache}.items():
        if key not in known:
            pairing.cache(first, [each for each in new if each.cache == key], ("head",))
    works = [each for each in new if pairing.notes.of(each).head is None]
    for group in dict.fromkeys(each.group for each in works):
        pairing.once([each for each in works if each.group == group])
