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
        model = model.eval()

        def answer(batch: Batch) -> NDArray[np.float32]:
            with torch.inference_mode():
                logits = model(
                    input_ids=torch.from_numpy(batch.input_ids), attention_mask=torch.from_numpy(batch.attention_mask)
                ).logits
                return logits.float().numpy()  # type: ignore[no-any-return]  # what a module returns has any type

        return answer
