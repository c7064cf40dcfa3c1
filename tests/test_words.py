"""Names are in the field's words: docs/glossary.md has them, and these took their place."""

import ast
import re
from pathlib import Path

import click
import pytest

from bench_models.cli import program

PACKAGE = Path(__file__).resolve().parent.parent / "bench_models"

# A word that names nothing here any more, and what is said instead.
RETIRED = {
    "accepting": "acceptance",
    "alarm": "alpha",
    "calm": "equivalence",
    "careful": "untrusted",
    "freedom": "dof",
    "handover": "export",
    "harm": "worsening",
    "jump": "change point",
    "keeping": "stored checks",
    "lending": "lent",
    "lessons": "teacher outputs",
    "luck": "replicate",
    "moments": "timestamps",
    "newcomers": "one-sided",
    "observed": "measurements",
    "obstacle": "unsupported reason",
    "parcel": "artifact",
    "rise": "change point",
    "settling": "conflicts",
    "strangers": "foreign imports, untrusted text",
    "subject": "benchmark",
    "survey": "results folder",
    "unmeasured": "not measured",
    "visible": "detectable",
}


def names(file: Path) -> set[str]:
    """Return the names of a module, its classes and its functions."""
    found = {file.stem}
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            found.add(node.name)
    return found


def words(name: str) -> set[str]:
    """Return the words of a name, whether in snake or in camel case."""
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", name)}


def test_no_name_has_a_retired_word() -> None:
    """Of a module, a class or a function, wherever in the package."""
    found = {
        f"{file.relative_to(PACKAGE)}: {name}: say {RETIRED[word]}"
        for file in PACKAGE.rglob("*.py")
        for name in names(file)
        for word in words(name) & RETIRED.keys()
    }
    assert found == set()


def test_no_command_or_option_has_a_retired_word() -> None:
    """As a user types them."""
    found = set()
    pending: list[tuple[str, click.Command]] = [("bench-models", program)]
    while pending:
        path, command = pending.pop()
        typed = [path.rpartition(" ")[2], *(name for each in command.params for name in (each.name or "", *each.opts))]
        found |= {f"{path}: {name}: say {RETIRED[word]}" for name in typed for word in words(name) & RETIRED.keys()}
        if isinstance(command, click.Group):
            pending += [(f"{path} {name}", each) for name, each in command.commands.items()]
    assert found == set()
    assert program.commands.keys() >= {"check", "run", "ci"}


@pytest.mark.parametrize("name", ["read_subject", "HarmfulSubject", "calm_tail", "Jump"])
def test_retired_word_is_found_inside_a_name(name: str) -> None:
    """In either case."""
    assert words(name) & RETIRED.keys()
