"""What a session predicts for sentences, each as if it were asked by itself, as in the single-stream scenario.

In a batch, dynamic quantization takes one scale of activations for all sentences, and so answers otherwise, depending
on who shares the batch. Most models do not: their sentences of equal length, which need no padding, are asked together.
That is tested, as nothing else tells it of any model: the longest sentences are all asked by themselves, too, until
there are some dozens of them, and then one of each batch.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from bench_models.errors import BenchModelsError
from bench_models.runtimes.session import Session
from bench_models.sources.corpora import Sentence
from bench_models.tokenizer import Encoder

log = logging.getLogger(__name__)

# Sentences a batch, at most: as many as in the offline scenario. Fewer than three gain nothing beside the one that is
# also asked by itself.
BATCH = 32
FEWEST = 3

# So many are all asked by themselves: one may be the loudest of its batch, whose scale is its own.
PROBED = 64

# The largest difference of a logit between a batch and a sentence by itself that the order of sums explains: it is
# below 0.000001 in fp32. Where activations share a scale it was 0.03 and more with MiniLM, and often 0.001 with a model
# of two layers.
ALIKE = 1e-4

_Logits = NDArray[np.float32]
_Rows = Sequence[Sequence[int]]


def right_answers(
    session: Session, encoder: Encoder, sentences: Sequence[Sentence], *, variant: str
) -> tuple[bool, ...]:
    """Return for each sentence whether the session's most likely label is the right one."""
    given = labels(logits(session, encoder, [sentence.text for sentence in sentences], variant=variant))
    return tuple(label == sentence.label for label, sentence in zip(given, sentences, strict=True))


def labels(found: _Logits) -> tuple[int, ...]:
    """Return the index of the most likely label in each row of logits of shape ``[sentences, labels]``."""
    return tuple(int(each.argmax()) for each in found)


def logits(session: Session, encoder: Encoder, texts: Sequence[str], *, variant: str) -> _Logits:
    """Return the session's logits of shape ``[sentences, labels]``, in the order of the texts; ``[0, 0]`` of none.

    Raises ``BenchModelsError`` when a logit is not a finite number.
    """
    if not texts:
        return np.empty((0, 0), dtype=np.float32)
    rows = encoder.encode(texts)

    def ask(places: Sequence[int]) -> _Logits:
        answer = session(encoder.batch([rows[place] for place in places]))
        strange = ~np.isfinite(answer).all(axis=1)
        if strange.any():
            text = texts[places[int(strange.argmax())]]
            raise BenchModelsError(f"{variant} answers with logits that are not finite, for example for {text!r}")
        return answer

    with tqdm(total=len(rows), desc=f"accuracy of {variant}", leave=False, delay=2, disable=None) as bar:
        together = _together(ask, rows, bar)
        if together is not None:
            return together
        log.info("%s: what it answers depends on the batch: each sentence is asked by itself", variant)
        bar.reset()
        alone = []
        for place in range(len(rows)):
            alone.append(ask([place])[0])
            bar.update()
        return np.stack(alone)


def _together(ask: Callable[[Sequence[int]], _Logits], rows: _Rows, bar: "tqdm[Any]") -> _Logits | None:
    """Return the logits of all rows, asked in batches; None where a sentence is answered otherwise by itself."""
    found: dict[int, _Logits] = {}
    random, probed = Random(0), 0  # noqa: S311  # nothing secret
    for places in _of_equal_length(rows):
        alone = places if len(places) < FEWEST or probed < PROBED else [random.choice(places)]
        answers = {place: ask([place])[0] for place in alone}
        if len(places) >= FEWEST:
            together = dict(zip(places, ask(places), strict=True))
            if max(np.abs(together[place] - answers[place]).max() for place in alone) > ALIKE:
                return None
            probed += len(alone)
            answers = together
        found |= answers
        bar.update(len(places))
    return np.stack([found[place] for place in range(len(rows))])


def _of_equal_length(rows: _Rows) -> Iterator[list[int]]:
    """Yield the places of all rows in batches, each of rows that are equally long, the longest first."""

    def length(place: int) -> int:
        return len(rows[place])

    for _, group in groupby(sorted(range(len(rows)), key=length, reverse=True), key=length):
        places = list(group)
        for start in range(0, len(places), BATCH):
            yield places[start : start + BATCH]
