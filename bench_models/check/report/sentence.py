"""The first line of a report: what a check showed and what it did not, also in summary and comment."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from bench_models.verdict.measurements import SideName

# Words for what is neither good nor bad news, with one benchmark and with several.
_OTHERS: Mapping[str, tuple[str, str]] = {
    "not comparable": ("is not comparable", "are not comparable"),
    "new": ("is new", "are new"),
    "fails on both": ("fails on both sides", "fail on both sides"),
    "skipped": ("is skipped", "are skipped"),
}


def told(changes: Sequence[tuple[str, float | None]], *, complete: bool = True, broken: int = 0) -> str:
    """Return the sentence on a check: each change as its verdict and the smallest change in percent that it would show.

    ``complete`` says that everything was measured, ``broken`` counts modules that HEAD alone cannot import.
    """
    counts = Counter(verdict for verdict, _ in changes)
    counts["lost"] += counts["missing"]  # as reports of earlier versions call it
    bad = list(_bad(counts, len(changes), broken))
    good = _good(counts, len(changes), complete=complete, alone=not bad)
    open_ = _undecided([detectable_pct for verdict, detectable_pct in changes if verdict == "undecided"])
    others = [
        f"{counts[verdict]} {_of(counts[verdict], words)}" for verdict, words in _OTHERS.items() if counts[verdict]
    ]
    text = "; ".join(clause for clause in (*bad, good, open_, *others) if clause)
    return f"{text[0].upper()}{text[1:]}."


def broken_on_head(broken: Mapping[SideName, Mapping[str, str]]) -> list[str]:
    """Return the modules of the suite that HEAD cannot import and BASE can, of those that either side cannot.

    What neither can, such as one for a library that is not installed here, says nothing of the change.
    """
    return sorted(broken.get("head", {}).keys() - broken.get("base", {}).keys())


def _bad(counts: Mapping[str, int], total: int, broken: int) -> Iterator[str]:
    if counts["regressed"]:
        yield f"{counts['regressed']} of {_benchmarks(total)} regressed"
    if counts["lost"]:
        of = "" if counts["regressed"] else f" of {_benchmarks(total)}"
        yield f"{counts['lost']}{of} {_of(counts['lost'], ('is', 'are'))} lost: measured on BASE, and not on HEAD"
    if counts["failed"]:
        yield f"{counts['failed']} could not be measured"
    if broken:
        yield f"{broken} module{'' if broken == 1 else 's'} cannot be imported on HEAD"


def _good(counts: Mapping[str, int], total: int, *, complete: bool, alone: bool) -> str:
    shown, improved = counts["unchanged"] + counts["improved"], counts["improved"]
    if not total:
        return "there was nothing to judge" if alone else ""
    if not shown:
        return f"nothing was shown of {_benchmarks(total)}" if alone else ""
    seen = "no regression" if complete else "no regression was seen"
    of = f"{shown} of {_benchmarks(total)}" if alone else f"{shown}"
    return f"{seen} among {of}{f', of which {improved} improved' if improved else ''}"


def _undecided(detectable_pct: Sequence[float | None]) -> str:
    known = [each for each in detectable_pct if each is not None]
    if not detectable_pct:
        return ""
    who = f"{len(detectable_pct)} {_of(len(detectable_pct), ('is', 'are'))} undecided"
    if not known:
        return f"{who}: nothing can be said there"
    size = f"changes of up to {max(known):.1f} % would not have been seen"
    if len(known) == len(detectable_pct):
        return f"{who}: {size} there"
    return f"{who}: {size} in {len(known)}, and nothing can be said of the rest"


def _benchmarks(count: int) -> str:
    return f"{count} benchmark{'' if count == 1 else 's'}"


def _of(count: int, words: tuple[str, str]) -> str:
    return words[0] if count == 1 else words[1]
