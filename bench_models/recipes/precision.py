"""Lower floating-point precision for weights and activations."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bench_models.recipes.step import Context, Step

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast(Step):
    """Store and compute everything in a 16-bit type.

    A CPU without arithmetic of that type emulates it: half the size, at several times the latency.
    """

    dtype: Literal["bfloat16", "float16"]

    def apply(self, model: "nn.Module", context: Context) -> "nn.Module":  # noqa: ARG002  # the recipe needs no data
        """Return the model in the new type."""
        import torch

        return model.to(getattr(torch, self.dtype))
