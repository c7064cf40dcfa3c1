"""What models and datasets of a hub share: a quiet client, pinned names, and local folders in place of the hub.

Nothing that could run code is ever loaded. Where the environment variable ``BENCH_MODELS_HUB`` names a folder that
holds a repository under its name, such as ``distilbert/distilbert-base-uncased``, that folder is used, whatever its
revision, and no hub is asked.
"""

import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench_models.errors import BenchModelsError

_PATIENCE_S = 10.0

# A branch or a tag can move, and would be measured as something else without a trace.
_COMMIT = re.compile("[0-9a-f]{40}")

# The client's own rule, said here so that a suite is refused where it is written, without importing the client.
_NAME = re.compile(r"(?!.*(--|\.\.))(?!.*\.git$)(\b[\w\-.]{1,96}\b/)?\b[\w\-.]{1,96}\b", re.ASCII)


def ask_the_hub() -> None:
    """Ask once and briefly whether the hub is there; raises what the client's own library raises."""
    from huggingface_hub import constants, get_session

    if not constants.HF_HUB_OFFLINE:  # the client refuses by itself, at once
        get_session().head(constants.ENDPOINT, timeout=_PATIENCE_S)


def why_unanswered() -> Exception | None:
    """Return what keeps the hub from answering, or None when it does."""
    from huggingface_hub import errors

    try:
        ask_the_hub()
    except (OSError, errors.HTTPError) as error:  # type: ignore[attr-defined]  # of the client's own library
        return error
    return None


@contextmanager
def quiet() -> Iterator[None]:
    """Silence the client's log of each attempt; a final failure is raised and explained by the caller."""
    client = logging.getLogger("huggingface_hub")
    before = client.level
    client.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        client.setLevel(before)


@contextmanager
def offline(*, wanted: bool) -> Iterator[None]:
    """Let the client use its cache, without asking again a hub that did not answer."""
    from datasets import config
    from huggingface_hub import constants

    before = config.HF_HUB_OFFLINE, constants.HF_HUB_OFFLINE
    if wanted:
        config.HF_HUB_OFFLINE = constants.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        config.HF_HUB_OFFLINE, constants.HF_HUB_OFFLINE = before


@contextmanager
def without_bars() -> Iterator[None]:
    """Hide the bars that are drawn for each split of a dataset, some more than once."""
    from datasets.utils import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

    hidden = are_progress_bars_disabled()
    disable_progress_bars()
    try:
        yield
    finally:
        if not hidden:
            enable_progress_bars()


def require_pinned(repository: str, revision: str) -> None:
    """Refuse malformed names of repositories, and revisions that can move."""
    if not _NAME.fullmatch(repository):
        raise BenchModelsError(
            f"{repository!r} is not the name of a repository: give owner/name as its page has it, of letters, digits, "
            "'-', '_' and '.'"
        )
    if not _COMMIT.fullmatch(revision):
        raise BenchModelsError(
            f"{repository} at {revision!r}: give the hash of a commit, of 40 hexadecimal digits; branches and tags move"
        )


def local_folder(repository: str) -> Path | None:
    """Return the local folder that stands for a repository, where there is one.

    Raises ``BenchModelsError`` where ``BENCH_MODELS_HUB`` is not a folder: a hub would be asked unnoticed.
    """
    root = _local_hub()
    return root / repository if root is not None and (root / repository).is_dir() else None


def looked_for(repository: str) -> str:
    """Return a clause that names the local folder in which the repository was looked for, too."""
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
            f"BENCH_MODELS_HUB={told} is not a folder: name one that holds repositories as owner/name, or unset it"
        )
    return root


def first_line(error: Exception) -> str:
    """Return what an error says before it goes into details."""
    return str(error).strip().split("\n", 1)[0]
