"""The interface of runtimes: a loaded variant that answers batches."""

from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

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
