"""Weights and sentences from the hub, by name and pinned revision.

Weights are safetensors and sentences data files: nothing that could run is ever loaded. Where the environment
variable ``BENCH_MODELS_HUB`` names a folder that holds a repository under its name, such as
``distilbert/distilbert-base-uncased``, that is taken instead, whatever its revision, and no hub is asked.
"""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from bench_models.errors import BenchModelsError, UnavailableError
from bench_models.sealed import sealed_folder
from bench_models.sources.checkpoints import CHECKPOINT_FILES, LocalCheckpoint
from bench_models.sources.corpora import Corpus, Sentence, given_split

# A branch or a tag can move, and would be measured as something else without a trace.
_COMMIT = re.compile("[0-9a-f]{40}")

# The client's own rule, said here so that a suite is refused where it is written, without importing the client.
_NAME = re.compile(r"(?!.*(--|\.\.))(?!.*\.git$)(\b[\w\-.]{1,96}\b/)?\b[\w\-.]{1,96}\b", re.ASCII)

_PATIENCE_S = 10.0

# What older repositories have instead of tokenizer.json.
_TOKENIZER_PARTS = ("tokenizer_config.json", "vocab.txt")


@dataclass(frozen=True, slots=True, kw_only=True)
class HubCheckpoint:
    """A model repository at one commit; the hub is where ``HF_ENDPOINT`` says, huggingface.co unless told."""

    repository: str
    revision: str

    def __post_init__(self) -> None:
        """Refuse what names no repository, and revisions that can move."""
        _require_name(self.repository)
        _require_commit(self.repository, self.revision)

    def __str__(self) -> str:
        """Return the name and the start of the revision."""
        return f"{self.repository}@{self.revision[:8]}"

    def digest(self) -> str:
        """Return the repository and its commit, which names its content, or what a local folder holds."""
        local = _local(self.repository)
        return LocalCheckpoint(path=local).digest() if local else f"{self.repository}@{self.revision}"

    def folder(self, home: Path) -> Path:
        """Return the files in a folder; downloads them when they are not there."""
        local = _local(self.repository)
        if local:
            return LocalCheckpoint(path=local).folder(home)
        content = "/".join((self.digest(), *CHECKPOINT_FILES))
        target = home / "checkpoints" / sha256(content.encode()).hexdigest()[:16]
        # Nobody else's: it is removed under the lock of this folder alone.
        cache = home / "hub" / target.name
        return sealed_folder(target, lambda folder: self._download(folder, cache), what=f"the files of {self}")

    def _download(self, folder: Path, cache: Path) -> None:
        """Fill the folder by way of a cache, which outlives a download that fails."""
        with self._in_words("config.json"):
            _ask_the_hub()
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
                f"no tokenizer can be made of what {self} has ({type(error).__name__}: {_first_line(error)}), and code "
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
                f"{name} of {self} cannot be downloaded ({type(error).__name__}: {_first_line(error)}): is the "
                "network up, and does HF_HUB_OFFLINE allow it? What was downloaded whole is kept"
            ) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class HubSentences:
    """A dataset of the hub at one commit, with a column of texts and one of labels.

    Labels have the names that the dataset declares, or else are named as they stand in the column, in order.
    ``test_split`` is the one that accuracy is measured on: some datasets keep the labels of their ``test`` for
    themselves. Validation is cut out of ``train`` by each sentence's words, as everywhere here; train
    sentences that stand in the test split, too, are left out.
    """

    repository: str
    revision: str
    config: str | None = None
    text: str = "text"
    label: str = "label"
    test_split: str = "test"

    def __post_init__(self) -> None:
        """Refuse what names no repository, and revisions that can move."""
        _require_name(self.repository)
        _require_commit(self.repository, self.revision)

    def __str__(self) -> str:
        """Return the name and the start of the revision."""
        return f"{self.repository}{f' ({self.config})' if self.config else ''}@{self.revision[:8]}"

    def load(self, home: Path) -> Corpus:
        """Read both splits; downloads them when they are not there."""
        found = self._dataset(home)
        rows = {split: self._rows(found, split) for split in ("train", self.test_split)}
        labels, places = self._labels(found, [label for split in rows.values() for _, label in split])
        train, test = (
            [Sentence(text=text, label=places[label]) for text, label in rows[split]]
            for split in ("train", self.test_split)
        )
        return given_split(labels, train, test, name=str(self))

    def _labels(self, found: Any, values: list[Any]) -> tuple[tuple[str, ...], dict[Any, int]]:  # noqa: ANN401
        """Return the names of the labels, and the place of each value of the column among them."""
        from datasets import ClassLabel, Value

        kind = found["train"].features[self.label]
        if isinstance(kind, ClassLabel):
            return tuple(kind.names), {place: place for place in range(len(kind.names))}
        if not isinstance(kind, Value):
            raise BenchModelsError(
                f"the column {self.label} of {self} does not hold one label for each text ({kind}): choose another "
                "as label"
            )
        ordered = sorted(set(values))
        return tuple(str(value) for value in ordered), {value: place for place, value in enumerate(ordered)}

    def _dataset(self, home: Path) -> Any:  # noqa: ANN401  # datasets is untyped
        from datasets import load_dataset
        from datasets.exceptions import DatasetsError
        from huggingface_hub import errors

        # One for each revision: where the hub is out of reach, the client takes the newest that it finds here.
        cache = home / "datasets" / self.revision
        try:
            local = _local(self.repository)
            if local:
                return load_dataset(str(local), cache_dir=str(cache))
            return load_dataset(self.repository, self.config, revision=self.revision, cache_dir=str(cache))
        # The first is the client's word for no network, and for none wanted; the others are for one that breaks off.
        except (ConnectionError, errors.LocalEntryNotFoundError, errors.HTTPError) as error:  # type: ignore[attr-defined]
            raise UnavailableError(
                f"the dataset {self} cannot be downloaded ({type(error).__name__}: {_first_line(error)}): is the "
                "network up, and does HF_HUB_OFFLINE allow it?"
            ) from error
        except (DatasetsError, OSError, ValueError) as error:
            raise BenchModelsError(
                f"the dataset {self} cannot be loaded ({type(error).__name__}: {_first_line(error)}): mend its name, "
                "configuration or revision, or see that the network is up"
            ) from error

    def _rows(self, found: Any, split: str) -> list[tuple[str, Any]]:  # noqa: ANN401  # datasets is untyped
        """Return the texts of a split, each with the value of its label."""
        if split not in found:
            raise BenchModelsError(f"{self} has no split {split!r}: it has {', '.join(found)}")
        missing = {self.text, self.label}.difference(found[split].column_names)
        if missing:
            raise BenchModelsError(
                f"{self} has no column {' and '.join(sorted(missing))}: it has {', '.join(found[split].column_names)}"
            )
        rows = list(zip(found[split][self.text], found[split][self.label], strict=True))
        for number, (text, label) in enumerate(rows, start=1):
            self._require_whole(split, number, text, label)
        return [(text.strip(), label) for text, label in rows]

    def _require_whole(self, split: str, number: int, text: object, label: object) -> None:
        if not isinstance(text, str) or not text.strip():
            raise BenchModelsError(
                f"the split {split!r} of {self} has no text in its row {number}: choose another column as text, or "
                "another dataset"
            )
        # Datasets that keep a split's labels for themselves say -1.
        if label is None or label == -1 or not str(label).strip():
            another = "another column as label" if split == "train" else "another as test_split"
            raise BenchModelsError(f"the split {split!r} of {self} has no label in its row {number}: choose {another}")


