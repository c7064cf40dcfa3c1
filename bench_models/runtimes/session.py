"""The interface of runtimes: a loaded variant that answers batches."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from bench_models.errors import BenchModelsError
from bench_models.tokenizer import Batch

if TYPE_CHECKING:
    from torch import nn


# One thread unless told otherwise: more of them on shared cores wait for each other's neighbours.
THREADS = 1


class Session(Protocol):
    """Token ids in, logits out."""

    def __call__(self, batch: Batch) -> NDArray[np.float32]:
        """Return logits of shape ``[sentences, labels]``."""
        ...


class Runtime(Protocol):
    """Opens models as sessions."""

    def open(self, model: "nn.Module", *, threads: int) -> Session:
        """Return a session that computes with ``threads`` threads."""
        ...


@contextmanager
def errors_told(batch: Batch, *errors: type[Exception]) -> Iterator[None]:
    """Turn errors of a file's runtime into a sentence: a file may have the size of the example fixed in it."""
    try:
        yield
    except errors as error:
        sentences, tokens = batch.input_ids.shape
        said = " ".join(str(error).strip().splitlines()[-1:])
        raise BenchModelsError(
            f"the file cannot answer {sentences} sentences of {tokens} tokens ({type(error).__name__}: {said}): "
            "choose another format or runtime"
        ) from error


@contextmanager
def silent() -> Iterator[None]:
    """Silence what native libraries write to standard error, by Python or past it; errors are still raised."""
    kept = os.dup(2)
    try:
        with Path(os.devnull).open("w", encoding="utf-8") as nowhere, redirect_stderr(nowhere):
            os.dup2(nowhere.fileno(), 2)
            yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
