"""The size of the serialized artifact, and the naive size of parameters and buffers in memory."""

import io
from typing import IO, cast

import torch
from torch import nn


def artifact_bytes(model: nn.Module) -> int:
    """Return the size of the serialized weights in bytes, packed INT8 weights included.

    The state dict is written by ``torch.save``, the one format that holds packed and plain weights
    alike, and only counted. Config and tokenizer, the same for every variant, are left out.
    """
    counter = _ByteCounter()
    torch.save(model.state_dict(), cast("IO[bytes]", counter))
    return counter.size


def naive_bytes(model: nn.Module) -> int:
    """Return the bytes of parameters and buffers in memory, which misses packed weights."""
    tensors = [*model.parameters(), *model.buffers()]
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


class _ByteCounter(io.RawIOBase):
    """A file that remembers only how long it became."""

    def __init__(self) -> None:
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: "memoryview | bytes") -> int:  # type: ignore[override]
        written = memoryview(data).nbytes
        self.size += written
        return written
