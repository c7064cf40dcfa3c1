"""A checkpoint folder as a model, and a model as a checkpoint folder. Never a pickle."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn

# A head that was never trained for the task is drawn at random, always the same way.
HEAD_SEED = 0


def load(folder: Path, labels: tuple[str, ...]) -> "nn.Module":
    """Load an fp32 sequence classifier from ``config.json`` and ``model.safetensors``."""
    _leave_torchao_out()
    import torch
    from safetensors.torch import load_model
    from transformers import AutoConfig, AutoModelForSequenceClassification

    from bench_models.recipes import units

    names = dict(enumerate(labels))
    config = AutoConfig.from_pretrained(
        folder, id2label=names, label2id={label: index for index, label in names.items()}, local_files_only=True
    )
    model: nn.Module
    with torch.random.fork_rng(devices=()), quiet():
        torch.manual_seed(HEAD_SEED)
        if hasattr(config, units.KEPT):
            # transformers makes the shapes that a configuration has words for, and has none for these.
            model = AutoModelForSequenceClassification.from_config(config, dtype=torch.float32)
            units.reshape(model, getattr(config, units.KEPT))
            load_model(model, folder / "model.safetensors")
            return model.eval()
        model = AutoModelForSequenceClassification.from_pretrained(
            folder, config=config, dtype=torch.float32, use_safetensors=True, local_files_only=True
        )
    return model


def save(model: "nn.Module", folder: Path, checkpoint: Path) -> None:
    """Write ``model`` with the tokenizer of the checkpoint that it came from."""
    with quiet():
        model.save_pretrained(folder)  # type: ignore[operator]  # transformers' method, on torch's class
    shutil.copyfile(checkpoint / "tokenizer.json", folder / "tokenizer.json")


@cache
def _leave_torchao_out() -> None:
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
    """Silence transformers' bars for what takes a second, and its advice to train what a step will train."""
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
