"""Every number that a model has learned, packed layers included."""

from collections.abc import Iterator

from torch import Tensor, nn
from torch.ao.nn import quantized


def weights(model: nn.Module) -> Iterator[Tensor]:
    """Yield each weight and bias once; INT8 weights, which are no parameters, dequantized."""
    yield from model.parameters()
    for module in model.modules():
        if isinstance(module, quantized.Linear):
            yield module.weight().dequantize()
            if module.bias() is not None:
                yield module.bias()


def parameter_count(model: nn.Module) -> int:
    """Return how many weights and biases the model has."""
    return sum(tensor.numel() for tensor in weights(model))


def sparsity(model: nn.Module) -> float:
    """Return the share of exact zeros among all weights and biases, from 0 to 1."""
    zeros = total = 0
    for tensor in weights(model):
        zeros += tensor.numel() - int(tensor.count_nonzero())
        total += tensor.numel()
    return zeros / total
