"""Datasets of a model hub, pinned to a commit: data files only, never a loading script."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench_models.errors import BenchModelsError, UnavailableError
from bench_models.sources.corpora import Corpus, Sentence, given_split
from bench_models.sources.hub import ask_the_hub, first_line, local_folder, looked_for, quiet, require_pinned


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
        """Refuse malformed names of repositories, and revisions that can move."""
        require_pinned(self.repository, self.revision)

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
        cache = str(home / "datasets" / self.revision)
        local = local_folder(self.repository)
        if local is None and Path(self.repository).exists():  # which the client would read, without a word
            raise BenchModelsError(
                f"{Path(self.repository).absolute()} has the name of the dataset {self} and would be read instead: "
                "work in another folder, or, if it is meant, set BENCH_MODELS_HUB to this one"
            )
        unanswered: Exception | None = None
        try:
            with quiet(), _without_bars():
                if local:
                    return load_dataset(str(local), self._local_config(local), cache_dir=cache)
                unanswered = _why_unanswered()
                with _offline(wanted=unanswered is not None):
                    return load_dataset(self.repository, self.config, revision=self.revision, cache_dir=cache)
        # The first is the client's word for no network, and for none wanted; the others are for one that breaks off.
        except (ConnectionError, errors.LocalEntryNotFoundError, errors.HTTPError) as error:  # type: ignore[attr-defined]
            why = unanswered or error
            raise UnavailableError(
                f"the dataset {self} cannot be downloaded ({type(why).__name__}: {first_line(why)}): is the "
                f"network up, and does HF_HUB_OFFLINE allow it?{looked_for(self.repository)}"
            ) from error
        except (DatasetsError, OSError, ValueError) as error:
            raise BenchModelsError(
                f"the dataset {self} cannot be loaded ({type(error).__name__}: {first_line(error)}): mend its name, "
                "configuration or revision, or see that the network is up"
            ) from error

    def _local_config(self, folder: Path) -> str | None:
        """Return the configuration to load from a local folder, or None for plain files, which have only one."""
        from datasets import get_dataset_config_names

        declared = get_dataset_config_names(str(folder))
        return None if declared == ["default"] else self.config

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
            if not isinstance(text, str) or not text.strip():
                raise BenchModelsError(
                    f"the split {split!r} of {self} has no text in its row {number}: choose another column as text, or "
                    "another dataset"
                )
            # Datasets that keep a split's labels for themselves say -1.
            if label is None or label == -1 or not str(label).strip():
                another = "another column as label" if split == "train" else "another as test_split"
                raise BenchModelsError(
                    f"the split {split!r} of {self} has no label in its row {number}: choose {another}"
                )
        return [(text.strip(), label) for text, label in rows]


def _why_unanswered() -> Exception | None:
    """Return what keeps the hub from answering, or None when it does."""
    from huggingface_hub import errors

    try:
        ask_the_hub()
    except (OSError, errors.HTTPError) as error:  # type: ignore[attr-defined]  # of the client's own library
        return error
    return None


@contextmanager
def _offline(*, wanted: bool) -> Iterator[None]:
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
def _without_bars() -> Iterator[None]:
    """Hide the bars that are drawn for each split of a dataset, some more than once."""
    from datasets.utils import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

    hidden = are_progress_bars_disabled()
    disable_progress_bars()
    try:
        yield
    finally:
        if not hidden:
            enable_progress_bars()
