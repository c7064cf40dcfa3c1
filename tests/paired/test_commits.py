"""The files that differ between the commits of a check."""

from pathlib import Path

import pytest
from tiny_project import commit_all, git

from bench_models.checkout import Checkout
from bench_models.paired.commits import changed_files, resolve


@pytest.mark.parametrize(
    ("folders", "expected"),
    [
        (["suite"], ["suite/*.py", "suite/new.py", "suite/old.py", "suite/ä b.py"]),
        (["."], ["code.py", "suite/*.py", "suite/new.py", "suite/old.py", "suite/ä b.py"]),
        (["suite/*.py"], ["suite/*.py"]),
        (["nowhere"], []),
        ([], []),
    ],
)
def test_changed_files_are_those_below_the_folders(tmp_path: Path, folders: list[str], expected: list[str]) -> None:
    """Whatever they are called; one that was moved is gone from one place and new in another."""
    git("init", "--quiet", "--initial-branch=main", cwd=tmp_path)
    (tmp_path / "suite").mkdir()
    for name in ("code.py", "suite/old.py", "suite/*.py", "suite/ä b.py", "suite/same.py"):
        (tmp_path / name).write_text(f"# {name}\n" * 20, encoding="utf-8")
    commit_all(tmp_path, "Begin")
    (tmp_path / "suite" / "old.py").rename(tmp_path / "suite" / "new.py")
    for name in ("code.py", "suite/*.py", "suite/ä b.py"):
        (tmp_path / name).write_text("changed\n", encoding="utf-8")
    commit_all(tmp_path, "Change")
    checkout = Checkout(root=tmp_path, commit="")
    commits = resolve(checkout, "HEAD~1", "main")
    assert changed_files(checkout, commits, map(Path, folders)) == expected
