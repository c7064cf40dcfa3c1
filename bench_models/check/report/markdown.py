"""The Markdown report of a check, and the parts of it that the comment on a pull request shows, too.

A suite chooses names, units and errors, and a pull request chooses the suite. ``Quote`` makes such a text harmless: the
report escapes it, the comment shows it as code.
"""

from collections.abc import Callable, Sequence
from html import escape

from tabulate import tabulate

from bench_models.check.report.document import Report, Row
from bench_models.check.report.sentence import NAMED, counted, headline, number
from bench_models.check.report.worth_having import no_longer_worth_having
from bench_models.checkout import in_short
from bench_models.stats.sequential import EQUIVALENCE_ALPHA, FAMILYWISE_ALPHA
from bench_models.text import code
from bench_models.verdict.answers import ACCURACY_ALPHA
from bench_models.verdict.change import Verdict

Quote = Callable[[str], str]

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


def markdown(report: Report) -> str:
    """Return the whole report: a sentence, what is wrong on top, the unchanged folded away."""
    shown = news(report)
    parts = [
        headline(report),
        unjudged(report, escaped),
        differing(report, escaped),
        doubted(report, escaped),
        no_longer_worth_having(report, escaped),
        table(shown, escaped) if shown else "",
        _broken(report),
        *(_flips(row) for row in shown if row.flips),
        *(
            _details(f"{counted(len(rows))} {verdict}", table(rows, escaped))
            for verdict in _FOLDED
            if (rows := report.of(verdict))
        ),
        _circumstances(report),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def news(report: Report) -> list[Row]:
    """Return the rows that a reader has to see: all but what is unchanged or skipped."""
    return [row for row in report.rows if row.verdict not in _FOLDED]


def table(rows: Sequence[Row], quote: Quote) -> str:
    """Return a table of what is known of each benchmark."""
    cells, aligned = [_cells(row, quote) for row in rows], tuple(_COLUMNS.values())
    return tabulate(cells, headers=list(_COLUMNS), tablefmt="pipe", colalign=aligned, disable_numparse=True)


def unjudged(report: Report, quote: Quote) -> str:
    """Say what a green verdict is not about."""
    parts = []
    if report.rewritten:
        parts.append(
            f"**The benchmark itself changed in {_listed(report.rewritten, quote)}: its version differs, so HEAD's "
            "file ran on both sides, and that change was not judged.**"
        )
    if report.redescribed:
        parts.append(
            f"**HEAD describes benchmarks differently ({_listed(report.redescribed, quote)}): BASE's terms counted.**"
        )
    return "\n\n".join(parts)


def differing(report: Report, quote: Quote) -> str:
    """Say that the sides ran different files: one that makes the work smaller hides what makes it slower."""
    if not report.suite_changes or report.suites:  # older reports have both, and mean something else
        return ""
    but = ", but for the benchmarks above" if report.rewritten else ""
    return (
        f"Files of the suite differ ({_listed(report.suite_changes, quote)}): each side ran its own{but}, so a change "
        "of what they measure is part of the verdict."
    )


def doubted(report: Report, quote: Quote) -> str:
    """Say how often what was measured contradicts that nothing changed, where all was measured."""
    measured = len(report.unaffected or ()) - len(report.not_needed)
    if not measured:
        return ""
    said = f"Nothing that changed can affect {counted(measured)}, measured all the same"
    wrong = list(map(str, report.doubtful))
    if not wrong:
        return f"{said}: none of them was seen to change."
    return f"**{said}: {len(wrong)} of them changed, {_listed(wrong, quote)}.**"


def escaped(text: str) -> str:
    """Return text in one line that is neither HTML nor the end of a table's cell."""
    return escape(" ".join(text.split()), quote=False).replace("|", "\\|")


def _cells(row: Row, quote: Quote) -> list[str]:
    estimate, detectable = row.change_pct, ""
    if row.verdict == "undecided" and row.visible_pct is not None:
        detectable = f"; a change of {row.visible_pct:.1f} % would most likely have been seen"
    return [
        row.verdict,
        code(str(row)),
        *(_MISSING if value is None else quote(number(row, value)) for value in (row.base, row.head)),
        _MISSING if estimate is None else f"{estimate.value:+.2f} %",
        _MISSING if estimate is None else "exact" if estimate.exact else estimate.ends("+.2f"),
        str(row.pairs or _MISSING),
        quote(row.reason) + detectable,
    ]


def _listed(names: Sequence[str], quote: Quote) -> str:
    return in_short(list(map(quote, names)), NAMED)


def _broken(report: Report) -> str:
    return "\n".join(
        f"* {module} cannot be imported on {side.upper()}: {escaped(error)}"
        for side, modules in report.broken_modules.items()
        for module, error in modules.items()
    )


def _flips(row: Row) -> str:
    if row.flips is None or not (row.flips.lost or row.flips.won):
        return ""
    total = row.flips.right_to_wrong + row.flips.wrong_to_right
    rows = [["right to wrong", escaped(text)] for text in row.flips.lost]
    rows += [["wrong to right", escaped(text)] for text in row.flips.won]
    return _details(
        f"{len(rows)} of {total} examples that flipped in {row}",
        tabulate(rows, headers=["flip", "example"], tablefmt="pipe", colalign=("left", "left"), disable_numparse=True),
    )


def _details(summary: str, body: str) -> str:
    return f"<details><summary>{escape(summary, quote=False)}</summary>\n\n{body}\n\n</details>"


def _circumstances(report: Report) -> str:
    machines = [
        f"{machine['cpu']}, {machine['cores']} cores, {machine['system']}, {' '.join(machine['cpu_flags'])}"
        for machine in report.machines
    ]
    libraries = [
        f"{name} {versions.base or 'none'} to {versions.head or 'none'}"
        for name, versions in report.changed_libraries.items()
    ]
    share = f", {report.timed_s / report.wall_s:.0%} of them inside timed calls" if report.wall_s else ""
    environments = (
        "in one environment" if report.environments == "one" else "in an environment each, as their pins differ"
    )
    uncommitted, shard = report.head.uncommitted, report.shard
    lines = [
        f"Both commits ran side by side {environments}, {counted(report.threads, 'thread')}, "
        f"{report.wall_s:.0f} s{share}.",
        f"Changed libraries: {', '.join(libraries)}." if libraries else "The libraries are the same on both sides.",
        f"At most {FAMILYWISE_ALPHA:.0%} of checks of an unchanged tree turn red. Intervals hold for all timed "
        "benchmarks and looks together. That of what is unchanged is narrower: by itself, it misses "
        f"{EQUIVALENCE_ALPHA:.0%} on either side; that of answers that are not unchanged, {ACCURACY_ALPHA:.0%}.",
        f"Each side ran its own suite{', but for the benchmarks above' if report.rewritten else ''}.",
        f"Only HEAD's suite has {_listed(report.added, str)}: its file was tried on BASE, too." if report.added else "",
        f"Uncommitted on HEAD: {_listed(uncommitted, str)}." if uncommitted else "",
        f"Shard {shard.index} of {shard.count}: merge all of them for the verdict." if shard.count > 1 else "",
        *(f"Machine: {machine}." for machine in dict.fromkeys(machines)),
    ]
    return "\n".join(f"* {escaped(line)}" for line in lines if line)
