"""Resolves the two commits of a check, and checks them out beside each other."""

import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench_models.checkout import Checkout, git, in_words, uncommitted
from bench_models.errors import BenchModelsError
from bench_models.verdict.measurements import SIDES, SideName

WORKING_TREE = "HEAD"
# Where BASE lies with HEAD's suite; as long as "base" and "head".
LENT = "lent"
_HASH = re.compile("[0-9a-f]{40}")
# Git's hooks are for people: one after a checkout may install what it likes, or fail.
_NO_HOOKS = ("-c", f"core.hooksPath={os.devnull}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """A commit, the name that it was asked for by, and the files that were not committed."""

    name: str
    hash: str
    uncommitted: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return a name for people."""
        short = self.hash[:8] if self.hash.startswith(self.name) else f"{self.name} ({self.hash[:8]})"
        files = f"{len(self.uncommitted)} uncommitted file{'' if len(self.uncommitted) == 1 else 's'}"
        return f"{short} with {files}" if self.uncommitted else short


def resolve(checkout: Checkout, base: str, head: str, *, itself: bool = False) -> dict[SideName, Commit]:
    """Return the commits of both sides; HEAD includes uncommitted changes, and so does BASE with ``itself``.

    Raises ``BenchModelsError`` for an unknown commit, for changes inside a submodule, which no commit of the repository
    can hold, and for twice the same commit without ``itself``.
    """
    commits: dict[SideName, Commit] = {"base": _commit(checkout, base), "head": _commit(checkout, head)}
    changed = uncommitted(checkout, everything=True) if head == WORKING_TREE else []
    if changed:
        _require_clean_submodules(checkout, commits["head"])
        taken = Commit(name=head, hash=_snapshot(checkout), uncommitted=tuple(changed))
        if tree_hash(checkout, taken) != tree_hash(checkout, commits["head"]):  # what was staged may be undone again
            commits["head"] = taken
    if itself:
        commits["base"] = commits["head"]
    if commits["base"].hash == commits["head"].hash and not itself:
        message = (
            f"BASE {base} and HEAD {head} are the same commit {commits['base'].hash[:8]}: name the commit that the "
            "change started from, for example `main` or `HEAD~1`"
        )
        raise BenchModelsError(message)
    return commits


@contextmanager
def side_by_side(checkout: Checkout, commits: dict[SideName, Commit], folder: Path) -> Iterator[dict[SideName, Path]]:
    """Check both commits out below a folder, in paths of equal length, and remove them afterwards.

    The length of a path shifts what lies behind it in memory, which alone can change a time (Mytkowicz
    et al., Producing wrong data without doing anything obviously wrong, ASPLOS 2009).
    """
    trees: dict[SideName, Path] = {side: folder / "trees" / side for side in SIDES}
    with _checked_out(checkout, {tree: commits[side] for side, tree in trees.items()}):
        yield trees


@contextmanager
def lent_suite(
    checkout: Checkout, commits: Mapping[SideName, Commit], trees: Mapping[SideName, Path], suite: Path
) -> Iterator[Path]:
    """Check BASE out once more, with HEAD's suite in it, in a path as long as the others.

    ``suite`` is the folder that is replaced, relative to the tree; what lies beside it is BASE's.
    """
    tree = trees["base"].with_name(LENT)
    with _checked_out(checkout, {tree: commits["base"]}):
        _make_room(tree, suite)
        ignored = shutil.ignore_patterns(".git", "__pycache__")
        shutil.copytree(trees["head"] / suite, tree / suite, symlinks=True, ignore=ignored)
        yield tree


def _make_room(tree: Path, folder: Path) -> None:
    """Remove what a tree has at a relative path; links are removed, not followed, as they may lead out of the tree."""
    for place in [tree / each for each in (*reversed(folder.parents), folder) if each.parts]:
        if place.is_symlink() or place.is_file():
            place.unlink()
    if (tree / folder).is_dir():
        shutil.rmtree(tree / folder)


def tree_hash(checkout: Checkout, commit: Commit) -> str:
    """Return git's hash of all files of a commit."""
    return _must(checkout, "rev-parse", f"{commit.hash}^{{tree}}")


def changed_files(checkout: Checkout, commits: Mapping[SideName, Commit], folders: Iterable[Path]) -> list[str]:
    """Return the files of some folders that differ between the commits, in words; a folder is relative to the tree."""
    return [in_words(name) for name in changed_names(checkout, commits, folders)]


def changed_names(checkout: Checkout, commits: Mapping[SideName, Commit], folders: Iterable[Path]) -> list[str]:
    """Return the files of some folders that differ between the commits, by their names in git."""
    both = (commits[side].hash for side in SIDES)
    # As a name, git takes "." for a file's.
    below = [f":(top,literal){folder.as_posix() if folder.parts else ''}" for folder in dict.fromkeys(folders)]
    if not below:
        return []  # without folders, git would compare all files
    names = _must(checkout, "diff-tree", "-r", "-z", "--name-only", "--no-renames", *both, "--", *below)
    return [name for name in names.split("\0") if name]


@contextmanager
def _checked_out(checkout: Checkout, trees: Mapping[Path, Commit]) -> Iterator[None]:
    try:
        for tree, commit in trees.items():
            _must(checkout, *_NO_HOOKS, "worktree", "add", "--force", "--detach", str(tree), commit.hash)
            if (tree / ".gitmodules").exists():
                _clone_submodules(tree, commit)
        yield
    finally:
        for tree in trees:
            git("worktree", "remove", "--force", str(tree), cwd=checkout.root)
            shutil.rmtree(tree, ignore_errors=True)
        git("worktree", "prune", cwd=checkout.root)


def _clone_submodules(tree: Path, commit: Commit) -> None:
    if git(*_NO_HOOKS, "submodule", "update", "--init", "--recursive", cwd=tree) is None:
        raise BenchModelsError(
            f"the submodules of {commit} cannot be cloned: see whether `git submodule update --init --recursive` works "
            "in a fresh clone; a commit that was made inside a submodule has to be pushed first"
        )


def _commit(checkout: Checkout, name: str) -> Commit:
    found = git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}", cwd=checkout.root)
    if found is not None:
        return Commit(name=name, hash=found)
    if git("rev-parse", "--is-shallow-repository", cwd=checkout.root) == "true":
        hint = f", or this one commit with `git fetch --depth=1 origin {name}`" if _HASH.fullmatch(name) else ""
        raise BenchModelsError(
            f"this clone is shallow and has no commit {name}: fetch the whole history with `git fetch --unshallow` "
            f"(fetch-depth: 0 in GitHub's checkout){hint}"
        )
    branches = git("branch", "--all", "--format=%(refname:short)", cwd=checkout.root) or ""
    known = ", ".join(branches.split()[:10]) or "no branch"
    raise BenchModelsError(f"git knows no commit {name} here: give a branch ({known}), a tag or a commit's hash")


