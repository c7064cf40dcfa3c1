"""What torch's exporters share: a classifier that answers with a tensor, an example of what it is asked, a session."""

import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from bench_models.runtimes.session import Session, errors_told
from bench_models.tokenizer import Batch

INPUTS = ("input_ids", "attention_mask")


class Logits(nn.Module):
    """A classifier that returns the tensor of logits instead of transformers' output record."""

    def __init__(self, model: nn.Module) -> None:
        """Wrap a classifier of transformers."""
        super().__init__()
        self.model = model

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Return logits of shape ``[sentences, labels]``."""
        logits: Tensor = self.model(input_ids=input_ids, attention_mask=attention_mask).logits
        return logits


def program(
    model: nn.Module, *, sentences: int | None = None, tokens: int | None = None
) -> torch.export.ExportedProgram:
    """Return a classifier as torch exports it; both sizes of its input are free, up to limits that are given."""
    free = {0: torch.export.Dim.DYNAMIC(max=sentences), 1: torch.export.Dim.DYNAMIC(max=tokens)}
    training = model.training
    try:
        with torch.no_grad():
            return torch.export.export(Logits(model).eval(), example(), dynamic_shapes=dict.fromkeys(INPUTS, free))
    finally:
        model.train(training)


def longest(program: torch.export.ExportedProgram) -> int | None:
    """Return how many tokens a sentence of an exported classifier may have, or None where it sets no limit."""
    ids = next(node for node in program.graph.nodes if node.name == INPUTS[0])
    tokens = ids.meta["val"].shape[1]
    upper = program.range_constraints[tokens.node.expr].upper
    return int(upper) if upper.is_finite else None


def example() -> tuple[Tensor, Tensor]:
    """Return two sentences of unlike length; neither size is 1, which an exporter would fix in the file."""
    mask = torch.ones(2, 8, dtype=torch.int64)
    mask[1, 5:] = 0
    return torch.arange(1, 17).reshape(2, 8) * mask, mask


def session_of(program: Callable[[Tensor, Tensor], Tensor], threads: int) -> Session:
    """Return a session of a program that torch has loaded: from token ids and mask to logits."""
    torch.set_num_threads(threads)

    def answer(batch: Batch) -> NDArray[np.float32]:
        with torch.inference_mode(), errors_told(batch, RuntimeError, IndexError, AssertionError):
            logits = program(torch.from_numpy(batch.input_ids), torch.from_numpy(batch.attention_mask))
            return logits.float().numpy()

    return answer


@contextmanager
def quiet() -> Iterator[None]:
    """Silence the warnings of exporters; errors are still raised, and wrong answers found by export/verify.

    A library that sets up everybody's logging when it is imported, as ONNX Runtime's INT4 does, is undone.
    """
    before = logging.root.manager.disable
    level, handlers = logging.root.level, logging.root.handlers[:]
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
        logging.root.setLevel(level)
        logging.root.handlers[:] = handlers
