"""A model hub: a quiet client, pinned names, local folders in place of the hub, and pretrained weights from it.

Of weights only safetensors are taken, and nothing that could run code is ever loaded. Where the environment variable
``BENCH_MODELS_HUB`` names a folder that holds a repository under its name, such as
``distilbert/distilbert-base-uncased``, that folder is used, whatever its revision, and no hub is asked.
"""

import logging
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench_models.errors import BenchModelsError, UnavailableError
from bench_models.sources.checkpoints import LocalCheckpoint, place_of
from bench_models.storage import sealed_folder

_PATIENCE_S = 10.0

# A branch or a tag can move, and would be measured as something else without a trace.
_COMMIT = re.compile("[0-9a-f]{40}")

# The client's own rule, said here so that a suite is refused where it is written, without importing the client.
_NAME = re.compile(r"(?!.*(--|\.\.))(?!.*\.git$)(\b[\w\-.]{1,96}\b/)?\b[\w\-.]{1,96}\b", re.ASCII)

# What older repositories have instead of tokenizer.json.
_TOKENIZER_PARTS = ("tokenizer_config.json", "vocab.txt")


def ask_the_hub() -> None:
    """Ask once and briefly whether the hub is there; raises what the client's own library raises."""
    from huggingface_hub import constants, get_session

    if not constants.HF_HUB_OFFLINE:  # the client refuses by itself, at once
        get_session().head(constants.ENDPOINT, timeout=_PATIENCE_S)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class HubCheckpoint:
    """A model repository at one commit; the hub is where ``HF_ENDPOINT`` says, huggingface.co unless told."""

    repository: str
    revision: str

    def __post_init__(self) -> None:
        """Refuse malformed names of repositories, and revisions that can move."""
        require_pinned(self.repository, self.revision)

    def __str__(self) -> str:
        """Return the name and the start of the revision."""
        return f"{self.repository}@{self.revision[:8]}"

    def digest(self) -> str:
        """Return the repository and its commit, which names its content, or what a local folder holds."""
        local = local_folder(self.repository)
        return LocalCheckpoint(path=local).digest() if local else f"{self.repository}@{self.revision}"

    def folder(self, home: Path) -> Path:
        """Return the files in a folder; downloads them when they are not there."""
        local = local_folder(self.repository)
        if local:
            return LocalCheckpoint(path=local).folder(home)
        target = place_of(self, home)
        # Nobody else's: it is removed under the lock of this folder alone.
        cache = home / "hub" / target.name
        return sealed_folder(target, lambda folder: self._download(folder, cache), what=f"the files of {self}")

    def _download(self, folder: Path, cache: Path) -> None:
        """Fill the folder through a cache, which survives a failed download."""
        with self._in_words("config.json"):
            ask_the_hub()
        for name in ("config.json", "model.safetensors"):
            self._fetch(name, folder, cache)
        try:
            self._fetch("tokenizer.json", folder, cache)
        except _MissingError:
            self._convert_tokenizer(folder, cache)
        shutil.rmtree(cache, ignore_errors=True)

    def _convert_tokenizer(self, folder: Path, cache: Path) -> None:
        """Make ``tokenizer.json`` of the vocabulary that older repositories have."""
        from transformers import AutoTokenizer

        for name in _TOKENIZER_PARTS:
            self._fetch(name, folder, cache)
        try:
            # False, not the default: that asks at the keyboard whether the repository's own code may run.
            tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
            backend = tokenizer.backend_tokenizer
        except (AttributeError, ImportError, LookupError, OSError, TypeError, ValueError) as error:
            raise BenchModelsError(
                f"no tokenizer can be made of what {self} has ({type(error).__name__}: {first_line(error)}), and code "
                "of a repository is never run: choose a revision with a tokenizer.json"
            ) from error
        backend.save(str(folder / "tokenizer.json"))

    def _fetch(self, name: str, folder: Path, cache: Path) -> None:
        from huggingface_hub import hf_hub_download

        with self._in_words(name):
            found = hf_hub_download(self.repository, name, revision=self.revision, cache_dir=cache)
        # Copied, not linked: a file that is damaged in one place must not be damaged in the other.
        shutil.copyfile(found, folder / name)

    @contextmanager
    def _in_words(self, name: str) -> Iterator[None]:
        """Turn what the client raises into a sentence that says what to do."""
        from huggingface_hub import errors

        try:
            with quiet():
                yield
        except errors.RevisionNotFoundError as error:
            raise BenchModelsError(
                f"the hub's {self.repository} has no revision {self.revision}: its page lists the commits"
            ) from error
        except errors.RepositoryNotFoundError as error:
            raise BenchModelsError(
                f"the hub has no model {self.repository}, or not for everyone: mend the name, or log in with "
                "`hf auth login`"
            ) from error
        except errors.RemoteEntryNotFoundError as error:
            raise _MissingError(_missing(self, name)) from error
        except (OSError, errors.HTTPError) as error:  # type: ignore[attr-defined]  # of the client's own library
            raise UnavailableError(
                f"{name} of {self} cannot be downloaded ({type(error).__name__}: {first_line(error)}): is the "
                "network up, and does HF_HUB_OFFLINE allow it? What was downloaded whole is "
                f"kept{looked_for(self.repository)}"
            ) from error


class _MissingError(BenchModelsError):
    """A repository lacks a file."""


def _missing(checkpoint: HubCheckpoint, name: str) -> str:
    if name.endswith(".safetensors"):
        return (
            f"{checkpoint} has no {name}: other formats are pickles, which can run anything and are never loaded; "
            "choose a revision that has it (the hub's converter offers one as a pull request)"
        )
    return f"{checkpoint} has no {name}: it is not a checkpoint of a classifier with a tokenizer"
