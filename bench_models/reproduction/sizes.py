"""What follows from an architecture alone: how many parameters, and how many bytes, counted as a table counts them."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from bench_models.reproduction.table import Counted, Row

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """The parameters of a model, its size as its table counts it, and that of what would be shipped.

    ``files`` has the size of each file of the folder, where the table counts a folder.
    """

    parameters: int
    size_bytes: int
    artifact_bytes: int
    files: dict[str, int] = field(default_factory=dict)


def sizes_of(row: Row, model: "nn.Module", counted: Counted, *, tokenizer: Path, scratch: Path) -> Sizes:
    """Count a row's model, before its first answer: weights of four bits lose what is saved of them by it."""
    from bench_models.metrics.size import artifact_bytes
    from bench_models.metrics.weights import parameter_count
    from bench_models.reproduction import folders

    files = {}
    if counted == "saved folder":
        files = folders.save(model, scratch / "saved", tokenizer=tokenizer, by_trainer=row.saved_by_trainer)
    return Sizes(
        parameters=parameter_count(model),
        size_bytes=sum(files.values()) if files else in_memory(model, counted),
        artifact_bytes=artifact_bytes(model),
        files=files,
    )


def in_memory(model: "nn.Module", counted: Counted) -> int:
    """Return the bytes of parameters, with or without buffers; packed weights are neither."""
    from bench_models.metrics.size import naive_bytes

    buffers = sum(each.numel() * each.element_size() for each in model.buffers())
    return naive_bytes(model) - (buffers if counted == "parameters" else 0)
