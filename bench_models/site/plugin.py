"""``"plugins": [".bench_models.site.plugin"]`` in asv.conf.json adds our pages to what ``asv publish`` writes.

The leading dot is asv's: without it, asv looks among its own plugins only.
"""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from asv.publishing import OutputPublisher


class VariantPages(OutputPublisher):  # type: ignore[misc]  # asv is untyped
    """Called by asv when its own pages are written."""

    name: ClassVar = "bench-models"
    button_label: ClassVar = "Variants and checks"
    description: ClassVar = "Every variant now, its history, and the verdicts of checks"

    @classmethod
    def publish(cls, conf: Any, repo: Any, benchmarks: Any, graphs: Any, revisions: Any) -> None:
        """Write our pages beside asv's, and link each to the other."""
        from bench_models.site.publish import publish  # here, as asv imports its plugins for every command

        with _own_messages():
            publish(conf, repo, dict(benchmarks), graphs, revisions)


@contextmanager
def _own_messages() -> Iterator[None]:
    """Print the messages of this package past asv, which formats every message of its process without its arguments."""
    ours = logging.getLogger("bench_models")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    before = (ours.level, ours.propagate)
    ours.addHandler(handler)
    ours.setLevel(logging.INFO)
    ours.propagate = False
    try:
        yield
    finally:
        ours.removeHandler(handler)
        ours.level, ours.propagate = before
