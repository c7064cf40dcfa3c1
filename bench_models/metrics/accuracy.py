"""Right and wrong answers on the whole test split, sentence by sentence."""

from typing import TYPE_CHECKING

import numpy as np
from tqdm import tqdm

from bench_models.errors import BenchModelsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    # For types only: how sentences are fetched is no part of how they are judged (see provenance.py).
    from bench_models.runtimes.session import Session
    from bench_models.sources.corpora import Sentence
    from bench_models.tokens import Encoder

BATCH = 32


def answers(
    session: "Session", encoder: "Encoder", sentences: "Sequence[Sentence]", *, variant: str
) -> tuple[bool, ...]:
    """Return for each sentence whether the session's most likely label is the right one.

    Sentences of like length share a batch, to compute little padding; the order of the result is
    the order of ``sentences``. Raises ``BenchModelsError`` when a logit is not a finite number.
    """
    rows = encoder.encode([sentence.text for sentence in sentences])
    by_length = sorted(range(len(rows)), key=lambda index: len(rows[index]))
    right = [False] * len(rows)
    bar = tqdm(range(0, len(rows), BATCH), desc=f"accuracy of {variant}", leave=False, delay=2, disable=None)
    for start in bar:
        members = by_length[start : start + BATCH]
        logits = session(encoder.batch([rows[index] for index in members]))
        if not np.isfinite(logits).all():
            text = sentences[members[0]].text
            message = f"{variant} answers with logits that are not finite, for example near {text!r}"
            raise BenchModelsError(message)
        for index, label in zip(members, logits.argmax(axis=1), strict=True):
            right[index] = bool(label == sentences[index].label)
    return tuple(right)
