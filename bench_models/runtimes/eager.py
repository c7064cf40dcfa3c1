"""PyTorch as it comes: one kernel after the other."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bench_models.runtimes.session import Session
from bench_models.tokenizer import Batch

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, slots=True, kw_only=True)
class Eager:
    """Eager PyTorch on the CPU."""

    def open(self, model: "nn.Module", *, threads: int) -> Session:
        """Return the model in evaluation mode.

        torch knows one thread count for the whole process, so the session opened last sets it.
        """
        import torch

        torch.set_num_threads(threads)
        return _EagerSession(model.eval())


class _EagerSession:
    def __init__(self, model: "nn.Module") -> None:
        import torch

        self._model = model
        self._inference_mode = torch.inference_mode
        self._from_numpy = torch.from_numpy

    def __call__(self, batch: Batch) -> NDArray[np.float32]:
        with self._inference_mode():
            logits = self._model(
                input_ids=self._from_numpy(batch.input_ids), attention_mask=self._from_numpy(batch.attention_mask)
            ).logits
            answer: NDArray[np.float32] = logits.float().numpy()
            return answer
