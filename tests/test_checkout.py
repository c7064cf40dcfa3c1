"""Results belong to a commit, so the commit must be what is in the work tree."""

import shutil
from pathlib import Path

import pytest
from support.tiny_project import commit_all, git

import bench_models
from bench_models.checkout import checkout_here, require_clean, require_installed
from bench_models.errors import BenchModelsError


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a repository with one commit, as the current folder."""
    git("init", "--quiet", cwd=tmp_path)
    (tmp_path / "code.py").write_text("x = 1\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_checkout_knows_its_root_and_commit(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From any folder inside."""
    commit = commit_all(repository, "first")
    (repository / "deep").mkdir()
    monkeypatch.chdir(repository / "deep")

    assert repository.resolve() == checkout_here().root
    assert commit == checkout_here().commit


def test_clean_tree_is_accepted(repository: Path) -> None:
    """Files that git does not track and Python does not import are nobody's business."""
    commit_all(repository, "first")
    (repository / "notes.txt").write_text("hello", encoding="utf-8")

    require_clean(checkout_here())


@pytest.mark.parametrize("name", ["code.py", "new.py", "two words.py"])
def test_uncommitted_change_is_refused_by_name(repository: Path, name: str) -> None:
    """Changed and new Python files alike."""
    commit = commit_all(repository, "first")
    (repository / name).write_text("x = 2\n", encoding="utf-8")

    with pytest.raises(BenchModelsError, match=f"uncommitted changes in {name}: .* commit {commit[:8]}"):
        require_clean(checkout_here())


def test_status_that_fails_is_not_clean(repository: Path) -> None:
    """A damaged index hides changes."""
    commit_all(repository, "first")
    (repository / ".git" / "index").write_bytes(b"rotten")
    with pytest.raises(BenchModelsError, match="`git status` fails"):
        require_clean(checkout_here())


def test_package_of_another_commit_is_refused(repository: Path) -> None:
    """What runs must be what is committed; a project without a copy of the package has nothing to compare."""
    commit_all(repository, "first")
    require_installed(checkout_here())
    shutil.copytree(Path(bench_models.__file__).parent, repository / "bench_models")
    commit_all(repository, "Add the package")
    require_installed(checkout_here())

    with (repository / "bench_models" / "verdict.py").open("a", encoding="utf-8") as file:
        file.write("# Changed.\n")
    commit = commit_all(repository, "Change the package")
    with pytest.raises(BenchModelsError, match=rf"not the one of commit {commit[:8]} \(verdict.py differs\)"):
        require_installed(checkout_here())


@pytest.mark.usefixtures("repository")
def test_repository_without_a_commit_is_refused() -> None:
    """There is nothing that results could belong to."""
    with pytest.raises(BenchModelsError, match="has no commit yet"):
        checkout_here()


def test_folder_outside_git_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence names the folder."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BenchModelsError, match=f"{tmp_path.name} is not in a git repository"):
        checkout_here()


def test_missing_git_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No traceback for a missing program."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BenchModelsError, match="git is not installed"):
        checkout_here()
