"""The scripts that measure the check: harmless commits are harmless, and what is planted is counted."""

import ast
import importlib
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
BEFORE = '''
"""A module."""

import json
from math import sqrt

LIMIT = 3


def first(rows):
    """Return some."""
    found = [row for row in rows if row < LIMIT]
    return sorted(found)


def second(values, *, deep=False):
    total = 0
    for value in values:
        total += value
    if deep:
        return {"total": total, "root": sqrt(total)}
    return json.dumps(total)


class Kind:
    """A class."""

    def one(self):
        kept = LIMIT + 1
        return kept * 2

    def two(self):
        return self.one() + LIMIT
'''


@pytest.fixture
def tools(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the scripts import each other, as when one of them is run."""
    monkeypatch.syspath_prepend(str(ROOT / "tools"))


def script(name: str) -> ModuleType:
    """Return a script as a module."""
    return importlib.import_module(name)


@pytest.mark.usefixtures("tools")
def test_there_are_a_dozen_harmless_commits_of_this_repository_and_each_can_be_made() -> None:
    """Each changes its file, and nothing that its normal form still has; no training reads what they change."""
    harmless, edits = script("harmless"), script("edits")
    assert len(harmless.COMMITS) >= 12
    assert len({edit for _, edit in harmless.COMMITS}) == 8
    for file, edit in harmless.COMMITS:
        before = (ROOT / file).read_text(encoding="utf-8")
        after = edits.edited(before, edit)
        assert after != before
        assert edits.normal(ast.parse(after)) == edits.normal(ast.parse(before))


def results(source: str) -> list[object]:
    """Return what a module computes."""
    module: dict[str, Any] = {}
    exec(source, module)  # noqa: S102  # written above
    return [
        module["first"]([5, 2, 1]),
        module["second"](values=[1, 3]),
        module["second"]([1, 3], deep=True),
        module["Kind"]().two(),
    ]


@pytest.mark.usefixtures("tools")
@pytest.mark.parametrize(
    ("edit", "sign"),
    [
        ("reformatted", "def first(rows):"),
        ("documented", "See the documentation."),
        ("with_dead_code", "def _never_called_last("),
        ("with_locals_renamed", "total_here += value_here"),
        ("with_functions_reordered", "def two(self):\n        return self.one() + LIMIT\n\n    def one"),
        ("with_imports_reordered", "from math import sqrt\nimport json"),
        ("with_constants_inlined", "row < 3"),
        ("with_results_named", "outcome = sorted(found)\n    return outcome"),
    ],
)
def test_edited_module_computes_the_same(edit: str, sign: str) -> None:
    """And is edited."""
    edits = script("edits")
    after = edits.edited(BEFORE, getattr(edits, edit))
    assert sign in after
    assert results(after) == results(BEFORE)


@pytest.mark.usefixtures("tools")
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("row < LIMIT", "row <= LIMIT"),
        ("LIMIT = 3", "LIMIT = 4"),
        ("deep=False", "deep=True"),
        ("total += value", "total -= value"),
        ("return kept * 2", "return LIMIT * 2"),
        ("self.one() + LIMIT", "self.two() + LIMIT"),
    ],
)
def test_edit_that_is_not_harmless_is_refused(old: str, new: str) -> None:
    """The normal form keeps whatever a module does."""
    edits = script("edits")

    def wrong(_: ast.Module) -> ast.Module:
        assert BEFORE.count(old) == 1
        return ast.parse(BEFORE.replace(old, new))

    with pytest.raises(ValueError, match="changes more than it should"):
        edits.edited(BEFORE, wrong)


@pytest.mark.usefixtures("tools")
def test_edit_that_finds_nothing_is_refused() -> None:
    """A commit that changes nothing at all would prove nothing."""
    edits = script("edits")
    with pytest.raises(ValueError, match="with_imports_reordered finds nothing to change"):
        edits.edited("import json\n", edits.with_imports_reordered)


def reported(change: dict[str, Any]) -> dict[str, Any]:
    """Return one line of a report on two latencies of two rows."""
    return {"change_pct": {"value": 0.3}, "pairs": 5, "verdict": "unchanged"} | change


@pytest.mark.usefixtures("tools")
def test_power_counts_what_was_planted_apart_from_what_lies_beside(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """With the pairs that it took; the benchmarks asked for are those of the rows that take part."""
    power = script("power")
    asked = []

    def check(planted: dict[str, float], rows: list[str], _: Path, bench: str) -> dict[str, Any]:
        asked.append((planted, rows, bench))
        caught = {"verdict": "regressed", "pairs": 9}
        return {
            "changes": [
                reported({"parameters": [f"'{row}'"], "benchmark": "rotten_tomatoes.Latency.time_offline"})
                | (caught if row in planted else {})
                for row in rows
            ]
        }

    monkeypatch.setattr(power, "_checked", check)
    monkeypatch.setattr(
        sys, "argv", ["power.py", "--times", "1", "--sizes", "3", "--beside", "2", "--output", str(tmp_path)]
    )
    power.main()
    printed = capsys.readouterr().out
    assert asked == [({"baseline": 3.0}, ["baseline", "bf16", "fp16"], "Latency")]
    assert "time_offline regressed after 9 pairs" in printed
    assert "1 of 1" in printed
    assert "0 of 2 verdicts on what was not slowed down are red" in printed


@pytest.mark.slow
@pytest.mark.nightly  # it tries the tool itself; checks of harmless commits are in tests/test_record.py
@pytest.mark.usefixtures("tools")
def test_harmless_commit_is_checked_in_a_clone(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Of a project like this one, whose weights are trained in seconds."""
    harmless, in_clone = script("harmless"), script("in_clone")
    monkeypatch.setattr(in_clone, "ROOT", project)
    options = ("--only", "eager.py with dead code", "--rows", "baseline", "--bench", "tiny.*single_stream.*baseline")
    monkeypatch.setattr(sys, "argv", ["harmless.py", *options, "--output", str(tmp_path / "harmless")])
    with pytest.raises(SystemExit) as ended:
        harmless.main()
    assert ended.value.code == 0
    printed = capsys.readouterr().out
    assert "| eager.py with dead code | green   | 0 of 1" in printed
    assert "0 of 1 checks of harmless commits are red" in printed
