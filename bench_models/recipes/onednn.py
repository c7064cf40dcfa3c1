"""Linear layers in fp32 by oneDNN, while something is learned.

PyTorch multiplies fp32 matrices with MKL, which uses half the width of the vectors of an AMD CPU; oneDNN, which comes
with PyTorch and multiplies its other types, uses all of it. docs/training.md has both measured. What is served, and
measured, is multiplied as PyTorch does.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import FunctionCtx, once_differentiable
from torch.overrides import TorchFunctionMode


class FastLinears(TorchFunctionMode):
    """While it is entered, ``nn.functional.linear`` of fp32 matrices is computed by oneDNN, gradients included.

    All else is computed as before: other types, vectors, what autocast casts, and a PyTorch without oneDNN.
    """

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Collection[type],  # PyTorch's signature
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401  # whatever the function returns
        """Call a function of PyTorch, or what stands for it."""
        if func is nn.functional.linear and not kwargs and _suits(*args):
            return _Linear.apply(*args, *(None,) * (3 - len(args)))  # type: ignore[no-untyped-call]  # by torch
        return func(*args, **(kwargs or {}))


def _suits(inputs: Tensor, weight: Tensor, bias: Tensor | None = None) -> bool:
    """Say whether all are plain, dense matrices of fp32 that fit together: oneDNN does not check what it is given."""
    given = [each for each in (inputs, weight, bias) if each is not None]
    return (
        all(type(each) in {Tensor, nn.Parameter} and _dense(each) for each in given)
        and inputs.dim() > 1
        and weight.dim() == 2  # noqa: PLR2004  # a matrix
        and inputs.shape[-1] == weight.shape[1]
        and (bias is None or (bias.shape == weight.shape[:1] and bias.is_contiguous()))
        and torch.backends.mkldnn.is_available()
        and not torch.is_autocast_enabled("cpu")
    )


def _dense(each: Tensor) -> bool:
    return (
        each.dtype == torch.float32
        and each.layout == torch.strided
        and each.device.type == "cpu"
        and bool(each.numel())
    )


class _Linear(torch.autograd.Function):
    """A linear layer whose three products are oneDNN's."""

    @staticmethod
    def forward(ctx: FunctionCtx, inputs: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        inputs = inputs.contiguous()  # a slice, as a pooler's input, takes oneDNN a hundred times as long
        ctx.save_for_backward(inputs, weight)
        return _product(inputs, weight, bias)

    @staticmethod
    @once_differentiable  # oneDNN's products have no gradients of their own: asking for them is an error
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401  # what forward has saved
        inputs, weight = ctx.saved_tensors
        wanted = ctx.needs_input_grad
        rows = gradient.reshape(-1, gradient.shape[-1]).contiguous()
        return (
            _product(rows, weight.t()).view_as(inputs) if wanted[0] else None,
            _product(rows.t(), inputs.reshape(-1, inputs.shape[-1]).t()) if wanted[1] else None,
            rows.sum(0) if wanted[2] else None,
        )


def _product(inputs: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Return ``inputs @ weight.T + bias``."""
    # The operator of torch.compile's CPU code; the public ones of oneDNN take tensors in a layout of their own.
    product: Tensor = torch.ops.mkldnn._linear_pointwise(inputs, weight, bias, "none", [], "")  # noqa: SLF001
    return product