def _require_clean_submodules(checkout: Checkout, head: Commit) -> None:
    """Refuse changes inside a submodule: of it, a commit of the repository holds nothing but a commit's hash."""
    # As git documents it, "1" begins what changed and "u" what is unmerged; the path comes after 8 fields or 10. The
    # third is S and C, M, U of a submodule: another commit is checked out, files are changed, files are not tracked.
    status = _must(checkout, "status", "--porcelain=v2", "--no-renames", "--untracked-files=all", "-z")
    entries = [line.split(" ", {"1": 8, "u": 10}[line[0]]) for line in status.split("\0") if line[:2] in {"1 ", "u "}]
    dirty = [in_words(fields[-1]) for fields in entries if fields[2].startswith("S") and not fields[2].endswith("..")]
    if dirty:
        raise BenchModelsError(
            f"there are uncommitted changes inside the submodule {' and '.join(dirty)}, which a check cannot take "
            "along: commit them there (and push, as submodules are cloned for a check), stash or remove them, or name "
            f"the commit {head.hash[:8]} as HEAD to measure without any uncommitted change"
        )


def _snapshot(checkout: Checkout) -> str:
    """Return a commit of the working tree as it is, which no branch will ever show.

    It has the same hash wherever the same files lie on the same commit, so that shards can tell that they agree.
    """
    index = checkout.root / _must(checkout, "rev-parse", "--git-path", "index")
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "index"
        if index.exists():
            # It alone knows of ignored files that were added by force. Its time has to stay: what changed as late as
            # that, git compares by content.
            shutil.copy2(index, copy)
        env = {**os.environ, "GIT_INDEX_FILE": str(copy)}
        _must(checkout, "add", "--all", env=env)
        tree = _must(checkout, "write-tree", env=env)
    date = _must(checkout, "show", "--no-patch", "--no-show-signature", "--format=@%ct +0000", "HEAD")
    author = {"NAME": "bench-models", "EMAIL": "bench-models@localhost", "DATE": date}
    env = os.environ | {f"GIT_{role}_{key}": each for role in ("AUTHOR", "COMMITTER") for key, each in author.items()}
    return _must(checkout, "commit-tree", "-p", "HEAD", "-m", "uncommitted changes", tree, env=env)


def _must(checkout: Checkout, *arguments: str, env: dict[str, str] | None = None) -> str:
    done = git(*arguments, cwd=checkout.root, env=env)
    if done is None:
        raise BenchModelsError(f"`git {' '.join(arguments[:5])}` fails in {checkout.root}: run it to see why")
    return done
