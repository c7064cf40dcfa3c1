"""Post-training quantization."""

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench_models.errors import BenchModelsError
from bench_models.recipes.step import Context, Format, Step

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantizeDynamic(Step):
    """INT8 weights in every linear layer; activations are quantized when the layer runs.

    The layers pack their weights, so that they are not parameters any more: whoever counts
    ``parameters()`` alone sees a model of embeddings.
    """

    def unsupported_reason(self, target: Format) -> str | None:
        """Packed weights are objects of torch's own, which only TorchScript can write."""
        return None if target == "torchscript" else "packed INT8 weights fit no format but torchscript"

    def apply(self, model: "nn.Module", context: Context) -> "nn.Module":
        """Return the model with dynamically quantized linear layers."""
        import torch
        from torch.ao.quantization import quantize_dynamic

        from bench_models.recipes.modules import linears_of

        for name, linear in linears_of(model, self, context).items():
            if linear.weight.dtype is not torch.float32:
                raise BenchModelsError(
                    f"{context.variant}: QuantizeDynamic quantizes fp32 weights, and {name} has {linear.weight.dtype}: "
                    "leave the cast before it out"
                )
        with warnings.catch_warnings():
            # Deprecated in favour of torchao, whose eager INT8 is three times slower on a CPU; this
            # step is the one place that would change. The two warnings say only that.
            warnings.filterwarnings("ignore", message=".*torch.ao.quantization is deprecated.*")
            warnings.filterwarnings("ignore", message=".*quantized tensor creation functions.*")
            quantized: nn.Module = quantize_dynamic(model, {torch.nn.Linear}, dtype=torch.qint8)
        return quantized
