"""Accuracy with the published weights, where they can be had; else why not."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from bench_models.errors import BenchModelsError
from bench_models.outcomes import Failed, Measured, Outcome, Skipped
from bench_models.runtimes.session import THREADS
from bench_models.stats.estimate import Estimate
from bench_models.stats.proportions import proportion
from reproduction.table import Row, Table, Weights

if TYPE_CHECKING:
    from bench_models.recipes.step import Context


def measure(table: Table, home: Path) -> list[Outcome[Estimate]]:
    """Return the accuracy of each row on the whole test split; asks for the weights once."""
    weights = table.weights
    if isinstance(weights, str):
        return [Skipped(reason=row.needs or weights) for row in table.rows]
    with TemporaryDirectory() as scratch:
        try:
            context = _context(weights, home, Path(scratch))
        except BenchModelsError as error:
            return [Skipped(reason=row.needs) if row.needs else Failed(error=str(error)) for row in table.rows]
        return [Skipped(reason=row.needs) if row.needs else _accuracy(row, weights, context) for row in table.rows]


def _context(weights: Weights, home: Path, scratch: Path) -> "Context":
    from bench_models.recipes.step import Context
    from bench_models.tokenizer import Encoder

    encoder = Encoder(weights.checkpoint.folder(home) / "tokenizer.json")
    return Context(variant="", corpus=weights.sentences.load(home), encoder=encoder, home=home, scratch=scratch)


def _accuracy(row: Row, weights: Weights, context: "Context") -> Outcome[Estimate]:
    from bench_models.metrics.predictions import right_answers
    from bench_models.recipes import classifier
    from bench_models.runtimes.eager import Eager

    try:
        trained = classifier.load(weights.checkpoint.folder(context.home), context.corpus.labels)
        session = Eager().open(row.transform(trained, context), threads=THREADS)
        right = right_answers(session, context.encoder, context.corpus.test, variant=row.name)
    except BenchModelsError as error:  # sizes and latencies, which took minutes, are not lost for it
        return Failed(error=str(error))
    return Measured(value=proportion(right))
