"""The verdict on a whole check in words: the first line of the report, the summary and the comment."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape

from bench_models.check.report.document import Report, Row
from bench_models.text import one_line, show_count, show_ms, show_share, show_size
from bench_models.verdict.change import Verdict

# How many names stand in a sentence; the rest is counted.
NAMED = 3

# Words for what is neither good nor bad news, with one benchmark and with several.
_OTHERS: Mapping[str, tuple[str, str]] = {
    "not comparable": ("is not comparable", "are not comparable"),
    "new": ("is new", "are new"),
    "fails on both": ("fails on both sides", "fail on both sides"),
    "skipped": ("is skipped", "are skipped"),
}
# What the first line of the report names, and in which words.
_WORST: dict[Verdict, str] = {
    "regressed": "",
    "lost": " is lost:",
    "failed": " could not be measured:",
    "fails on both": " fails on both sides:",
}
_LONGEST_UNIT = 40
_SMALL_BYTES = 2**20
_SHOW: dict[str, Callable[[float], str]] = {
    "seconds": show_ms,
    "bytes": lambda size: show_size(size) if size >= _SMALL_BYTES else f"{size:,.0f} bytes",
    "share": show_share,
    "parameters": show_count,
}


def summary(report: Report) -> str:
    """Return what a check showed and what it did not, in a sentence of our own words and numbers."""
    seen = [(row.verdict, row.visible_pct) for row in report.rows]
    return told(
        seen, complete=report.ending == "complete", broken=len(report.broken), unaffected=len(report.not_needed)
    )


def headline(report: Report) -> str:
    """Return the verdict on the whole check as a line that a person can act on: the worst benchmarks are named."""
    head = f"`{report.head.commit[:8]}`" + (" with uncommitted changes" if report.head.uncommitted else "")
    ended = {"complete": "", "interrupted": "interrupted", "crashed": "cut short"}[report.ending]
    named = "; ".join(
        part
        for part in (
            *(f"{module} cannot be imported on HEAD (below is why)" for module in report.broken[:NAMED]),
            *(_worst(report.of(verdict), words) for verdict, words in _WORST.items()),
        )
        if part
    )
    parts = (
        f"The check was {ended}: this is what was measured until then." if ended else "",
        f"**{summary(report)}**",
        f"From `{report.base.commit[:8]}` to {head}{f': {named}' if named else ''}.",
    )
    return escape(" ".join(" ".join(parts).split()), quote=False)


def told(
    changes: Sequence[tuple[str, float | None]], *, complete: bool = True, broken: int = 0, unaffected: int = 0
) -> str:
    """Return the sentence on a check: each change as its verdict and the smallest change in percent that it would show.

    ``complete`` says that everything was measured, ``broken`` counts modules that HEAD alone cannot import, and
    ``unaffected`` the benchmarks that were not measured, as nothing changed that they depend on.
    """
    counts = Counter(verdict for verdict, _ in changes)
    bad = list(_bad(counts, len(changes), broken))
    good = _good(counts, len(changes), complete=complete, alone=not bad)
    open_ = _undecided([detectable_pct for verdict, detectable_pct in changes if verdict == "undecided"])
    others = [
        f"{counts[verdict]} {_of(counts[verdict], words)}" for verdict, words in _OTHERS.items() if counts[verdict]
    ]
    if unaffected:
        good = "; ".join(filter(None, (good, _unaffected(unaffected, len(changes)))))
    text = "; ".join(clause for clause in (*bad, good, open_, *others) if clause)
    return f"{text[0].upper()}{text[1:]}."


def number(row: Row, value: float) -> str:
    """Return one side's number with its unit."""
    show = _SHOW.get(row.unit)
    return show(value) if show else f"{value:,.6g} {one_line(row.unit, _LONGEST_UNIT)}".strip()


def counted(count: int, what: str = "benchmark") -> str:
    """Return a count with its noun."""
    return f"{count} {what}{'' if count == 1 else 's'}"


def _worst(rows: Sequence[Row], words: str) -> str:
    """Name the first few of a verdict, each with what a reviewer has to know."""
    more = f"; and {len(rows) - NAMED} more{words}" if len(rows) > NAMED else ""
    return "; ".join(_in_words(row, words) for row in rows[:NAMED]) + more


def _in_words(row: Row, words: str) -> str:
    name = f"`{row}`"
    if row.base is None or row.head is None:
        return f"{name}{words} {row.reason}"
    base, head = number(row, row.base), number(row, row.head)
    if row.flips is not None:
        return f"{name} {'fell' if row.head < row.base else 'rose'} from {base} to {head}"
    if row.change_pct is None:
        return f"{name} changed ({base} to {head})"
    more, less = ("slower", "faster") if row.unit == "seconds" else ("more", "less")
    pct = row.change_pct.value
    return f"{name} is {abs(pct):.1f} % {more if pct > 0 else less} ({base} to {head})"


def _bad(counts: Mapping[str, int], total: int, broken: int) -> Iterator[str]:
    if counts["regressed"]:
        yield f"{counts['regressed']} of {counted(total)} regressed"
    if counts["lost"]:
        of = "" if counts["regressed"] else f" of {counted(total)}"
        yield f"{counts['lost']}{of} {_of(counts['lost'], ('is', 'are'))} lost: measured on BASE, and not on HEAD"
    if counts["failed"]:
        yield f"{counts['failed']} could not be measured"
    if broken:
        yield f"{counted(broken, 'module')} cannot be imported on HEAD"


def _good(counts: Mapping[str, int], total: int, *, complete: bool, alone: bool) -> str:
    shown, improved = counts["unchanged"] + counts["improved"], counts["improved"]
    if not total:
        return "there was nothing to judge" if alone else ""
    if not shown:
        return f"nothing was shown of {counted(total)}" if alone else ""
    seen = "no regression" if complete else "no regression was seen"
    of = f"{shown} of {counted(total)}" if alone else f"{shown}"
    return f"{seen} among {of}{f', of which {improved} improved' if improved else ''}"


def _unaffected(count: int, total: int) -> str:
    if count == total:
        return "nothing that changed can affect any of them, so none was measured"
    return f"nothing that changed can affect {count} of them, which {_of(count, ('was', 'were'))} not measured"


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


def _of(count: int, words: tuple[str, str]) -> str:
    return words[0] if count == 1 else words[1]
