"""A folder becomes a model, or a sentence that says why not."""

import json
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bench_models.errors import BenchModelsError
from bench_models.recipes import classifier

LABELS = ("bad", "good")


@pytest.fixture
def folder(tiny_checkpoint: Path, tmp_path: Path) -> Path:
    """Return a copy of the tiny checkpoint."""
    return shutil.copytree(tiny_checkpoint, tmp_path / "checkpoint")


def configured(folder: Path, **entries: Any) -> None:  # noqa: ANN401  # whatever JSON holds
    """Change entries of its configuration."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps(config | entries), encoding="utf-8")


def _pickled(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(pickle.dumps({"weights": [1.0]}))


def _cut(folder: Path) -> None:
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])


def _unknown(folder: Path) -> None:
    (folder / "evil.py").write_text("raise SystemExit('code of a checkpoint ran')", encoding="utf-8")
    configured(folder, model_type="evil", auto_map={"AutoConfig": "evil.Config"})


def _empty(folder: Path) -> None:
    (folder / "config.json").write_text("{}", encoding="utf-8")


@pytest.mark.parametrize("spoil", [_pickled, _cut, _unknown, _empty])
def test_what_is_no_checkpoint_is_one_sentence(folder: Path, spoil: Callable[[Path], None]) -> None:
    """A pickle under another name, half a file, code that came with it, an empty configuration; nothing of it runs."""
    spoil(folder)
    with pytest.raises(BenchModelsError, match=r"holds no classifier of 2 labels with weights in safetensors \("):
        classifier.load(folder, LABELS)


@pytest.mark.parametrize(
    ("names", "sentences"),
    [({"0": "good", "1": "bad"}, LABELS), ({"0": "bad", "1": "good"}, ("bad", "good", "so-so"))],
)
def test_head_for_other_labels_is_refused(folder: Path, names: dict[str, str], sentences: tuple[str, ...]) -> None:
    """In another order, or of another number."""
    configured(folder, architectures=["BertForSequenceClassification"], id2label=names)
    with pytest.raises(BenchModelsError, match=r"has a head that answers .*, and the sentences are bad, good"):
        classifier.load(folder, sentences)


@pytest.mark.parametrize("architectures", [["BertForSequenceClassification"], None])
def test_head_of_another_size_is_refused_though_it_has_no_names(folder: Path, architectures: list[str] | None) -> None:
    """It is the weights that say how many labels there are."""
    classifier.load(folder, LABELS).save_pretrained(folder)  # type: ignore[operator]  # transformers' method
    configured(folder, architectures=architectures, id2label={"0": "LABEL_0", "1": "LABEL_1"})
    with pytest.raises(BenchModelsError, match="has a head for 2 labels, and the sentences are bad, good, so-so: choo"):
        classifier.load(folder, ("bad", "good", "so-so"))


@pytest.mark.parametrize("names", [{"0": "BAD", "1": "Good"}, {"0": "LABEL_0", "1": "LABEL_1"}])
def test_head_of_the_same_or_no_names_is_taken(folder: Path, names: dict[str, str]) -> None:
    """Case is no difference, and LABEL_0 no name."""
    configured(folder, architectures=["BertForSequenceClassification"], id2label=names)
    assert classifier.load(folder, LABELS).config.id2label == {0: "bad", 1: "good"}  # type: ignore[union-attr]


def test_other_kinds_of_problems_become_a_choice_of_one_label(folder: Path) -> None:
    """What a configuration says of several labels would break the loss."""
    configured(folder, problem_type="multi_label_classification")
    assert classifier.load(folder, LABELS).config.problem_type == "single_label_classification"  # type: ignore[union-attr]
