"""The Markdown report of a check: one sentence, what is wrong on top, the unchanged folded away."""

from collections.abc import Callable, Sequence
from html import escape

from tabulate import tabulate

from bench_models.check.report.findings import Findings
from bench_models.stats.sequential import EQUIVALENCE_ALPHA, FAMILYWISE_ALPHA
from bench_models.units import show_count, show_ms, show_share, show_size
from bench_models.verdict.answers import ACCURACY_ALPHA
from bench_models.verdict.change import Change, Verdict

_MISSING = "-"
_COLUMNS = {
    "verdict": "left",
    "benchmark": "left",
    "BASE": "right",
    "HEAD": "right",
    "change": "right",
    "interval": "right",
    "pairs": "right",
    "why": "left",
}
_FOLDED: tuple[Verdict, ...] = ("unchanged", "skipped")
# What the first line names, and in which words.
_WORST: dict[Verdict, str] = {
    "regressed": "",
    "lost": " is lost:",
    "failed": " could not be measured:",
    "fails on both": " fails on both sides:",
}
_NAMED = 3
_SMALL_BYTES = 2**20
_SHOW: dict[str, Callable[[float], str]] = {
    "seconds": show_ms,
    "bytes": lambda size: show_size(size) if size >= _SMALL_BYTES else f"{size:,.0f} bytes",
    "share": show_share,
    "parameters": show_count,
}


