"""Which variants of a model a change leaves without a reason to ship them: another is as good in all that counts.

Compared are latency, size and accuracy of the variants that the check measured on one machine, by the margins of their
benchmarks. Two variants are timed one after the other, which proves little: what another was not as good in on BASE,
and is on HEAD, must have been shown to change.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bench_models.check.report.document import Report, Row
from bench_models.check.report.sentence import NAMED, number
from bench_models.verdict.measurements import SideName

# As benchmarks/measures.py names them, after the suite; their one parameter is the variant.
_LATENCY, _SIZE, _ACCURACY = "Latency.time_single_stream", "Figures.track_size", "Figures.track_accuracy"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Variant:
    """A variant with its rows of a report, all of which have numbers."""

    suite: str
    name: str
    latency: Row
    size: Row
    accuracy: Row

    def as_good_in(self, other: "_Variant", side: SideName) -> tuple[bool, bool, bool]:
        """Say whether it is faster than another on a side, no larger, and as accurate."""
        slack = 1 + other.latency.margin_pct / 100
        least = _number(other.accuracy, side) * (1 - other.accuracy.margin_pct / 100)
        return (
            _number(self.latency, side) * slack < _number(other.latency, side),
            _number(self.size, side) <= _number(other.size, side) * (1 + other.size.margin_pct / 100),
            _number(self.accuracy, side) >= least,
        )

    def has_displaced(self, other: "_Variant") -> bool:
        """Say whether it is as good as another in all on HEAD, and was shown to have become so."""
        if not all(self.as_good_in(other, "head")):
            return False
        mine, others = ((each.latency, each.size, each.accuracy) for each in (self, other))
        return all(
            before or old.verdict == "regressed" or new.verdict == "improved"
            for before, new, old in zip(self.as_good_in(other, "base"), mine, others, strict=True)
        )


def no_longer_worth_having(report: Report, quote: Callable[[str], str]) -> str:
    """Name the variants that another displaces on HEAD, which none did on BASE; nothing where there are none.

    ``quote`` makes a suite's own words harmless.
    """
    if len(report.machines) > 1:  # a shard each, and variants that were timed on different ones do not compare
        return ""
    found = [pair for variants in _suites(report.rows) for pair in _displaced(variants)]
    more = [f"**{len(found) - NAMED} more are no longer worth having.**"] if len(found) > NAMED else []
    return "\n\n".join([*(_sentence(*pair, quote) for pair in found[:NAMED]), *more])


def _suites(rows: Sequence[Row]) -> list[list[_Variant]]:
    """Return the variants of each suite of which all three numbers are known on both sides."""
    found: dict[str, dict[str, dict[str, Row]]] = defaultdict(lambda: defaultdict(dict))
    for row in rows:
        leaf = next((each for each in (_LATENCY, _SIZE, _ACCURACY) if row.benchmark.endswith(f".{each}")), None)
        if leaf and len(row.parameters) == 1 and None not in {row.base, row.head}:
            found[row.benchmark.removesuffix(f".{leaf}")][row.parameters[0].strip("'\"")][leaf] = row
    return [
        [
            _Variant(suite=suite, name=name, latency=known[_LATENCY], size=known[_SIZE], accuracy=known[_ACCURACY])
            for name, known in variants.items()
            if len(known) == 3  # noqa: PLR2004  # latency, size and accuracy
        ]
        for suite, variants in found.items()
    ]


def _displaced(variants: Sequence[_Variant]) -> Iterator[tuple[_Variant, _Variant]]:
    """Yield each variant that is displaced on HEAD alone, with the fastest that does it."""
    for variant in variants:
        others = [other for other in variants if other is not variant]
        if any(all(other.as_good_in(variant, "base")) for other in others):
            continue
        by = [other for other in others if other.has_displaced(variant)]
        if by:
            yield variant, min(by, key=lambda other: _number(other.latency, "head"))


def _sentence(variant: _Variant, by: _Variant, quote: Callable[[str], str]) -> str:
    times = [quote(number(each.latency, _number(each.latency, "head"))) for each in (by, variant)]
    return (
        f"**{quote(variant.name)} of {quote(variant.suite)} is no longer worth having: {quote(by.name)} is faster "
        f"({times[0]} instead of {times[1]}), no larger and as accurate, which no other was on BASE.**"
    )


def _number(row: Row, side: SideName) -> float:
    value = row.base if side == "base" else row.head
    if value is None:
        raise ValueError(f"{row} has no number on {side}")
    return value
