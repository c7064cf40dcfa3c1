"""Which commits share an environment."""

import os
from pathlib import Path

import pytest
from support.tiny_project import git

from bench_models.check.sides.environments import pins

CONFIG = Path("asv.conf.json")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return a project with pins in several places."""
    files = {
        "asv.conf.json": "{}",
        "pyproject.toml": '[project]\nname = "it"\nversion = "1"\ndependencies = ["tabulate==0.9.0"]\n',
        "ci/requirements-test.txt": "pytest==9.0\n",
        "code.py": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    git("init", "--quiet", cwd=tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("asv.conf.json", "{}", '{"matrix": {}}'),
        ("pyproject.toml", "0.9.0", "0.10.0"),
        ("ci/requirements-test.txt", "9.0", "9.1"),
        ("uv.lock", "", "torch 2.14"),
    ],
)
def test_other_pins_anywhere_ask_for_another_environment(tree: Path, file: str, old: str, new: str) -> None:
    """In whatever file they are."""
    before = pins(tree, CONFIG)
    text = (tree / file).read_text(encoding="utf-8") if (tree / file).exists() else ""
    (tree / file).write_text(text.replace(old, new), encoding="utf-8")
    assert pins(tree, CONFIG) != before


@pytest.mark.parametrize(
    ("file", "text"), [("code.py", "x = 1"), ("pyproject.toml", '[tool.ruff]\nselect = ["ALL"]\n')]
)
def test_other_code_and_other_settings_do_not(tree: Path, file: str, text: str) -> None:
    """They are installed in front of the environment."""
    before = pins(tree, CONFIG)
    with (tree / file).open("a", encoding="utf-8") as opened:
        opened.write(text)
    assert pins(tree, CONFIG) == before


def test_pins_may_lie_in_a_folder_whose_name_is_no_text(tree: Path) -> None:
    """Git tracks bytes, and so does the disk."""
    before = pins(tree, CONFIG)
    folder = tree / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    (folder / "requirements.txt").write_text("torch\n", encoding="utf-8")
    git("add", "--all", cwd=tree)
    assert pins(tree, CONFIG) != before
