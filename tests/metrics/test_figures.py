"""Figures count everything that a user would ship."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from bench_models.build import Builder
from bench_models.errors import BenchModelsError
from bench_models.metrics.scenarios import scenarios
from bench_models.metrics.scorecard import answers, labels_given
from bench_models.metrics.weights import artifact_bytes, naive_bytes, parameter_count, sparsity
from bench_models.runtimes.eager import Eager
from bench_models.sources.corpora import Sentence
from bench_models.tokenizer import Batch


def test_artifact_size_is_the_size_of_the_file(builder: Builder, tmp_path: Path) -> None:
    """Counting bytes and writing them agree, for plain and for packed weights."""
    # torch writes the file's name into the file; without one it is "archive".
    for variant in ("baseline", "int8"):
        model = builder.build(variant)
        torch.save(model.state_dict(), tmp_path / "archive.pt")

        assert artifact_bytes(model) == (tmp_path / "archive.pt").stat().st_size


def test_packed_weights_are_counted(builder: Builder) -> None:
    """INT8 weights are no parameters: the naive size misses them, the others do not."""
    dense, packed = builder.build("pruned"), builder.build("int8")

    assert parameter_count(dense) == parameter_count(packed)
    assert naive_bytes(packed) < artifact_bytes(packed) < artifact_bytes(dense)
    assert sparsity(packed) >= sparsity(dense)


def test_sparsity_is_the_share_of_exact_zeros() -> None:
    """One zero of four weights and none of two biases."""
    layer = torch.nn.Linear(2, 2)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[0.0, 1e-30], [1.0, 2.0]]))
        layer.bias.fill_(1)

    assert sparsity(layer) == pytest.approx(1 / 6)


def test_serialized_bytes_do_not_depend_on_when_they_are_counted(builder: Builder) -> None:
    """Exact comparison needs an exact figure."""
    assert artifact_bytes(builder.build("int8")) == artifact_bytes(builder.build("int8"))


class _ByLength:
    """A session that says "good" for odd lengths."""

    def __call__(self, batch: Batch) -> NDArray[np.float32]:
        odd = batch.attention_mask.sum(axis=1) % 2
        return np.stack([1 - odd, odd], axis=1).astype(np.float32)


class _NotANumber:
    def __call__(self, batch: Batch) -> NDArray[np.float32]:
        return np.full((len(batch), 2), np.nan, dtype=np.float32)


def test_answers_come_in_the_order_of_the_sentences(builder: Builder) -> None:
    """One answer for each, whatever their lengths."""
    sentences = builder.corpus.train
    expected = tuple(
        (len(ids) % 2 == s.label)
        for ids, s in zip(builder.encoder.encode([s.text for s in sentences]), sentences, strict=True)
    )

    assert expected == answers(_ByLength(), builder.encoder, sentences, variant="mine")
    assert len(set(expected)) == 2


def _order(sentences: Sequence[Sentence]) -> list[int]:
    """Return places in another order, far from that of the split."""
    return sorted(range(len(sentences)), key=lambda place: hashlib.sha256(sentences[place].text.encode()).digest())


def test_int8_answers_do_not_depend_on_the_company_of_a_sentence(builder: Builder) -> None:
    """In any order, and alone, it is answered alike: a row is scored as it is served."""
    session = Eager().open(builder.build("int8"), threads=1)
    texts = [sentence.text for sentence in builder.corpus.train]
    order = _order(builder.corpus.train)
    given = labels_given(session, builder.encoder, texts, variant="int8")
    shuffled = labels_given(session, builder.encoder, [texts[place] for place in order], variant="int8")

    assert tuple(given[place] for place in order) == shuffled
    assert given[:3] == tuple(labels_given(session, builder.encoder, [text], variant="int8")[0] for text in texts[:3])


def test_int8_logits_depend_on_who_shares_the_batch(builder: Builder) -> None:
    """Which is why nothing is scored in batches: the scale of activations is that of the loudest token in them."""
    session = Eager().open(builder.build("int8"), threads=1)
    rows = builder.encoder.encode([sentence.text for sentence in builder.corpus.train])
    order = _order(builder.corpus.train)
    by_place, shuffled = np.empty((len(rows), 2)), np.empty((len(rows), 2))
    for start in range(0, len(rows), 32):
        places, others = list(range(len(rows)))[start : start + 32], order[start : start + 32]
        by_place[places] = session(builder.encoder.batch([rows[place] for place in places]))
        shuffled[others] = session(builder.encoder.batch([rows[place] for place in others]))

    assert np.abs(by_place - shuffled).max() > 1e-3


def test_logits_that_are_not_numbers_are_refused(builder: Builder) -> None:
    """A broken model must not count as one that always picks the first label."""
    with pytest.raises(BenchModelsError, match="mine answers with logits that are not finite"):
        answers(_NotANumber(), builder.encoder, builder.corpus.test, variant="mine")


def test_scenarios_are_made_of_real_sentences(builder: Builder) -> None:
    """One of median length, and the first ones of the test split."""
    sentences = builder.corpus.test
    lengths = sorted(len(ids) for ids in builder.encoder.encode([s.text for s in sentences]))
    made = scenarios(builder.encoder, sentences)

    assert made.single_stream.input_ids.shape == (1, lengths[len(lengths) // 2])
    assert made.single_stream.attention_mask.all()
    assert len(made.offline) == min(32, len(sentences))
