"""Lower floating-point precision for weights and activations."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bench_models.recipes.step import Context, Format, Step

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast(Step):
    """Store and compute everything in a 16-bit type.

    A CPU without arithmetic of that type emulates it: half the size, at several times the latency.
    """

    dtype: Literal["bfloat16", "float16"]

    def obstacle(self, target: Format) -> str | None:
        """ONNX has the type bfloat16, and ONNX Runtime hardly an operator for it on a CPU."""
        if target == "onnx" and self.dtype == "bfloat16":
            return "ONNX Runtime has no bfloat16 operators for a CPU; torch-export and torchscript carry it"
        return None

    def apply(self, model: "nn.Module", context: Context) -> "nn.Module":  # noqa: ARG002  # the recipe needs no data
        """Return the model in the new type."""
        import torch

        return model.to(getattr(torch, self.dtype))
