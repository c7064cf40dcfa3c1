"""A key changes with what decides the outcome, and with nothing else."""

import dataclasses
import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from asv_runner._aux import update_sys_path

from bench_models import provenance
from bench_models.provenance import source_digest, sources, step_key
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


# Each imports helper code in a way of its own: what the step's module says, the file that holds it.
_WAYS = {
    "of the same package": ("from mine.helpers import X", "mine/helpers.py"),
    "relative": ("from .helpers import X", "mine/helpers.py"),
    "relative, as a module": ("from . import helpers", "mine/helpers.py"),
    "relative, from above": ("from ..others import helpers", "others/helpers.py"),
    "under another name": ("import others.deep.helpers as h", "others/deep/helpers.py"),
    "of another package": ("from others.helpers import X", "others/helpers.py"),
    "a package on the way": ("from others.deep import helpers", "others/__init__.py"),
    "a module beside the package": ("import beside", "beside.py"),
    "in a namespace": ("import space.helpers", "space/helpers.py"),
    "by what is imported": ("import beside", "others/helpers.py"),
    "inside apply": ("def apply(model):\n    from others import helpers", "others/helpers.py"),
    "by a call": ("import importlib\nimportlib.import_module('others.helpers')", "others/helpers.py"),
}


@pytest.fixture
def users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a user's repository on Python's path, with two packages, a module and a namespace."""
    root = tmp_path / "repository"
    for name in ("mine/__init__", "mine/helpers", "others/__init__", "others/helpers", "space/helpers"):
        write(root, f"{name}.py", "X = 1")
    write(root, "others/deep/__init__.py", "")
    write(root, "others/deep/helpers.py", "X = 1")
    write(root, "beside.py", "from others.helpers import X")
    monkeypatch.syspath_prepend(str(root))
    known = set(sys.modules)
    yield root
    for name in set(sys.modules) - known:
        if name.partition(".")[0] in {"mine", "others", "beside", "space"}:
            del sys.modules[name]


def write(root: Path, name: str, text: str) -> None:
    """Write a module, and whatever it lies in."""
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(f"{text}\n", encoding="utf-8")


def digest_of(module: str) -> str:
    """Return the digest as a new process would."""
    source_digest.cache_clear()
    return source_digest(module)


@pytest.mark.parametrize(("imported", "file"), _WAYS.values(), ids=_WAYS.keys())
def test_users_code_counts_however_it_is_imported(users: Path, imported: str, file: str) -> None:
    """Wherever it lies in the repository; a comment in it does not."""
    inside = "sub/" if ".." in imported else ""
    write(users, f"mine/{inside}steps.py", imported)
    write(users, f"mine/{inside}__init__.py", "")
    if inside:  # from above is from the package's own parent
        file, module = f"mine/{file}", "mine.sub.steps"
        write(users, "mine/others/__init__.py", "")
        write(users, file, "X = 1")
    else:
        module = "mine.steps"
    before = digest_of(module)
    text = (users / file).read_text(encoding="utf-8")
    write(users, file, f"{text}# better")
    assert digest_of(module) == before
    write(users, file, f"{text}Y = 2")
    assert digest_of(module) != before


def test_key_is_the_same_whether_or_not_a_module_was_imported(users: Path) -> None:
    """And a module of the same name from elsewhere, which somebody has loaded, changes nothing."""
    write(users, "mine/steps.py", "def apply(model):\n    from others import helpers")
    before = digest_of("mine.steps")
    importlib.import_module("mine.steps")
    importlib.import_module("others.helpers")
    assert digest_of("mine.steps") == before
    stranger = users.parent / "elsewhere" / "helpers.py"
    write(stranger.parent, "helpers.py", "X = 3")
    sys.modules["others.helpers"].__file__ = str(stranger)
    assert digest_of("mine.steps") == before
    write(users, "others/helpers.py", "X = 2")
    assert digest_of("mine.steps") != before


def test_suite_that_asv_alone_finds_counts_as_any_package(users: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is imported through a finder of asv's own."""
    suite = users.parent / "suites" / "measured"
    write(suite, "__init__.py", "")
    write(suite, "helpers.py", "X = 1")
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])
    update_sys_path(str(suite))
    write(users, "mine/steps.py", "import measured.helpers")
    assert {"measured", "measured.helpers"} <= {name for name, _ in sources("mine.steps")}


def test_installed_libraries_count_by_their_version_alone(users: Path) -> None:
    """Nor does the standard library, nor what is imported for its types."""
    imports = ["import json, torch, transformers", "from typing import TYPE_CHECKING"]
    write(users, "mine/steps.py", "\n".join([*imports, "if TYPE_CHECKING:", "    import beside"]))
    names = {name for name, _ in sources("mine.steps")}
    assert names == {"mine", "mine.steps"}
    write(users, "mine/steps.py", "\n".join([*imports, "if not TYPE_CHECKING:", "    import beside"]))
    assert {name for name, _ in sources("mine.steps")} == {"mine", "mine.steps", "beside", "others", "others.helpers"}


def test_file_that_is_no_python_here_counts_as_it_stands(users: Path) -> None:
    """It cannot run, but its twin for another Python may."""
    write(users, "mine/steps.py", "try:\n    import beside\nexcept SyntaxError:\n    pass")
    write(users, "beside.py", "print 1")
    before = digest_of("mine.steps")
    write(users, "beside.py", "print 2")
    assert digest_of("mine.steps") != before


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
    assert seen.isdisjoint({"prune.py", "suite.py", "rotten_tomatoes.py", "corpora.py", "build.py", "storage.py"})
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


@pytest.mark.parametrize("name", ["distill", "prune", "quantize_torchao", "training"])
def test_code_of_one_technique_is_no_part_of_the_loading(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Every key descends from the code that loads a model: an edit of any other would train all anew."""
    code = provenance._code
    monkeypatch.setattr(provenance, "_code", lambda file: "edited" if file.stem == name else code(file))
    edited = source_digest.__wrapped__("bench_models.recipes.classifier")
    assert edited == source_digest("bench_models.recipes.classifier")


@pytest.mark.parametrize(
    ("name", "users"),
    [
        ("prune", {"prune"}),
        ("distill", {"distill"}),
        ("training", {"distill", "prune", "finetune", "quantize_torchao"}),
    ],
)
def test_code_of_one_technique_is_part_of_its_own_key(
    monkeypatch: pytest.MonkeyPatch, name: str, users: set[str]
) -> None:
    """And of no other's."""
    steps = ("distill", "prune", "finetune", "quantize_torchao", "quantize_dynamic", "quantize_bitsandbytes")
    before = {step: source_digest(f"bench_models.recipes.{step}") for step in steps}
    code = provenance._code
    monkeypatch.setattr(provenance, "_code", lambda file: "edited" if file.stem == name else code(file))
    after = {step: source_digest.__wrapped__(f"bench_models.recipes.{step}") for step in steps}
    assert {step for step in steps if before[step] != after[step]} == users
