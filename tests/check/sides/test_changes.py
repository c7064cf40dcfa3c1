"""What a change touches is inert only where no benchmark can read it."""

from pathlib import Path

import pytest

from bench_models.check.sides.changes import ChangedFiles
from bench_models.check.sides.side import Tree
from bench_models.verdict.measurements import SIDES, SideName


def changed(tmp_path: Path, *names: str, apart: bool = True, suite: str = "", head: str = "") -> ChangedFiles:
    """Return changed files of two trees with a package and a suite; ``head`` is HEAD's version of the package."""
    trees: dict[SideName, Path] = {side: tmp_path / side for side in SIDES}
    furnished: dict[SideName, Tree] = {}
    for side, root in trees.items():
        code = tmp_path / f"code-{side}" if apart else root
        for folder in {root, code}:
            (folder / "shapes").mkdir(parents=True, exist_ok=True)
            (folder / "shapes" / "__init__.py").write_text(head if side == "head" else "", encoding="utf-8")
            (folder / "shapes" / "notes.md").touch()
        (root / "suite").mkdir()
        (root / "suite" / "areas.py").write_text(suite, encoding="utf-8")
        furnished[side] = Tree(
            name=side, place=side, python=Path("python"), code=code, suite=root / "suite", timeout_s=60.0, apart=apart
        )
    return ChangedFiles(names=names, furnished=furnished, trees=trees)


@pytest.mark.parametrize(
    "name",
    [
        "README.md",
        "docs/a/page.html",
        "tests/test_shapes.py",
        ".github/workflows/ci.yml",
        "LICENSE",
        "tox.ini",
        "a.rst",
    ],
)
def test_documents_tests_and_settings_of_other_tools_are_inert(tmp_path: Path, name: str) -> None:
    """Where the package is installed apart from them; code that runs in the tree may read them."""
    assert changed(tmp_path / "apart", name).of_benchmarks == ()
    assert changed(tmp_path / "beside", name, apart=False).of_benchmarks == (name,)


@pytest.mark.parametrize("apart", [True, False])
@pytest.mark.parametrize(
    "name",
    [
        "shapes/notes.md",
        "suite/notes.md",
        "shapes/__init__.py",
        "setup.py",
        "pyproject.toml",
        "data/names.json",
        "Makefile",
    ],
)
def test_what_is_installed_or_of_unknown_use_is_not_inert(tmp_path: Path, name: str, *, apart: bool) -> None:
    """A document inside the package is data of it."""
    assert changed(tmp_path, name, apart=apart).of_benchmarks == (name,)


def test_document_of_a_package_below_another_folder_is_not_inert(tmp_path: Path) -> None:
    """``src/shapes/notes.md`` is installed as ``shapes/notes.md``."""
    assert changed(tmp_path, "src/shapes/notes.md").of_benchmarks == ("src/shapes/notes.md",)


@pytest.mark.parametrize(
    "suite",
    [
        "open(ROOT / 'README.md')",
        "open('../README.md')",
        "ROOT.glob('*.md')",
        "[each for each in ROOT.iterdir() if each.suffix == '.md']",
        "list(os.walk(ROOT))",
        "ROOT.rglob('*')",
    ],
)
def test_document_that_the_suite_names_is_not_inert(tmp_path: Path, suite: str) -> None:
    """By its name, its folder or its kind, or by listing folders, which may mean any file."""
    assert changed(tmp_path, "README.md", suite=suite).of_benchmarks == ("README.md",)


@pytest.mark.parametrize("suite", ["from tests.helpers import make", "import tests.helpers", "DATA = 'tests/data'"])
def test_test_that_the_suite_uses_is_not_inert(tmp_path: Path, suite: str) -> None:
    """By an import, or by the path of a file beside it."""
    assert changed(tmp_path, "tests/helpers.py", suite=suite).of_benchmarks == ("tests/helpers.py",)


def test_docstring_that_mentions_a_document_makes_no_difference(tmp_path: Path) -> None:
    """It is not read."""
    assert changed(tmp_path, "README.md", suite='"""README.md says why."""').of_benchmarks == ()


@pytest.mark.parametrize(
    ("name", "head", "alike"),
    [
        ("shapes/__init__.py", "# A comment.\n", True),
        ("shapes/__init__.py", '"""A docstring."""\n', True),
        ("shapes/__init__.py", "SIDES = 4\n", False),
        ("shapes/gone.py", "", False),
        ("data.json", "", False),
        ("README.md", "", True),
    ],
)
def test_commits_that_differ_in_comments_only_run_alike(tmp_path: Path, name: str, head: str, *, alike: bool) -> None:
    """What is scored of one of them is true of the other."""
    assert changed(tmp_path, name, head=head).runs_alike == alike


def test_installed_packages_are_compared_to_the_byte(tmp_path: Path) -> None:
    """But for the long description, and for what pip records and compiles."""
    files = changed(tmp_path)
    for side, tree in files.furnished.items():
        about = tree.code / "shapes-1.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(f"Name: shapes\n\n{side}\n", encoding="utf-8")
        (about / "RECORD").write_text(side, encoding="utf-8")
        (tree.code / "shapes" / "x.pyc").write_text(side, encoding="utf-8")
    assert files.installed_alike
    (files.furnished["head"].code / "shapes" / "version.py").touch()
    assert not ChangedFiles(names=(), furnished=files.furnished, trees=files.trees).installed_alike
