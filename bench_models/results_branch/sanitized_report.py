"""Rebuilds an untrusted report from its figures: what goes to the results branch stays for good.

Numbers stay, and so do the words that the schema itself knows. Of names only what cannot be a sentence, an address or
markup is kept. The verdict in a sentence and the reasons are written anew.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from bench_models.check.report.document import schema
from bench_models.check.report.sentence import broken_on_head, told
from bench_models.results_branch.json_io import valid

# What stands for a name that is none.
UNNAMED = "(unnamed)"

# Names of benchmarks, values of parameters, units, versions, moments, hashes: without a space, but after a comma.
_NAME = re.compile(r"(?!.*//)(?:[A-Za-z0-9_.+'\"()\[\]{}:=/%^*-]|, ?){1,200}")
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
}


def rebuilt(report: Mapping[str, Any]) -> dict[str, Any]:
    """Return a report that follows its schema, without a text that a stranger could have chosen.

    What is rebuilt already stays as it is. Raises ``ValueError`` where what is left does not follow the schema, and
    ``RecursionError`` where it is nested more deeply than any report.
    """
    made = _figures({**report, "machines": [_numbers(machine) for machine in report["machines"]]})
    made["changes"] = [change | {"reason": _reason(change)} for change in made["changes"]]
    made["sentence"] = told_of(made)
    followed: dict[str, Any] = valid(made, schema())
    return followed


def told_of(report: Mapping[str, Any]) -> str:
    """Say what a report shows, from its figures: a sentence of its own would be a stranger's."""
    return told(
        [(change["verdict"], change["visible_pct"]) for change in report["changes"]],
        complete=report["ending"] == "complete",
        broken=len(broken_on_head(report["broken_modules"])),
    )


def _reason(change: Mapping[str, Any]) -> str:
    if change["flips"] is not None:
        flips = change["flips"]
        return f"answers that became wrong: {flips['right_to_wrong']}, and right: {flips['wrong_to_right']}"
    if change["change_pct"] is None:
        return _WITHOUT_NUMBERS.get(change["verdict"], "it has no numbers")
    pairs = f"{change['pairs']} pair{'' if change['pairs'] == 1 else 's'}"
    detectable = change["visible_pct"]
    return pairs if detectable is None else f"{pairs}, in which a change of {detectable:.1f} % would have been seen"


def _figures(value: Any, key: str = "") -> Any:  # noqa: ANN401  # JSON
    """Return a part of a report, which stands at ``key``, without what could be a sentence."""
    if isinstance(value, str):
        return value if _is_name(value) else UNNAMED
    if isinstance(value, dict):
        return {name: _figures(each, name) for name, each in value.items() if _is_name(name)}
    if isinstance(value, list):
        kept = (each for each in value if key == _ORDERED or not isinstance(each, str) or _is_name(each))
        return [_figures(each, key) for each in kept]
    return value


def _numbers(machine: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a machine has so many of: its other properties are texts, and may be anything."""
    return {name: value for name, value in machine.items() if isinstance(value, int | float)}


def _is_name(text: str) -> bool:
    return text in _words() or _NAME.fullmatch(text) is not None


@cache
def _words() -> frozenset[str]:
    """Return the words that the schema allows by name, such as verdicts."""
    found: set[str] = set()
    waiting: list[Any] = [schema()]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            found.update(word for word in part.get("enum", ()) if isinstance(word, str))
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part
    return frozenset(found)
