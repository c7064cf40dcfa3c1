"""Judges what a side lacks, skips or fails at."""

from bench_models.outcomes import Failed, Skipped
from bench_models.verdict.change import Change, Verdict
from bench_models.verdict.measurements import Absent, Measurements, Refused, Trouble


def troubled(measurements: Measurements) -> Change | None:
    """Return the verdict on what is not measured on both sides; None where it is."""
    if measurements.works:
        return None
    verdict, reason = _verdict(measurements.base, measurements.head)
    if verdict == "not comparable" and measurements.pairs:  # it was compared, until BASE's luck ran out
        verdict, reason = "failed", f"{_in_words(measurements.base)} on BASE after {len(measurements.pairs)} pairs"
    return Change(benchmark=measurements.benchmark, verdict=verdict, reason=reason)


def _verdict(base: Trouble | None, head: Trouble | None) -> tuple[Verdict, str]:
    for side in (head, base):
        if isinstance(side, Refused):
            return "failed", side.error
    if isinstance(head, Failed):
        return _failed(base, head)
    if base is None:  # what worked can be taken away by a skip, too: somebody has to want that
        return "lost", f"measured on BASE, {_in_words(head)} on HEAD"
    if head is not None:
        return "skipped", f"{_in_words(base)} on BASE, {_in_words(head)} on HEAD"
    if isinstance(base, Absent):
        return "new", "not there on BASE"
    # Perhaps the benchmark was mended, perhaps only made to fit: neither says that the code is better.
    return "not comparable", f"{_in_words(base)} on BASE, measured on HEAD"


def _failed(base: Trouble | None, head: Failed) -> tuple[Verdict, str]:
    if base is None:
        return "regressed", f"fails on HEAD and not on BASE: {head.error}"
    if isinstance(base, Failed):
        also = "" if base == head else f"; on BASE: {base.error}"
        return "fails on both", f"{head.error}{also}"
    before = "new, and failed" if isinstance(base, Absent) else f"{_in_words(base)} on BASE and fails"
    return "failed", f"{before} on HEAD: {head.error}"


def _in_words(trouble: Trouble | None) -> str:
    match trouble:
        case Skipped(reason=reason):
            return f"skipped ({reason})"
        case Failed(error=error) | Refused(error=error):
            return f"fails ({error})"
        case Absent():
            return "not there"
        case None:
            return "measured"
