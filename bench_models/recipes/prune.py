"""Pruning: setting weights to zero."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench_models.errors import BenchModelsError
from bench_models.recipes.fields import require_numbers
from bench_models.recipes.step import Context, Step

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, slots=True, kw_only=True)
class PruneL1(Step):
    """Zero the ``amount`` of weights with the smallest magnitude in each linear layer.

    Unstructured and local: each layer loses the same share. Dense kernels multiply zeros as slowly
    as anything else, so this shrinks neither the latency nor the artifact; it costs accuracy and
    buys sparsity, which a sparse runtime or a compressor can use.

    Source: Han et al., Learning both weights and connections for efficient neural networks (2015).
    """

    amount: float

    def __post_init__(self) -> None:
        """Refuse a share that is none."""
        require_numbers(self, "amount")
        if not 0 < self.amount < 1:
            raise BenchModelsError(f"PruneL1(amount={self.amount}): the share to prune lies between 0 and 1")

    def apply(self, model: "nn.Module", context: Context) -> "nn.Module":
        """Return the model with zeros in place of its smallest weights."""
        from torch.nn.utils import prune

        from bench_models.recipes.linears import linears_of

        for linear in linears_of(model, self, context).values():
            prune.l1_unstructured(linear, "weight", amount=self.amount)
            # Without this the layer keeps its weights and a mask of the same size.
            prune.remove(linear, "weight")
        return model