def _local(repository: str) -> Path | None:
    """Return the local folder that stands for a repository, where there is one."""
    root = os.environ.get("BENCH_MODELS_HUB")
    folder = Path(root) / repository if root else None
    return folder if folder is not None and folder.is_dir() else None


def _ask_the_hub() -> None:
    """Ask once and briefly whether the hub is there: the client would try for half a minute."""
    from huggingface_hub import constants, get_session

    if not constants.HF_HUB_OFFLINE:  # the client refuses by itself, at once
        get_session().head(constants.ENDPOINT, timeout=_PATIENCE_S)


class _MissingError(BenchModelsError):
    """A repository lacks a file."""


def _require_name(repository: str) -> None:
    if not _NAME.fullmatch(repository):
        raise BenchModelsError(
            f"{repository!r} is no repository's name: give owner/name as its page has it, of letters, digits, '-', '_' "
            "and '.'"
        )


def _require_commit(repository: str, revision: str) -> None:
    if not _COMMIT.fullmatch(revision):
        raise BenchModelsError(
            f"{repository} at {revision!r}: give the hash of a commit, of 40 hexadecimal digits; branches and tags move"
        )


def _missing(checkpoint: HubCheckpoint, name: str) -> str:
    if name.endswith(".safetensors"):
        return (
            f"{checkpoint} has no {name}: other formats are pickles, which can run anything and are never loaded; "
            "choose a revision that has it (the hub's converter offers one as a pull request)"
        )
    return f"{checkpoint} has no {name}: it is no checkpoint of a classifier with a tokenizer"


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0]
