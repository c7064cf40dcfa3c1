"""Removes a stranger's texts from a report: what goes to the results branch stays there for good.

Numbers stay, and so do the words that a report itself knows. Of names only what cannot be a sentence, an address or
markup is kept. The verdict in a sentence and the reasons are written anew.
"""

import re
from collections.abc import Mapping
from typing import Any, get_args

from msgspec import convert, structs, to_builtins

from bench_models.check.report.document import Environments, Report, Row
from bench_models.check.report.sentence import counted, summary
from bench_models.verdict.change import Verdict

# What stands in the place of a text that may not be a name.
UNNAMED = "(unnamed)"

# Names of benchmarks, values of parameters, units, versions, moments, hashes: without a space, but after a comma.
_NAME = re.compile(r"(?!.*//)(?:[A-Za-z0-9_.+'\"()\[\]{}:=/%^*-]|, ?){1,200}")
_WORDS = frozenset({*get_args(Verdict), *get_args(Environments)})
# The order of these tells which parameter it was.
_ORDERED = "parameters"
_WITHOUT_NUMBERS: Mapping[str, str] = {
    "failed": "it could not be measured",
    "fails on both": "it fails on both sides",
    "lost": "BASE measures it, and HEAD does not",
    "missing": "BASE measures it, and HEAD does not",
    "new": "BASE does not have it",
    "not comparable": "BASE could not be measured",
    "regressed": "it fails on HEAD, and not on BASE",
    "skipped": "it was skipped",
    "unchanged": "nothing that it depends on changed",
}


def rebuilt(report: Report) -> Report:
    """Return a report without a text that a stranger could have chosen; one that is rebuilt already stays as it is.

    Raises ``ValueError`` where what is left is not a report, and ``RecursionError`` where it is nested more deeply than
    any report.
    """
    machines = tuple({key: value for key, value in each.items() if _is_number(value)} for each in report.machines)
    made = convert(_cleaned(to_builtins(structs.replace(report, machines=machines))), Report)
    made = structs.replace(made, rows=tuple(structs.replace(row, reason=_reason(row)) for row in made.rows))
    return structs.replace(made, sentence=summary(made))


def _reason(row: Row) -> str:
    if row.flips is not None:
        return f"answers that became wrong: {row.flips.right_to_wrong}, and right: {row.flips.wrong_to_right}"
    if row.change_pct is None:
        return _WITHOUT_NUMBERS.get(row.verdict, "it has no numbers")
    seen = "" if row.visible_pct is None else f", in which a change of {row.visible_pct:.1f} % would have been seen"
    return counted(row.pairs, "pair") + seen


def _cleaned(value: Any, key: str = "") -> Any:  # noqa: ANN401  # JSON
    """Return a part of a report, which stands at ``key``, without what could be a sentence."""
    if isinstance(value, str):
        return value if _is_name(value) else UNNAMED
    if isinstance(value, dict):
        return {name: _cleaned(each, name) for name, each in value.items() if _is_name(name)}
    if isinstance(value, list | tuple):
        kept = (each for each in value if key == _ORDERED or not isinstance(each, str) or _is_name(each))
        return [_cleaned(each, key) for each in kept]
    return value


def _is_number(value: object) -> bool:
    return isinstance(value, int | float)


def _is_name(text: str) -> bool:
    return text in _WORDS or _NAME.fullmatch(text) is not None
