"""Each table measured anew: models are built, counted and timed, and accuracy asked for."""

import logging
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tqdm import tqdm

from bench_models.metrics.latency import THREADS
from bench_models.outcomes import Outcome
from bench_models.reproduction import accuracies, latencies
from bench_models.reproduction.latencies import Latency
from bench_models.reproduction.making import build
from bench_models.reproduction.sizes import Sizes, sizes_of
from bench_models.reproduction.table import Table
from bench_models.sources.corpora import Corpus
from bench_models.stats.estimate import Estimate
from bench_models.tokens import Encoder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import nn

    from bench_models.recipes.step import Context

log = logging.getLogger(__name__)

# No step of a published table looks at sentences.
_NO_SENTENCES = Corpus(labels=("negative", "positive"), train=(), validation=(), test=())


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
            model = build(row, context)
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
