"""The labels that a model gives, one sentence a call, as it is served."""

from typing import TYPE_CHECKING

import numpy as np
from tqdm import tqdm

from bench_models.errors import BenchModelsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    # For types only: how sentences are fetched is not part of how they are judged (see provenance.py).
    from bench_models.runtimes.session import Session
    from bench_models.sources.corpora import Sentence
    from bench_models.tokenizer import Encoder


def answers(
    session: "Session", encoder: "Encoder", sentences: "Sequence[Sentence]", *, variant: str
) -> tuple[bool, ...]:
    """Return for each sentence whether the session's most likely label is the right one; see ``labels_given``."""
    given = labels_given(session, encoder, [sentence.text for sentence in sentences], variant=variant)
    return tuple(label == sentence.label for label, sentence in zip(given, sentences, strict=True))


def labels_given(session: "Session", encoder: "Encoder", texts: "Sequence[str]", *, variant: str) -> tuple[int, ...]:
    """Return the index of the session's most likely label for each text, in their order.

    Each sentence is a call of its own, as in the single-stream scenario that latency is quoted of. In a batch, dynamic
    quantization takes one scale of activations for all sentences and their padding, and so answers otherwise,
    depending on who shares the batch. Raises ``BenchModelsError`` when a logit is not a finite number.
    """
    given = []
    rows = encoder.encode(texts)
    bar = tqdm(rows, desc=f"accuracy of {variant}", leave=False, delay=2, disable=None)
    for text, row in zip(texts, bar, strict=True):
        logits = session(encoder.batch([row]))
        if not np.isfinite(logits).all():
            raise BenchModelsError(f"{variant} answers with logits that are not finite, for example for {text!r}")
        given.append(int(logits[0].argmax()))
    return tuple(given)
