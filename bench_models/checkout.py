"""Git: the commit that results belong to, and what is not committed yet."""

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench_models.errors import BenchModelsError

_NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """A work tree and the commit that is checked out in it."""

    root: Path
    commit: str


def checkout_here() -> Checkout:
    """Return the checkout around the current folder; raises ``BenchModelsError`` where there is no commit."""
    here = Path.cwd()
    root = git("rev-parse", "--show-toplevel", cwd=here)
    if root is None:
        message = f"{here} is not in a git repository: results belong to a commit, so run this inside a clone"
        raise BenchModelsError(message)
    commit = git("rev-parse", "--verify", "HEAD", cwd=here)
    if commit is None:
        raise BenchModelsError(f"the git repository {root} has no commit yet: commit first, results belong to a commit")
    return Checkout(root=Path(root), commit=commit)


def require_clean(checkout: Checkout) -> None:
    """Refuse changes that are in the work tree and not in the commit."""
    changed = uncommitted(checkout)
    if changed:
        message = (
            f"uncommitted changes in {in_short(changed)}: the results would be stored under commit "
            f"{checkout.commit[:8]}, which they do not belong to; commit the changes (a temporary commit will do) or "
            "stash them"
        )
        raise BenchModelsError(message)


def uncommitted(checkout: Checkout, *, everything: bool = False) -> list[str]:
    """Return the files that differ between the work tree and the commit, in words.

    Files that git does not track count when they are Python, which would be imported, or with ``everything``.
    """
    status = git("status", "--porcelain", "--no-renames", "--untracked-files=all", "-z", cwd=checkout.root)
    if status is None:
        raise BenchModelsError(
            f"`git status` fails in {checkout.root}: mend the repository, results belong to a commit"
        )
    lines = status.rstrip("\0").split("\0") if status else []
    return [in_words(line[3:]) for line in lines if everything or not line.startswith("??") or line.endswith(".py")]


def require_installed(checkout: Checkout) -> None:
    """Refuse to measure one version of this package under the commit of another.

    A project that merely uses this package has no copy of it, and nothing to compare.
    """
    running, committed = Path(__file__).parent, checkout.root / Path(__file__).parent.name
    if not committed.is_dir():
        return
    for file in sorted({path.relative_to(root) for root in (running, committed) for path in root.rglob("*.py")}):
        pair = running / file, committed / file
        if not all(path.is_file() for path in pair) or pair[0].read_bytes() != pair[1].read_bytes():
            message = (
                f"the installed bench_models is not the one of commit {checkout.commit[:8]} ({file} differs): install "
                'the checked-out one with `python -m pip install ".[runtimes]"`, or use `tox -e bench`, which does'
            )
            raise BenchModelsError(message)


def git(*arguments: str, cwd: Path, env: dict[str, str] | None = None) -> str | None:
    """Return what git prints, without the last line end, or None when it fails.

    File names that are not UTF-8 come with lone surrogates; ``in_words`` makes them printable.
    """
    try:
        done = subprocess.run(["git", *arguments], cwd=cwd, env=env, capture_output=True, check=False)
    except FileNotFoundError as error:
        raise BenchModelsError("git is not installed or not on PATH: results belong to a git commit") from error
    return os.fsdecode(done.stdout).rstrip("\n") if done.returncode == 0 else None


def in_short(names: Sequence[str], most: int = _NAMED) -> str:
    """Return the first few of some names, and how many more there are."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def in_words(name: str) -> str:
    """Return a file's name as text that can be written anywhere: bytes that are not UTF-8 are shown in hexadecimal."""
    return os.fsencode(name).decode(errors="backslashreplace")