def markdown(found: Findings) -> str:
    """Return the whole report."""
    shown = [change for change in found.changes if change.verdict not in _FOLDED]
    parts = [
        headline(found),
        _unjudged(found),
        _differing(found),
        _table(shown) if shown else "",
        _broken(found),
        *(_flips(change) for change in shown if change.flips),
        *(_folded(verdict, found.of(verdict)) for verdict in _FOLDED),
        _circumstances(found),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def headline(found: Findings) -> str:
    """Return the verdict on the whole check, as a line that a person can act on."""
    header = found.record.header
    head = f"`{header.head[:8]}`" + (" with uncommitted changes" if header.uncommitted else "")
    ended = {"complete": "", "interrupted": "interrupted", "crashed": "cut short"}[found.record.ending]
    named = "; ".join(
        part
        for part in (
            *(f"{module} cannot be imported on HEAD (below is why)" for module in found.broken[:_NAMED]),
            *(_worst(found.of(verdict), words) for verdict, words in _WORST.items()),
        )
        if part
    )
    parts = (
        f"The check was {ended}: this is what was measured until then." if ended else "",
        f"**{found.sentence}**",
        f"From `{header.base[:8]}` to {head}{f': {named}' if named else ''}.",
    )
    return escape(" ".join(" ".join(parts).split()), quote=False)


def _worst(changes: Sequence[Change], words: str) -> str:
    """Name the first few of a verdict, each with what a reviewer has to know."""
    more = f"; and {len(changes) - _NAMED} more{words}" if len(changes) > _NAMED else ""
    return "; ".join(_in_words(change, words) for change in changes[:_NAMED]) + more


def _count(changes: Sequence[Change]) -> str:
    return f"{len(changes)} benchmark{'' if len(changes) == 1 else 's'}"


def _in_words(change: Change, words: str) -> str:
    name = f"`{change.benchmark}`"
    if change.base is None or change.head is None:
        return f"{name}{words} {change.reason}"
    numbers = f"({_number(change, change.base)} to {_number(change, change.head)})"
    if change.flips is not None:
        went = "fell" if change.head < change.base else "rose"
        return f"{name} {went} from {_number(change, change.base)} to {_number(change, change.head)}"
    if change.change_pct is None:
        return f"{name} changed {numbers}"
    size = abs(change.change_pct.value)
    if change.benchmark.unit == "seconds":
        return f"{name} is {size:.1f} % {'slower' if change.change_pct.value > 0 else 'faster'} {numbers}"
    return f"{name} is {size:.1f} % {'more' if change.change_pct.value > 0 else 'less'} {numbers}"


def _table(changes: Sequence[Change]) -> str:
    rows = [_cells(change) for change in changes]
    return tabulate(rows, headers=list(_COLUMNS), tablefmt="pipe", colalign=tuple(_COLUMNS.values()))


def _cells(change: Change) -> list[str]:
    estimate = change.change_pct
    return [
        change.verdict,
        _cell(f"`{change.benchmark}`"),
        _MISSING if change.base is None else _number(change, change.base),
        _MISSING if change.head is None else _number(change, change.head),
        _MISSING if estimate is None else f"{estimate.value:+.2f} %",
        _MISSING if estimate is None else "exact" if estimate.exact else estimate.ends("+.2f"),
        str(change.pairs or _MISSING),
        _cell(_why(change)),
    ]


def _why(change: Change) -> str:
    if change.verdict != "undecided" or change.detectable_pct is None:
        return change.reason
    return f"{change.reason}; a change of {change.detectable_pct:.1f} % would most likely have been seen"


def _number(change: Change, number: float) -> str:
    return _SHOW.get(change.benchmark.unit, "{:,.6g}".format)(number)


def _cell(text: str) -> str:
    """Return text as a table's cell: a suite's names and errors are not ours to trust."""
    return escape(" ".join(text.split()), quote=False).replace("|", "\\|")


def _broken(found: Findings) -> str:
    lines = [
        f"* {module} cannot be imported on {side.upper()}: {_cell(error)}"
        for side, modules in found.record.header.broken.items()
        for module, error in modules.items()
    ]
    return "\n".join(lines)


def _flips(change: Change) -> str:
    if change.flips is None or not (change.flips.lost or change.flips.won):
        return ""
    total = change.flips.right_to_wrong + change.flips.wrong_to_right
    shown = len(change.flips.lost) + len(change.flips.won)
    rows = [["right to wrong", _cell(text)] for text in change.flips.lost]
    rows += [["wrong to right", _cell(text)] for text in change.flips.won]
    return _details(
        f"{shown} of {total} examples that flipped in {change.benchmark}",
        tabulate(rows, headers=["flip", "example"], tablefmt="pipe", colalign=("left", "left")),
    )


def _folded(verdict: str, changes: Sequence[Change]) -> str:
    return _details(f"{_count(changes)} {verdict}", _table(changes)) if changes else ""


def _details(summary: str, body: str) -> str:
    return f"<details><summary>{escape(summary, quote=False)}</summary>\n\n{body}\n\n</details>"


def _unjudged(found: Findings) -> str:
    """Say on top what a green verdict is not about."""
    names, terms = found.record.header.rewritten, found.record.header.redescribed
    parts = []
    if names:
        parts.append(
            f"**The benchmark itself changed in {_cell(_listed(names))}: its version differs, so HEAD's file ran on "
            "both sides, and that change was not judged.**"
        )
    if terms:
        parts.append(f"**HEAD describes benchmarks differently ({_cell(_listed(terms))}): BASE's terms counted.**")
    return "\n\n".join(parts)


def _differing(found: Findings) -> str:
    """Say that the sides ran unlike files: one that makes the work smaller hides what makes it slower."""
    header = found.record.header
    if not header.suite_changes:
        return ""
    but = ", but for the benchmarks above" if header.rewritten else ""
    return _cell(
        f"Files of the suite differ ({_listed(header.suite_changes)}): each side ran its own{but}, so a change of what "
        "they measure is part of the verdict."
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")


def _circumstances(found: Findings) -> str:
    record, header = found.record, found.record.header
    machines = [
        f"{machine['cpu']}, {machine['cores']} cores, {machine['system']}, {' '.join(machine['cpu_flags'])}"
        for machine in header.machines
    ]
    libraries = [
        f"{name} {base or 'none'} to {head or 'none'}" for name, (base, head) in found.changed_libraries.items()
    ]
    share = f", {record.timed_s / record.wall_s:.0%} of them inside timed calls" if record.wall_s else ""
    environments = (
        "in one environment" if header.environments == "one" else "in an environment each, as their pins differ"
    )
    lines = [
        f"Both commits ran side by side {environments}, {header.threads} thread{'' if header.threads == 1 else 's'}, "
        f"{record.wall_s:.0f} s{share}.",
        f"Changed libraries: {', '.join(libraries)}." if libraries else "The libraries are the same on both sides.",
        f"At most {FAMILYWISE_ALPHA:.0%} of checks of an unchanged tree turn red. Intervals hold for all timed "
        "benchmarks and looks together. That of what is unchanged is narrower: by itself, it misses "
        f"{EQUIVALENCE_ALPHA:.0%} on either side; that of answers that are not unchanged, {ACCURACY_ALPHA:.0%}.",
        f"Each side ran its own suite{', but for the benchmarks above' if header.rewritten else ''}.",
        f"Only HEAD's suite has {_listed(header.added)}: its file was tried on BASE, too." if header.added else "",
        f"Uncommitted on HEAD: {', '.join(header.uncommitted)}." if header.uncommitted else "",
        f"Shard {header.shard} of {header.shards}: merge all of them for the verdict." if header.shards > 1 else "",
        *(f"Machine: {machine}." for machine in dict.fromkeys(machines)),
    ]
    return "\n".join(f"* {_cell(line)}" for line in lines if line)
