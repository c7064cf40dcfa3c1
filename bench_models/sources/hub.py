"""Weights and sentences from the hub, by name and pinned revision.

Weights are safetensors and sentences data files: nothing that could run is ever loaded.
"""

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
from bench_models.sources.checkpoints import CHECKPOINT_FILES
from bench_models.sources.corpora import Corpus, Sentence, given_split

# A branch or a tag can move, and would be measured as something else without a trace.
_COMMIT = re.compile("[0-9a-f]{40}")

_PATIENCE_S = 10.0

# What older repositories have instead of tokenizer.json.
_TOKENIZER_PARTS = ("tokenizer_config.json", "vocab.txt")


@dataclass(frozen=True, slots=True, kw_only=True)
class HubCheckpoint:
    """A model repository at one commit; the hub is where ``HF_ENDPOINT`` says, huggingface.co unless told."""

    repository: str
    revision: str

    def __post_init__(self) -> None:
        """Refuse revisions that can move."""
        _require_commit(self.repository, self.revision)

    def __str__(self) -> str:
        """Return the name and the start of the revision."""
        return f"{self.repository}@{self.revision[:8]}"

    def digest(self) -> str:
        """Return the repository and its commit, which names its content."""
        return f"{self.repository}@{self.revision}"

    def folder(self, home: Path) -> Path:
        """Return the files in a folder; downloads them when they are not there."""
        content = "/".join((self.digest(), *CHECKPOINT_FILES))
        target = home / "checkpoints" / sha256(content.encode()).hexdigest()[:16]
        return sealed_folder(target, self._download, what=f"the files of {self}")

    def _download(self, folder: Path) -> None:
        with self._in_words("config.json"):
            _ask_the_hub()
        for name in ("config.json", "model.safetensors"):
            self._fetch(name, folder)
        try:
            self._fetch("tokenizer.json", folder)
        except _MissingError:
            self._convert_tokenizer(folder)
        shutil.rmtree(folder / ".cache", ignore_errors=True)  # the client's own notes

    def _convert_tokenizer(self, folder: Path) -> None:
        """Make ``tokenizer.json`` of the vocabulary that older repositories have."""
        from transformers import AutoTokenizer

        for name in _TOKENIZER_PARTS:
            self._fetch(name, folder)
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        tokenizer.backend_tokenizer.save(str(folder / "tokenizer.json"))

    def _fetch(self, name: str, folder: Path) -> None:
        from huggingface_hub import hf_hub_download

        with self._in_words(name):
            hf_hub_download(self.repository, name, revision=self.revision, local_dir=folder)

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
        """Refuse revisions that can move."""
        _require_commit(self.repository, self.revision)

    def __str__(self) -> str:
        """Return the name and the start of the revision."""
        return f"{self.repository}{f' ({self.config})' if self.config else ''}@{self.revision[:8]}"

    def load(self, home: Path) -> Corpus:
        """Read both splits; downloads them when they are not there."""
        from datasets import ClassLabel

        found = self._dataset(home)
        sentences = {split: self._sentences(found, split) for split in ("train", self.test_split)}
        kind = found["train"].features[self.label]
        labels = tuple(kind.names) if isinstance(kind, ClassLabel) else ()
        labels = labels or tuple(str(each) for each in sorted({each.label for each in sentences["train"]}))
        return given_split(labels, sentences["train"], sentences[self.test_split], name=str(self))

    def _dataset(self, home: Path) -> Any:  # noqa: ANN401  # datasets is untyped
        from datasets import load_dataset
        from datasets.exceptions import DatasetsError

        try:
            return load_dataset(self.repository, self.config, revision=self.revision, cache_dir=str(home / "datasets"))
        except ConnectionError as error:  # the client's word for no network, and for none wanted
            raise UnavailableError(
                f"the dataset {self} cannot be downloaded ({_first_line(error)}): is the network up, and does "
                "HF_HUB_OFFLINE allow it?"
            ) from error
        except (DatasetsError, OSError, ValueError) as error:
            raise BenchModelsError(
                f"the dataset {self} cannot be loaded ({type(error).__name__}: {_first_line(error)}): mend its name, "
                "configuration or revision, or see that the network is up"
            ) from error

    def _sentences(self, found: Any, split: str) -> list[Sentence]:  # noqa: ANN401  # datasets is untyped
        if split not in found:
            raise BenchModelsError(f"{self} has no split {split!r}: it has {', '.join(found)}")
        missing = {self.text, self.label}.difference(found[split].column_names)
        if missing:
            raise BenchModelsError(
                f"{self} has no column {' and '.join(sorted(missing))}: it has {', '.join(found[split].column_names)}"
            )
        rows = zip(found[split][self.text], found[split][self.label], strict=True)
        sentences = [Sentence(text=str(text).strip(), label=int(label)) for text, label in rows]
        if any(sentence.label < 0 for sentence in sentences):
            raise BenchModelsError(f"the split {split!r} of {self} has no labels: choose another as test_split")
        return sentences


def _ask_the_hub() -> None:
    """Ask once and briefly whether the hub is there: the client would try for half a minute."""
    from huggingface_hub import constants, get_session

    if not constants.HF_HUB_OFFLINE:  # the client refuses by itself, at once
        get_session().head(constants.ENDPOINT, timeout=_PATIENCE_S)


class _MissingError(BenchModelsError):
    """A repository lacks a file."""


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
