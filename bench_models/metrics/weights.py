"""What a model weighs: its weights and biases, counted, and their bytes, however they are packed."""

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor, nn


def weights(model: "nn.Module") -> Iterator["Tensor"]:
    """Yield each weight and bias once, in floating point, however it is packed."""
    from torch.ao.nn import quantized

    for parameter in model.parameters():
        yield _dequantized(parameter)
    for module in model.modules():
        if isinstance(module, quantized.Linear):  # its weights are not parameters
            yield module.weight().dequantize()
            if module.bias() is not None:
                yield module.bias()


def parameter_count(model: "nn.Module") -> int:
    """Return how many weights and biases the model has."""
    return sum(tensor.numel() for tensor in weights(model))


def sparsity(model: "nn.Module") -> float:
    """Return the share of exact zeros among all weights and biases, from 0 to 1."""
    zeros = total = 0
    for tensor in weights(model):
        zeros += tensor.numel() - int(tensor.count_nonzero())
        total += tensor.numel()
    return zeros / total


def _dequantized(parameter: Any) -> "Tensor":  # noqa: ANN401  # subclasses of tensors, each with attributes of its own
    kind = type(parameter).__name__
    if kind == "Params4bit":  # bitsandbytes: two weights a byte
        from bitsandbytes.functional import dequantize_4bit

        weight: Tensor = dequantize_4bit(parameter.data, parameter.quant_state)
    elif kind.endswith("Tensor") and kind != "Tensor":  # torchao: a tensor that multiplies as it would be unpacked
        weight = parameter.dequantize()
    else:  # plain, or INT8 of bitsandbytes: as many zeros as its scaled values have
        weight = parameter.data
    return weight


def artifact_bytes(model: "nn.Module") -> int:
    """Return the size of the serialized weights in bytes, packed INT8 weights included.

    The state dict is written by ``torch.save``, the one format that holds packed and plain weights
    alike, and only counted. Config and tokenizer, the same for every variant, are left out.
    """
    import torch

    file = io.BytesIO()
    torch.save(model.state_dict(), file)
    return file.getbuffer().nbytes


def naive_bytes(model: "nn.Module") -> int:
    """Return the bytes of parameters and buffers in memory, which misses packed weights."""
    tensors = [*model.parameters(), *model.buffers()]
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)
