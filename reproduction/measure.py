"""Measures each published table anew: builds its models, counts and times them, and asks for their accuracy."""

import logging
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tqdm import tqdm

from bench_models.outcomes import Outcome
from bench_models.runtimes.session import THREADS
from bench_models.sources.corpora import Corpus
from bench_models.stats.estimate import Estimate
from bench_models.tokenizer import Encoder
from reproduction import accuracies, latencies
from reproduction.latencies import Latency
from reproduction.table import Counted, Row, Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import nn

    from bench_models.recipes.step import Context

log = logging.getLogger(__name__)

# No step of a published table looks at sentences.
_NO_SENTENCES = Corpus(labels=("negative", "positive"), train=(), validation=(), test=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """The parameters of a model, its size as its table counts it, and that of what would be shipped.

    ``files`` has the size of each file of the folder, where the table counts a folder.
    """

    parameters: int
    size_bytes: int
    artifact_bytes: int
    files: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reproduced:
    """A table, and what was found for each of its rows, in their order."""

    table: Table
    sizes: tuple[Sizes, ...]
    latencies: tuple[Latency, ...]
    accuracies: tuple[Outcome[Estimate], ...]


def reproduce(table: Table, *, tokenizer: Path, home: Path, calls: int) -> Reproduced:
    """Measure a table; ``tokenizer`` is that of the architectures' vocabulary, as ``tokenizer.json``."""
    log.info("table %s: %s", table.letter, table.title)
    models, sizes = count(table, tokenizer=tokenizer, home=home)
    times = _times(models, calls)
    del models  # before accuracy loads the trained ones
    return Reproduced(
        table=table, sizes=tuple(sizes), latencies=tuple(times), accuracies=tuple(accuracies.measure(table, home))
    )


def count(table: Table, *, tokenizer: Path, home: Path) -> "tuple[list[nn.Module], list[Sizes]]":
    """Return the model of each row, and its sizes, counted as the table counts them."""
    encoder = Encoder(tokenizer)
    models, sizes = [], []
    for row in tqdm(table.rows, desc=f"building table {table.letter}", leave=False, disable=None):
        with _workshop(encoder, home) as context:
            model = row.build(context)
            sizes.append(sizes_of(row, model, table.counted, tokenizer=tokenizer, scratch=context.scratch))
        models.append(model)
    return models, sizes


def _times(models: "list[nn.Module]", calls: int) -> list[Latency]:
    from bench_models.runtimes.eager import Eager

    return latencies.measure([Eager().open(model, threads=THREADS) for model in models], calls)


@contextmanager
def _workshop(encoder: Encoder, home: Path) -> "Iterator[Context]":
    """Yield what steps may use, with a scratch folder for one row: a table's folders together fill a disk."""
    from bench_models.recipes.step import Context

    with TemporaryDirectory() as scratch:
        yield Context(variant="", corpus=_NO_SENTENCES, encoder=encoder, home=home, scratch=Path(scratch))


def sizes_of(row: Row, model: "nn.Module", counted: Counted, *, tokenizer: Path, scratch: Path) -> Sizes:
    """Count a row's model, before its first answer: weights of four bits lose what is saved of them by it."""
    from bench_models.metrics.weights import artifact_bytes, parameter_count
    from reproduction import saved_folder

    files = {}
    if counted == "saved folder":
        files = saved_folder.save(model, scratch / "saved", tokenizer=tokenizer, by_trainer=row.saved_by_trainer)
    return Sizes(
        parameters=parameter_count(model),
        size_bytes=sum(files.values()) if files else in_memory(model, counted),
        artifact_bytes=artifact_bytes(model),
        files=files,
    )


def in_memory(model: "nn.Module", counted: Counted) -> int:
    """Return the bytes of parameters, with or without buffers; packed weights are neither."""
    from bench_models.metrics.weights import naive_bytes

    buffers = sum(each.numel() * each.element_size() for each in model.buffers())
    return naive_bytes(model) - (buffers if counted == "parameters" else 0)
