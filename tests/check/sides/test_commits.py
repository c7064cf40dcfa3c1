"""The commits of a check, and the files that differ between them."""

import os
import time
from pathlib import Path

import pytest
from support.tiny_project import commit_all, git

from bench_models.check.sides.commits import changed_files, lent_suite, resolve, side_by_side
from bench_models.checkout import Checkout
from bench_models.errors import BenchModelsError


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


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return a repository with a commit of a file, another of a second one, and ignored data."""
    root = tmp_path / "repository"
    root.mkdir()
    git("init", "--quiet", "--initial-branch=main", cwd=root)
    (root / ".gitignore").write_text("data/\n", encoding="utf-8")
    (root / "code.py").write_text("x = 1\n", encoding="utf-8")
    commit_all(root, "Begin")
    (root / "other.py").write_text("y = 1\n", encoding="utf-8")
    commit_all(root, "Go on")
    return root


def snapshot(root: Path) -> str:
    """Return the commit that HEAD is measured as."""
    return resolve(Checkout(root=root, commit=""), "HEAD~1", "HEAD")["head"].hash


def files(root: Path, commit: str) -> list[str]:
    """Return the files of a commit."""
    return git("ls-tree", "-r", "--name-only", commit, cwd=root).split()


def test_snapshot_holds_what_is_changed_new_gone_and_ignored_but_added_by_force(repository: Path) -> None:
    """What is named as uncommitted is measured, and the index stays as it was."""
    (repository / "data").mkdir()
    for name in ("data/n.txt", "data/not_added.txt", "new.py"):
        (repository / name).write_text("1\n", encoding="utf-8")
    (repository / "code.py").write_text("x = 2\n", encoding="utf-8")
    (repository / "other.py").unlink()
    git("add", "--force", "data/n.txt", cwd=repository)
    before = git("status", "--porcelain", cwd=repository)
    commit = snapshot(repository)
    assert files(repository, commit) == [".gitignore", "code.py", "data/n.txt", "new.py"]
    assert git("show", f"{commit}:code.py", cwd=repository) == "x = 2\n"
    assert git("status", "--porcelain", cwd=repository) == before


def test_snapshot_of_a_repository_without_an_index_is_what_lies_there(repository: Path) -> None:
    """As after `git clone --no-checkout`."""
    (repository / ".git" / "index").unlink()
    (repository / "other.py").unlink()
    assert files(repository, snapshot(repository)) == [".gitignore", "code.py"]


def test_same_files_on_the_same_commit_have_one_snapshot(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At any time and by anybody: the shards of a check compare the hashes."""
    (repository / "code.py").write_text("x = 2\n", encoding="utf-8")
    first = snapshot(repository)
    time.sleep(1.1)  # git counts seconds
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Somebody Else")
    assert snapshot(repository) == first
    (repository / "code.py").write_text("x = 3\n", encoding="utf-8")
    assert snapshot(repository) != first


def test_change_that_was_staged_and_undone_is_none(repository: Path) -> None:
    """HEAD is the commit then, which is refused beside itself."""
    (repository / "code.py").write_text("x = 2\n", encoding="utf-8")
    git("add", "code.py", cwd=repository)
    (repository / "code.py").write_text("x = 1\n", encoding="utf-8")
    assert snapshot(repository) == git("rev-parse", "HEAD", cwd=repository).strip()
    with pytest.raises(BenchModelsError, match="are the same commit"):
        resolve(Checkout(root=repository, commit=""), "main", "HEAD")


def test_name_that_is_no_text_is_shown_with_its_bytes(repository: Path) -> None:
    """Whether it was committed or not, and wherever it is written then."""
    names = [os.fsdecode(name) for name in (b"caf\xe9.py", b"th\xe9 .py")]
    for name in names:
        (repository / name).write_text("x = 1\n", encoding="utf-8")
        checkout = Checkout(root=repository, commit="")
        commits = resolve(checkout, "main", "HEAD")
        shown = name.encode(errors="surrogateescape").decode(errors="backslashreplace")
        assert commits["head"].uncommitted == (shown,)
        assert changed_files(checkout, commits, [Path()]) == [shown]
        commit_all(repository, "Add it")


