"""A key changes with what decides the outcome, and with nothing else."""

import dataclasses
import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from bench_models import provenance
from bench_models.provenance import source_digest, step_key
from bench_models.recipes.prune import PruneL1

STEP = """
import os
from bench_models.recipes import prune
def apply(model):
    'Prune.'
    return model + 1
"""


@pytest.fixture
def digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Return a function from a module's source to its digest."""
    counter = iter(range(100))

    def of(source: str) -> str:
        module = ModuleType("a_step")
        module.__file__ = str(tmp_path / f"a_step{next(counter)}.py")
        Path(module.__file__).write_text(source, encoding="utf-8")
        monkeypatch.setitem(sys.modules, "a_step", module)
        source_digest.cache_clear()
        return source_digest("a_step")

    return of


def test_comment_and_docstring_change_nothing(digest: Callable[[str], str]) -> None:
    """Nor does layout."""
    assert digest(STEP) == digest(STEP.replace("+ 1", "+  1  # better").replace("Prune.", "Prune well."))


def test_code_changes_the_digest(digest: Callable[[str], str]) -> None:
    """One operator is enough."""
    assert digest(STEP) != digest(STEP.replace("+", "-"))


def test_code_that_a_step_imports_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A change in the training loop is a change of every trained step."""
    before = source_digest("bench_models.recipes.finetune")
    code = provenance._code
    monkeypatch.setattr(provenance, "_code", lambda file: code(file) + ("x" if file.name == "training.py" else ""))
    source_digest.cache_clear()

    assert before != source_digest("bench_models.recipes.finetune")
    source_digest.cache_clear()


@pytest.mark.parametrize("relative", ["PACKAGE.helpers", ".helpers"])
def test_code_beside_a_users_step_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, relative: str) -> None:
    """A helper module of the user's own package, imported absolutely or relatively."""
    package = tmp_path / f"mine_{len(relative)}"
    package.mkdir()
    monkeypatch.syspath_prepend(str(tmp_path))
    for name, text in {"__init__": "", "helpers": "X = 1\n", "steps": f"from {relative} import X\n"}.items():
        (package / f"{name}.py").write_text(text.replace("PACKAGE", package.name), encoding="utf-8")
    importlib.import_module(f"{package.name}.steps")
    before = source_digest(f"{package.name}.steps")
    (package / "helpers.py").write_text("X = 2\n", encoding="utf-8")
    source_digest.cache_clear()

    assert before != source_digest(f"{package.name}.steps")


def test_code_of_other_steps_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """Editing how pruning works leaves the fine-tuned weights alone, and so does a suite's table."""
    source_digest.cache_clear()
    seen: set[str] = set()
    code = provenance._code

    def noted(file: Path) -> str:
        seen.add(file.name)
        return code(file)

    monkeypatch.setattr(provenance, "_code", noted)
    source_digest("bench_models.recipes.finetune")

    assert {"finetune.py", "training.py", "step.py"} <= seen
    assert seen.isdisjoint({"prune.py", "suite.py", "rotten_tomatoes.py", "corpora.py", "build.py", "store.py"})
    source_digest.cache_clear()


def test_every_field_parent_and_corpus_counts() -> None:
    """A step's key depends on all that it is given."""
    step = PruneL1(amount=0.3)
    keys = {
        step_key("parent", step, "corpus"),
        step_key("parent", dataclasses.replace(step, amount=0.5), "corpus"),
        step_key("other", step, "corpus"),
        step_key("parent", step, "other"),
    }

    assert len(keys) == 4
    assert step_key("parent", PruneL1(amount=0.3), "corpus") in keys


def test_library_version_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A torch bump makes trained weights anew."""
    before = step_key("parent", PruneL1(amount=0.3), "corpus")
    monkeypatch.setattr(provenance, "library_versions", lambda names: dict.fromkeys(names, "9.9"))

    assert before != step_key("parent", PruneL1(amount=0.3), "corpus")


@pytest.mark.parametrize("name", ["ranking", "shallower", "augment", "distill", "structured", "intx", "training"])
def test_code_of_one_technique_is_no_part_of_the_loading(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Every key descends from the code that loads a model: an edit of any other would train all anew."""
    code = provenance._code
    monkeypatch.setattr(provenance, "_code", lambda file: "edited" if file.stem == name else code(file))
    edited = source_digest.__wrapped__("bench_models.recipes.classifier")
    assert edited == source_digest("bench_models.recipes.classifier")


@pytest.mark.parametrize(
    ("name", "users"),
    [
        ("ranking", {"structured"}),
        ("shallower", {"distill"}),
        ("training", {"distill", "structured", "finetune", "intx"}),
    ],
)
def test_code_of_one_technique_is_part_of_its_own_key(
    monkeypatch: pytest.MonkeyPatch, name: str, users: set[str]
) -> None:
    """And of no other's."""
    steps = ("distill", "structured", "finetune", "intx", "prune", "quantize", "bnb")
    before = {step: source_digest(f"bench_models.recipes.{step}") for step in steps}
    code = provenance._code
    monkeypatch.setattr(provenance, "_code", lambda file: "edited" if file.stem == name else code(file))
    after = {step: source_digest.__wrapped__(f"bench_models.recipes.{step}") for step in steps}
    assert {step for step in steps if before[step] != after[step]} == users
