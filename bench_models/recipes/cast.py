"""Lower floating-point precision for weights and activations."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bench_models.errors import BenchModelsError
from bench_models.recipes.step import Context, Format, Step, require_choices

if TYPE_CHECKING:
    from torch import nn


_Float16 = Literal["bfloat16", "float16"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast(Step):
    """Store and compute everything in a 16-bit type.

    A CPU without arithmetic of that type emulates it: half the size, at several times the latency.
    """

    dtype: _Float16

    def __post_init__(self) -> None:
        """Refuse other types."""
        require_choices(self, dtype=_Float16)

    def unsupported_reason(self, target: Format) -> str | None:
        """Return a reason for bfloat16 in ONNX: ONNX Runtime has hardly an operator for it on a CPU."""
        if target == "onnx" and self.dtype == "bfloat16":
            return "ONNX Runtime has no bfloat16 operators for a CPU; torch-export and torchscript carry it"
        return None

    def apply(self, model: "nn.Module", context: Context) -> "nn.Module":
        """Return the model in the new type."""
        import torch

        from bench_models.recipes.modules import linears_of

        dtype = getattr(torch, self.dtype)
        if all(linear.weight.dtype is dtype for linear in linears_of(model, self, context).values()):
            raise BenchModelsError(f"{context.variant}: {self} changes nothing, it is so already: leave it out")
        return model.to(dtype)