@pytest.mark.parametrize("link", ["asv", "asv/suite"])
def test_heads_suite_takes_the_place_of_a_link(repository: Path, tmp_path: Path, link: str) -> None:
    """What BASE's link led to stays as it is, above all outside of the tree."""
    elsewhere = tmp_path / "elsewhere"
    for folder in ("", "suite"):
        (elsewhere / folder).mkdir()
        (elsewhere / folder / "kept.py").write_text("", encoding="utf-8")
    (repository / link).parent.mkdir(exist_ok=True)
    (repository / link).symlink_to(elsewhere)
    commit_all(repository, "Link")
    (repository / link).unlink()
    (repository / "asv" / "suite").mkdir(parents=True)
    (repository / "asv" / "suite" / "new.py").write_text("", encoding="utf-8")
    commit_all(repository, "Put a suite there")
    checkout = Checkout(root=repository, commit="")
    commits, suite = resolve(checkout, "HEAD~1", "HEAD"), Path("asv/suite")
    with (
        side_by_side(checkout, commits, tmp_path / "check") as trees,
        lent_suite(checkout, commits, trees, suite) as tree,
    ):
        assert [file.name for file in (tree / suite).iterdir()] == ["new.py"]
    assert sorted(file.name for file in elsewhere.rglob("*.py")) == ["kept.py", "kept.py"]


def test_hook_that_fails_after_a_checkout_is_not_asked(repository: Path, tmp_path: Path) -> None:
    """It is for a person's checkouts."""
    hook = repository / ".git" / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    hook.chmod(0o755)
    checkout = Checkout(root=repository, commit="")
    with side_by_side(checkout, resolve(checkout, "HEAD~1", "HEAD"), tmp_path / "check") as trees:
        assert [(tree / "other.py").exists() for tree in trees.values()] == [False, True]


@pytest.fixture
def submodule(repository: Path, tmp_path: Path) -> Path:
    """Return a committed submodule of the repository, where it lies."""
    source = tmp_path / "source"
    source.mkdir()
    git("init", "--quiet", cwd=source)
    (source / "vendored.py").write_text("z = 1\n", encoding="utf-8")
    commit_all(source, "Begin")
    add = ("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(source), "vendor")
    git(*add, cwd=repository)
    commit_all(repository, "Take something along")
    return repository / "vendor"


@pytest.mark.parametrize("name", ["vendored.py", "new.py"])
def test_uncommitted_change_inside_a_submodule_is_refused(repository: Path, submodule: Path, name: str) -> None:
    """Of a submodule, a commit holds nothing but its commit; the commit itself can be measured all the same."""
    (submodule / name).write_text("z = 2\n", encoding="utf-8")
    with pytest.raises(BenchModelsError, match=r"inside the submodule vendor, .* commit them there .* as HEAD"):
        snapshot(repository)
    checkout = Checkout(root=repository, commit="")
    head = git("rev-parse", "HEAD", cwd=repository).strip()
    assert resolve(checkout, "HEAD~1", head)["head"].uncommitted == ()


def test_other_commit_of_a_submodule_is_part_of_the_snapshot(repository: Path, submodule: Path) -> None:
    """It need not be committed in the repository around it."""
    (submodule / "vendored.py").write_text("z = 2\n", encoding="utf-8")
    inside = commit_all(submodule, "Change")
    assert inside in git("ls-tree", snapshot(repository), "vendor", cwd=repository)


def test_commit_of_a_submodule_that_is_only_here_has_to_be_pushed(
    repository: Path, submodule: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Submodules are cloned for a check; once it is pushed, the check has it."""
    for key, each in {"COUNT": "1", "KEY_0": "protocol.file.allow", "VALUE_0": "always"}.items():
        monkeypatch.setenv(f"GIT_CONFIG_{key}", each)
    git("checkout", "--quiet", "-b", "new", cwd=submodule)
    (submodule / "vendored.py").write_text("z = 2\n", encoding="utf-8")
    commit_all(submodule, "Change")
    checkout = Checkout(root=repository, commit="")
    commits = resolve(checkout, "HEAD~1", "HEAD")
    with (
        pytest.raises(BenchModelsError, match=r"submodules of HEAD \(.*\) with 1 uncommitted file .* pushed first"),
        side_by_side(checkout, commits, tmp_path / "before"),
    ):
        pass
    git("push", "--quiet", "origin", "new", cwd=submodule)
    with side_by_side(checkout, commits, tmp_path / "after") as trees:
        assert (trees["head"] / "vendor" / "vendored.py").read_text(encoding="utf-8") == "z = 2\n"
