"""The scenarios in which a variant is timed: one sentence a call, and many."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench_models.sources.corpora import Sentence
from bench_models.tokenizer import Batch, Encoder

OFFLINE_SENTENCES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenarios:
    """The batches that a latency benchmark sends.

    ``single_stream`` is one sentence of median length, ``offline`` the first 32 sentences of the
    test split (fewer where it is smaller), padded to the longest of them.

    Source of the names: Reddi et al., MLPerf inference benchmark (2020).
    """

    single_stream: Batch
    offline: Batch


def scenarios(encoder: Encoder, sentences: Sequence[Sentence]) -> Scenarios:
    """Cut the batches of both scenarios from a test split."""
    rows = encoder.encode([sentence.text for sentence in sentences])
    middle = sorted(rows, key=len)[len(rows) // 2]
    return Scenarios(single_stream=encoder.batch([middle]), offline=encoder.batch(rows[:OFFLINE_SENTENCES]))
