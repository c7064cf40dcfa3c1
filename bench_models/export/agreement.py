"""Compares the answers of an exported file with those of its variant."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench_models.build import Builder
from bench_models.errors import BenchModelsError
from bench_models.export.scatter import Distance, distance, nudged, sample
from bench_models.metrics.accuracy import answers
from bench_models.runtimes.session import Session
from bench_models.sources.corpora import Sentence
from bench_models.stats.proportions import paired_drop
from bench_models.suites.suite import Suite
from bench_models.tokenizer import Batch, Encoder

# Every pair of these is tried, and of the longest sentences that the model takes: an exporter that takes a size for a
# constant is found out by the second, and one that leaves positions out by the longest.
BATCHES = (1, 4)
LENGTHS = (7, 24)

# Between two logits, of a few units each: other kernels round differently, in 16 bits more than in 32.
MOST_APART = 0.05
MOST_LOST_POINTS = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How far a file's logits are from the variant's, and which test sentences it answers right.

    ``lengths`` are the sentences' that were compared, in tokens, the last one the model's longest. ``own_apart`` is
    how far the variant is from itself where rounded activations make that more than ``MOST_APART``, or None.
    """

    most_apart: float
    own_apart: float | None
    lengths: tuple[int, ...]
    correct: tuple[bool, ...]


def require_agreement(
    builder: Builder, variant: str, session: Session, loaded: Session, right: Sequence[bool]
) -> Agreement:
    """Return how well ``loaded`` agrees with ``session``, whose right answers on the test split are ``right``.

    Raises ``BenchModelsError`` when the file cannot answer sentences of some size, when logits are further apart than
    ``MOST_APART``, or than rounded activations put the variant from itself (export/scatter.py), and when more than
    ``MOST_LOST_POINTS`` of accuracy are lost: as measured, or, where ties are rounded by chance, as is certain.
    """
    encoder, test = builder.encoder, builder.corpus.test
    lengths = _lengths(encoder.max_tokens)
    batches = [_batch(encoder, test, sentences, tokens) for sentences in BATCHES for tokens in lengths]
    found, own = distance(session, loaded, batches), None
    if not found.largest <= MOST_APART:
        _require_rounding(builder.suite, variant, found)
        batches += sample(encoder, test)
        found, own = distance(session, loaded, batches), distance(session, nudged(builder, variant), batches)
        _require_within(variant, found, own)
    correct = answers(loaded, encoder, test, variant=f"the file of {variant}")
    lost = paired_drop(right, correct)
    points = 100 * (lost.low if own else lost.value)
    if points > MOST_LOST_POINTS:
        raise BenchModelsError(
            f"the file of {variant} loses {points:.2f} points of accuracy on the test split, more than "
            f"{MOST_LOST_POINTS}: it is not handed over; choose another format"
        )
    return Agreement(most_apart=found.largest, own_apart=own.largest if own else None, lengths=lengths, correct=correct)


def _require_rounding(suite: Suite, variant: str, found: Distance) -> None:
    """Refuse logits that are far away where no rounding of activations explains it."""
    if not any(step.rounds_activations for row in suite.lineage(variant) for step in row.steps):
        raise BenchModelsError(
            f"the file of {variant} answers logits that are {found.largest:.3g} away from the variant's, more than "
            f"{MOST_APART}: it is not handed over; choose another format"
        )


def _require_within(variant: str, found: Distance, own: Distance) -> None:
    if not found.within(own):
        raise BenchModelsError(
            f"the file of {variant} answers logits that are usually {found.usual:.3g} and at most {found.largest:.3g} "
            f"away from the variant's, and rounding puts the variant no more than {own.usual:.3g} and "
            f"{own.largest:.3g} from itself: it is not handed over; choose another format"
        )


def _lengths(longest: int) -> tuple[int, ...]:
    return (*(length for length in LENGTHS if length < longest), longest)


def _batch(encoder: Encoder, test: Sequence[Sentence], sentences: int, tokens: int) -> Batch:
    """Return real words, cut or repeated to some tokens; in a batch, each sentence is one shorter than the last."""
    rows = encoder.encode([sentence.text for sentence in test[:sentences]])
    long = [(row[:-1] * tokens)[: tokens - 1 - place] + row[-1:] for place, row in enumerate(rows)]
    return encoder.batch(long)
