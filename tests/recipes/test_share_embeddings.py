"""Embeddings of word pieces that a corpus lacks: shared with the nearest, and no others are changed."""

import logging
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from support.answering import logits
from torch import nn

from bench_models.build import Builder
from bench_models.errors import BenchModelsError
from bench_models.recipes.embeddings import SharedEmbedding, nearest
from bench_models.recipes.finetune import FineTune
from bench_models.recipes.share_embeddings import ShareEmbeddings
from bench_models.recipes.step import Context
from bench_models.runtimes.artifact import ArtifactRuntime
from bench_models.runtimes.onnx_runtime import OnnxRuntime
from bench_models.runtimes.openvino_runtime import OpenVino
from bench_models.sources.corpora import Sentence


@pytest.fixture
def narrow(context: Context) -> Context:
    """Return a context whose train split is a few sentences, and lacks most words of the others."""
    texts = [sentence.text for sentence in context.corpus.train]
    few = [Sentence(text=text, label=0) for text in (texts[0], texts[0], texts[-1])]
    return replace(context, corpus=replace(context.corpus, train=tuple(few)))


def _words(context: Context) -> set[int]:
    return {piece for row in context.encoder.encode([each.text for each in context.corpus.train]) for piece in row}


def _answers(model: nn.Module, context: Context, text: str) -> np.ndarray:
    return logits(model, context.encoder.batch(context.encoder.encode([text])))


def test_sentences_of_the_train_split_are_answered_as_before(builder: Builder, narrow: Context) -> None:
    """To the last bit: their pieces keep their own embeddings."""
    before, after = (builder.build("baseline").eval() for _ in range(2))
    ShareEmbeddings().apply(after, narrow)

    for sentence in narrow.corpus.train:
        assert np.array_equal(_answers(after, narrow, sentence.text), _answers(before, narrow, sentence.text))
    texts = [sentence.text for sentence in narrow.corpus.test]
    assert any(not np.array_equal(_answers(after, narrow, text), _answers(before, narrow, text)) for text in texts)


def test_only_embeddings_that_are_kept_take_bytes(builder: Builder, narrow: Context) -> None:
    """Those of the train split's words, of padding and of unknown words, beside a table of two bytes a piece."""
    before, after = (builder.build("baseline").eval() for _ in range(2))
    ShareEmbeddings().apply(after, narrow)
    shared = after.get_input_embeddings()  # type: ignore[operator]

    kept = _words(narrow) | {narrow.encoder.pad_id, narrow.encoder.vocabulary["[UNK]"]}
    assert shared.weight.shape == (len(kept), 32)
    assert shared.row_of.dtype == torch.int16
    lost = sum(each.numel() for each in before.parameters()) - sum(each.numel() for each in after.parameters())
    assert lost == 32 * (len(narrow.encoder.vocabulary) - len(kept))


@given(st.integers(1, 30), st.integers(1, 8), st.integers(0, 2**16), st.data())
def test_a_piece_shares_with_the_nearest_that_is_kept(pieces: int, width: int, seed: int, data: st.DataObject) -> None:
    """By the cosine, whatever the lengths; a kept one with itself, even where another has the same direction."""
    kept = torch.tensor(sorted(data.draw(st.sets(st.integers(0, pieces - 1), min_size=1))))
    weight = torch.randn(pieces, width, generator=torch.Generator().manual_seed(seed))
    if pieces > 1:
        weight[-1] = 3 * weight[0]
    places = nearest(weight, kept)

    assert torch.equal(places[kept], torch.arange(len(kept)))
    cosines = nn.functional.cosine_similarity(weight[:, None], weight[None, kept], dim=-1)
    chosen = cosines.gather(1, places[:, None])[:, 0]
    assert torch.allclose(chosen, cosines.max(1).values, atol=1e-5)


def test_rare_pieces_share_as_well_where_that_is_asked_for(builder: Builder, narrow: Context) -> None:
    """With a least count of two, words that occur once have others' embeddings."""
    sizes = []
    for count in (1, 2, 3):
        model = ShareEmbeddings(min_count=count).apply(builder.build("baseline"), narrow)
        sizes.append(len(model.get_input_embeddings().weight))  # type: ignore[operator]
    assert sizes[0] > sizes[1] > sizes[2] >= 4


def test_what_falls_outside_is_told(builder: Builder, narrow: Context, caplog: pytest.LogCaptureFixture) -> None:
    """How many embeddings are kept, and the share of sentences that it matters for."""
    caplog.set_level(logging.INFO)
    ShareEmbeddings().apply(builder.build("baseline"), narrow)
    own = _words(narrow)
    rows = narrow.encoder.encode([sentence.text for sentence in narrow.corpus.validation])
    outside = 100 * sum(bool(set(row) - own) for row in rows) / len(rows)
    assert f"12 of 35 embeddings are kept; {outside:.1f} % of the validation sentences" in caplog.text
    assert 0 < outside < 100


def test_embeddings_are_shared_once_and_after_all_training(builder: Builder, context: Context) -> None:
    """Both are said in a sentence, and before an epoch is spent."""
    model = ShareEmbeddings().apply(builder.build("baseline"), context)
    with pytest.raises(BenchModelsError, match=r"mine: ShareEmbeddings\(\) needs embeddings in floating point.*Shared"):
        ShareEmbeddings().apply(model, context)
    with pytest.raises(BenchModelsError, match="put ShareEmbeddings behind such steps"):
        FineTune(learning_rate=1e-3, max_epochs=1).apply(model, context)


def test_a_count_below_one_is_refused() -> None:
    """It would keep everything."""
    with pytest.raises(BenchModelsError, match=r"ShareEmbeddings\(min_count=0\): a kept piece occurs a whole number"):
        ShareEmbeddings(min_count=0)


def test_many_rows_need_a_wider_table() -> None:
    """Of four bytes: two would wrap around, and look up other rows."""
    weight = torch.arange(40_000.0)[:, None]
    shared = SharedEmbedding(weight, torch.arange(40_000)).eval()
    assert shared.row_of.dtype == torch.int32
    assert shared(torch.tensor([[0, 39_999]])).flatten().tolist() == [0, 39_999]


@pytest.mark.parametrize(
    "runtime",
    [
        OnnxRuntime(),
        OnnxRuntime(quantization="int8-dynamic"),
        OnnxRuntime(quantization="int8-dynamic", int4_embeddings=True),
        OnnxRuntime(quantization="int4"),
        OpenVino(weights="float32"),
    ],
)
def test_a_runtime_answers_with_shared_embeddings_as_eager_does(
    builder: Builder, narrow: Context, runtime: ArtifactRuntime
) -> None:
    """Also for words that the train split lacks, and in a batch of unlike lengths."""
    model = ShareEmbeddings().apply(builder.build("baseline"), narrow).eval()
    session = runtime.open(model, threads=1)
    batch = narrow.encoder.batch(narrow.encoder.encode([each.text for each in narrow.corpus.test[:4]] + ["film"]))
    apart = np.abs(session(batch) - logits(model, batch)).max()
    assert apart < (1e-4 if runtime in (OnnxRuntime(), OpenVino(weights="float32")) else 0.5)
