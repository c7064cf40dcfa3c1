"""A row is scored as if each sentence were asked by itself, whether or not some share a batch."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
from numpy.typing import NDArray

from bench_models.build import Builder
from bench_models.errors import BenchModelsError
from bench_models.metrics.predictions import ALIKE, BATCH, PROBED, labels, logits, right_answers
from bench_models.runtimes.eager import Eager
from bench_models.runtimes.session import Session
from bench_models.sources.corpora import Sentence
from bench_models.tokenizer import Batch, Encoder


@dataclass(slots=True)
class _Counting:
    """Asks another session, and notes the shapes of what it was asked."""

    session: Session
    shapes: list[tuple[int, ...]] = field(default_factory=list)

    def __call__(self, batch: Batch) -> NDArray[np.float32]:
        assert batch.attention_mask.all()
        self.shapes.append(batch.input_ids.shape)
        return self.session(batch)

    @property
    def largest(self) -> int:
        return max(sentences for sentences, _ in self.shapes)


class _ByLength:
    """A session that says "good" for odd lengths."""

    def __call__(self, batch: Batch) -> NDArray[np.float32]:
        odd = batch.attention_mask.sum(axis=1) % 2
        return np.stack([1 - odd, odd], axis=1).astype(np.float32)


class _LeakingLate:
    """A session whose sentences of some lengths hear of their neighbours."""

    def __init__(self, lengths: Sequence[int]) -> None:
        self.lengths = lengths

    def __call__(self, batch: Batch) -> NDArray[np.float32]:
        told = batch.input_ids.sum(axis=1).astype(np.float32)
        if batch.input_ids.shape[1] in self.lengths:
            told += told.sum() - told[:1]
        return np.stack([told, -told], axis=1)


class _OfTheLoudest:
    """A session whose sentences are scaled by one of their batch."""

    def __init__(self, loudest: int) -> None:
        self.loudest = loudest

    def __call__(self, batch: Batch) -> NDArray[np.float32]:
        told = batch.input_ids.sum(axis=1).astype(np.float32)
        told += told[self.loudest]
        return np.stack([told, -told], axis=1)


class _NotANumber:
    """A session that cannot answer one sentence."""

    def __init__(self, row: Sequence[int]) -> None:
        self.row = list(row)

    def __call__(self, batch: Batch) -> NDArray[np.float32]:
        given = np.zeros((len(batch), 2), dtype=np.float32)
        given[[row == self.row for row in batch.input_ids.tolist()], 1] = np.nan
        return given


def test_answers_come_in_the_order_of_the_sentences(builder: Builder) -> None:
    """One answer for each, whatever their lengths."""
    sentences = builder.corpus.train
    expected = tuple(
        (len(ids) % 2 == s.label)
        for ids, s in zip(builder.encoder.encode([s.text for s in sentences]), sentences, strict=True)
    )

    assert expected == right_answers(_ByLength(), builder.encoder, sentences, variant="mine")
    assert len(set(expected)) == 2


def test_floats_are_asked_in_batches_and_answer_as_by_themselves(builder: Builder) -> None:
    """Fewer calls, without padding, and the same logits."""
    session = _Counting(Eager().open(builder.build("baseline"), threads=1))
    texts = [sentence.text for sentence in builder.corpus.train]
    together = logits(session, builder.encoder, texts, variant="baseline")

    assert 1 < session.largest <= BATCH
    assert len(session.shapes) < len(texts)
    assert np.abs(together - _by_themselves(session, builder.encoder, texts)).max() < ALIKE


def test_each_length_is_also_asked_by_itself(builder: Builder) -> None:
    """What a kernel does to a single sentence of some length would else not be seen."""
    session = _Counting(_ByLength())
    texts = [sentence.text for sentence in builder.corpus.train]
    logits(session, builder.encoder, texts, variant="mine")

    lengths = {len(row) for row in builder.encoder.encode(texts)}
    assert {tokens for sentences, tokens in session.shapes if sentences == 1} == lengths
    assert sum(sentences == 1 for sentences, _ in session.shapes) >= PROBED


def test_int8_is_asked_sentence_by_sentence(builder: Builder) -> None:
    """In any order, and alone, it answers alike: a row is scored as it is served."""
    session = Eager().open(builder.build("int8"), threads=1)
    texts = [sentence.text for sentence in builder.corpus.train]
    order = _order(builder.corpus.train)
    given = logits(session, builder.encoder, texts, variant="int8")
    shuffled = logits(session, builder.encoder, [texts[place] for place in order], variant="int8")

    assert np.array_equal(given[order], shuffled)
    assert np.array_equal(given, _by_themselves(session, builder.encoder, texts))


def test_loudest_of_a_batch_does_not_hide_the_others(builder: Builder) -> None:
    """One sentence decides the scale, and is answered as by itself: it is not the only one that is looked at."""
    texts = [sentence.text for sentence in builder.corpus.train]
    for loudest in (0, -1):
        session = _Counting(_OfTheLoudest(loudest))
        given = logits(session, builder.encoder, texts, variant="mine")

        assert session.largest > 1
        assert np.array_equal(given, _by_themselves(session, builder.encoder, texts))


def test_one_batch_that_answers_otherwise_is_enough(builder: Builder) -> None:
    """Only the longest sentences hear of each other: then none of them is asked in a batch."""
    texts = [sentence.text for sentence in builder.corpus.train]
    rows = builder.encoder.encode(texts)
    longest = max(length for length in map(len, rows) if sum(len(row) == length for row in rows) >= 3)
    session = _Counting(_LeakingLate([longest]))
    given = logits(session, builder.encoder, texts, variant="mine")

    assert session.largest > 1  # the others were
    assert np.array_equal(given, _by_themselves(session, builder.encoder, texts))


def test_int8_logits_depend_on_who_shares_the_batch(builder: Builder) -> None:
    """Which is why it is not scored in batches: the scale of activations is that of the loudest token in them."""
    session = Eager().open(builder.build("int8"), threads=1)
    rows = builder.encoder.encode([sentence.text for sentence in builder.corpus.train])
    order = _order(builder.corpus.train)
    by_place, shuffled = np.empty((len(rows), 2)), np.empty((len(rows), 2))
    for start in range(0, len(rows), 32):
        places, others = list(range(len(rows)))[start : start + 32], order[start : start + 32]
        by_place[places] = session(builder.encoder.batch([rows[place] for place in places]))
        shuffled[others] = session(builder.encoder.batch([rows[place] for place in others]))

    assert np.abs(by_place - shuffled).max() > 10 * ALIKE


def test_logits_that_are_not_numbers_are_refused_with_the_sentence(builder: Builder) -> None:
    """A broken model must not count as one that always picks the first label."""
    texts = [sentence.text for sentence in builder.corpus.test]
    wrong = _NotANumber(builder.encoder.encode(texts)[3])

    with pytest.raises(BenchModelsError, match="mine answers with logits that are not finite") as refused:
        logits(wrong, builder.encoder, texts, variant="mine")
    assert repr(texts[3]) in str(refused.value)


def test_label_is_the_most_likely_one(builder: Builder) -> None:
    """The index of the largest logit in each row, and none of no sentence."""
    assert labels(logits(_ByLength(), builder.encoder, [], variant="mine")) == ()
    assert labels(np.array([[0.1, 0.2], [3, -3]], dtype=np.float32)) == (1, 0)


def _by_themselves(session: Session, encoder: Encoder, texts: Sequence[str]) -> NDArray[np.float32]:
    return np.concatenate([session(encoder.batch([row])) for row in encoder.encode(texts)])


def _order(sentences: Sequence[Sentence]) -> list[int]:
    """Return places in another order, far from that of the split."""
    return sorted(range(len(sentences)), key=lambda place: hashlib.sha256(sentences[place].text.encode()).digest())
