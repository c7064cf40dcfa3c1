"""Loads a classifier from a checkpoint folder and saves it to one: always safetensors, never a pickle."""

import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError, safe_open

from bench_models.errors import BenchModelsError

if TYPE_CHECKING:
    from torch import nn

# A head that was never trained for the task is drawn at random, always the same way.
HEAD_SEED = 0

# The last weights of a head: BERT, DistilBERT and their kin; RoBERTa and its kin.
_HEADS = ("classifier.weight", "classifier.out_proj.weight")

# Of what lies in the folder, and without running any of it.
_TRUSTED: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}


def load(folder: Path, labels: tuple[str, ...]) -> "nn.Module":
    """Load an fp32 sequence classifier from ``config.json`` and ``model.safetensors``.

    Raises ``BenchModelsError`` when these files are something else, or have a head that was trained for other labels.
    """
    try:
        return _load(folder, labels)
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        raise BenchModelsError(
            f"{folder} holds no classifier of {len(labels)} labels with weights in safetensors "
            f"({type(error).__name__}: {str(error).strip().splitlines()[0]}): give a folder that save_pretrained wrote"
        ) from error


def _load(folder: Path, labels: tuple[str, ...]) -> "nn.Module":
    leave_torchao_out()
    import torch
    from safetensors.torch import load_model
    from transformers import AutoConfig, AutoModelForSequenceClassification

    from bench_models.recipes import modules

    names = dict(enumerate(labels))
    _require_labels(folder, labels)
    config = AutoConfig.from_pretrained(
        folder,
        id2label=names,
        label2id={label: index for index, label in names.items()},
        problem_type="single_label_classification",
        **_TRUSTED,
    )
    model: nn.Module
    with torch.random.fork_rng(devices=()), quiet():
        torch.manual_seed(HEAD_SEED)
        if hasattr(config, modules.KEPT):
            # transformers makes the shapes that a configuration has words for, and has none for these.
            model = AutoModelForSequenceClassification.from_config(config, dtype=torch.float32)
            modules.reshape(model, getattr(config, modules.KEPT))
            load_model(model, folder / "model.safetensors")
            return model.eval()
        model = AutoModelForSequenceClassification.from_pretrained(
            folder, config=config, dtype=torch.float32, use_safetensors=True, **_TRUSTED
        )
    return model


def _require_labels(folder: Path, labels: tuple[str, ...]) -> None:
    """Refuse a trained head whose size, or whose named labels, differ from the corpus'."""
    size = _head_size(folder)
    if size is not None and size != len(labels):
        raise BenchModelsError(
            f"{folder} has a head for {size} labels, and the sentences are {', '.join(labels)}: choose a "
            "checkpoint without a head, or with one for these labels"
        )
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    trained = any(str(name).endswith("ForSequenceClassification") for name in config.get("architectures") or ())
    names = config.get("id2label") or {}
    theirs = [str(names[key]).casefold() for key in sorted(names, key=int)]
    ours = [label.casefold() for label in labels]
    unnamed = all(label.startswith("label_") for label in theirs) or all(label.isdecimal() for label in ours)
    if trained and theirs and (len(theirs) != len(ours) or (theirs != ours and not unnamed)):
        raise BenchModelsError(
            f"{folder} has a head that answers {', '.join(theirs)}, and the sentences are {', '.join(ours)}: choose a "
            "checkpoint without a head, or with the same labels in the same order"
        )


def _head_size(folder: Path) -> int | None:
    """Return how many labels the head in a folder answers, or None where there is no head."""
    with safe_open(folder / "model.safetensors", framework="pt") as weights:
        head = next((name for name in _HEADS if name in weights.keys()), None)  # noqa: SIM118  # not a mapping
        return None if head is None else int(weights.get_slice(head).get_shape()[0])


def save(model: "nn.Module", folder: Path, checkpoint: Path) -> None:
    """Write ``model`` with the tokenizer of the checkpoint that it came from."""
    with quiet():
        model.save_pretrained(folder)  # type: ignore[operator]  # transformers' method, on torch's class
    shutil.copyfile(checkpoint / "tokenizer.json", folder / "tokenizer.json")


@cache
def leave_torchao_out() -> None:
    """Make transformers believe that torchao is not installed, before it asks for the first time.

    Wherever it is installed, transformers imports it with every model: 1.6 s in each process, and complaints of
    GPU kernels that are missing. The steps that quantize with it import it themselves.
    """
    from transformers.utils.import_utils import is_torchao_available

    if "torchao" not in sys.modules:
        sys.modules["torchao"] = None  # type: ignore[assignment]  # so says the import system: it cannot be found
        try:
            is_torchao_available()  # which remembers its answer
        finally:
            del sys.modules["torchao"]


@contextmanager
def quiet() -> Iterator[None]:
    """Silence transformers' progress bars and its advice to train a head that a step will train."""
    from transformers.utils import logging

    verbosity = logging.get_verbosity()
    bars = logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()
