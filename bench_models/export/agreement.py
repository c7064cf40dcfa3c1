"""Does a written file answer as the variant does that it was made of?"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bench_models.build import Builder
from bench_models.errors import BenchModelsError
from bench_models.metrics.accuracy import answers
from bench_models.runtimes.session import Session
from bench_models.sources.corpora import Sentence
from bench_models.stats.proportions import paired_drop
from bench_models.tokens import Batch, Encoder

# Every pair of these is tried: an exporter that takes a size for a constant is found out by the second.
BATCHES = (1, 4)
LENGTHS = (7, 24)

# Between two logits, of a few units each: other kernels round differently, in 16 bits more than in 32.
MOST_APART = 0.05
MOST_LOST_POINTS = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How far a file's logits are from the variant's, and which test sentences it answers right."""

    most_apart: float
    correct: tuple[bool, ...]


def require_agreement(
    builder: Builder, variant: str, session: Session, loaded: Session, right: Sequence[bool]
) -> Agreement:
    """Return how well ``loaded`` agrees with ``session``, whose right answers on the test split are ``right``.

    Raises ``BenchModelsError`` when logits are further apart than ``MOST_APART``, or more than
    ``MOST_LOST_POINTS`` of accuracy are lost.
    """
    encoder, test = builder.encoder, builder.corpus.test
    apart = max(_apart(session, loaded, _batch(encoder, test, sentences, tokens)) for sentences, tokens in _SHAPES)
    if not apart <= MOST_APART:
        raise BenchModelsError(
            f"the file of {variant} answers logits that are {apart:.3g} away from the variant's, more than "
            f"{MOST_APART}: it is not handed over"
        )
    correct = answers(loaded, encoder, test, variant=f"the file of {variant}")
    lost = 100 * paired_drop(right, correct).value
    if lost > MOST_LOST_POINTS:
        raise BenchModelsError(
            f"the file of {variant} loses {lost:.2f} points of accuracy on the test split, more than "
            f"{MOST_LOST_POINTS}: it is not handed over"
        )
    return Agreement(most_apart=apart, correct=correct)


_SHAPES = [(sentences, tokens) for sentences in BATCHES for tokens in LENGTHS]


def _batch(encoder: Encoder, test: Sequence[Sentence], sentences: int, tokens: int) -> Batch:
    """Return real words, cut or repeated to some tokens; in a batch, each sentence is one shorter than the last."""
    rows = encoder.encode([sentence.text for sentence in test[:sentences]])
    long = [(row[:-1] * tokens)[: tokens - 1 - place] + row[-1:] for place, row in enumerate(rows)]
    return encoder.batch(long)


def _apart(session: Session, loaded: Session, batch: Batch) -> float:
    return float(np.abs(session(batch) - loaded(batch)).max())
