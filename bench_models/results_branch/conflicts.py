"""Merges a file that two publishers changed at the same time: nothing of either is lost."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from bench_models.asv.merge import merged
from bench_models.asv.unreadable import BENCHMARKS, MACHINE
from bench_models.errors import BenchModelsError
from bench_models.results_branch.accepted_regressions import ACCEPTED, add_accepted, read_accepted
from bench_models.results_branch.mirror import RESULTS
from bench_models.results_branch.stored_checks import CHECKS


def settled(path: str, ours: bytes, theirs: bytes) -> bytes:
    """Return the content that both versions of a file make together.

    Of asv's results the later measurement of each benchmark counts, of a commit's checks the newer one, and accepted
    regressions are all kept. Of anything else ours counts, as if it had been pushed a moment later, unless it was cut.
    """
    folder, _, name = path.partition("/")
    if folder == RESULTS and Path(name).name not in {MACHINE, BENCHMARKS}:
        return merged(ours, theirs)
    if folder == CHECKS:
        return max(theirs, ours, key=made_at)
    return _union(ours, theirs) if path == ACCEPTED else _later(ours, theirs)


def _later(ours: bytes, theirs: bytes) -> bytes:
    try:
        json.loads(ours)
    except (ValueError, RecursionError):
        return theirs
    return ours


def made_at(check: bytes) -> str:
    """Return when a check was made, in a form that sorts; a damaged one is older than any other."""
    try:
        return str(json.loads(check)["at"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""


def _union(ours: bytes, theirs: bytes) -> bytes:
    with TemporaryDirectory() as temporary:
        file = Path(temporary) / ACCEPTED
        file.write_bytes(ours)
        mine, _ = read_accepted(file.parent)
        file.write_bytes(theirs)
        try:
            add_accepted(file.parent, mine)
        except BenchModelsError:  # theirs is damaged as a whole
            return ours
        return file.read_bytes()
