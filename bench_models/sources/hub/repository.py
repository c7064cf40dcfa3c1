"""What models and datasets of the hub have in common: names, commits, and folders that stand for them."""

import os
import re
from pathlib import Path

from bench_models.errors import BenchModelsError

# A branch or a tag can move, and would be measured as something else without a trace.
_COMMIT = re.compile("[0-9a-f]{40}")

# The client's own rule, said here so that a suite is refused where it is written, without importing the client.
_NAME = re.compile(r"(?!.*(--|\.\.))(?!.*\.git$)(\b[\w\-.]{1,96}\b/)?\b[\w\-.]{1,96}\b", re.ASCII)


def require_pinned(repository: str, revision: str) -> None:
    """Refuse what names no repository, and revisions that can move."""
    if not _NAME.fullmatch(repository):
        raise BenchModelsError(
            f"{repository!r} is no repository's name: give owner/name as its page has it, of letters, digits, '-', '_' "
            "and '.'"
        )
    if not _COMMIT.fullmatch(revision):
        raise BenchModelsError(
            f"{repository} at {revision!r}: give the hash of a commit, of 40 hexadecimal digits; branches and tags move"
        )


def local_folder(repository: str) -> Path | None:
    """Return the local folder that stands for a repository, where there is one.

    Raises ``BenchModelsError`` where ``BENCH_MODELS_HUB`` is no folder: a hub would be asked without a word.
    """
    root = _local_hub()
    return root / repository if root is not None and (root / repository).is_dir() else None


def looked_for(repository: str) -> str:
    """Return in words where else a repository was looked for that cannot be downloaded."""
    root = _local_hub()
    return f"; BENCH_MODELS_HUB={root} holds no folder {repository} to take instead" if root else ""


def _local_hub() -> Path | None:
    told = os.environ.get("BENCH_MODELS_HUB")
    if not told:
        return None
    root = Path(told).expanduser()
    if not root.is_absolute():
        raise BenchModelsError(
            f"BENCH_MODELS_HUB={told} is a relative path: give an absolute one, such as {root.absolute()}"
        )
    if not root.is_dir():
        raise BenchModelsError(
            f"BENCH_MODELS_HUB={told} is no folder: name one that holds repositories as owner/name, or unset it"
        )
    return root


def first_line(error: Exception) -> str:
    """Return what an error says before it goes into details."""
    return str(error).strip().split("\n", 1)[0]
