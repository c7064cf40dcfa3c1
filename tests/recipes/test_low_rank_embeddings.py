"""Embeddings of low rank: the nearest ones that there are, and nearest where sentences look them up."""

import logging
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from support.answering import logits
from torch import nn

from bench_models.build import Builder
from bench_models.errors import BenchModelsError
from bench_models.recipes.cast import Cast
from bench_models.recipes.embeddings import LowRankEmbedding, low_rank
from bench_models.recipes.finetune import FineTune
from bench_models.recipes.low_rank_embeddings import LowRankEmbeddings
from bench_models.recipes.quantize_dynamic import QuantizeDynamic
from bench_models.recipes.share_embeddings import ShareEmbeddings
from bench_models.recipes.step import Context, Step
from bench_models.runtimes.artifact import ArtifactRuntime
from bench_models.runtimes.onnx_runtime import OnnxRuntime
from bench_models.runtimes.openvino_runtime import OpenVino


def _embeddings(model: nn.Module) -> nn.Module:
    found: nn.Module = model.get_input_embeddings()  # type: ignore[operator]
    return found


@given(st.integers(2, 20), st.integers(2, 8), st.integers(0, 2**16), st.data())
def test_no_other_product_of_that_rank_is_nearer(rows: int, width: int, seed: int, data: st.DataObject) -> None:
    """By what singular values say is the least squared error, each row counted as often as it occurs."""
    generator = torch.Generator().manual_seed(seed)
    weight = torch.randn(rows, width, generator=generator, dtype=torch.float64)
    counts = torch.randint(1, 50, (rows,), generator=generator).double()
    rank = data.draw(st.integers(1, min(rows, width)))
    codes, basis, mean = low_rank(weight, counts, rank)
    assert (codes.shape, basis.shape, mean.shape) == ((rows, rank), (rank, width), (width,))

    error = counts @ (codes @ basis + mean - weight).square().sum(1)
    around = counts.sqrt()[:, None] * (weight - (counts @ weight) / counts.sum())
    least = torch.linalg.svdvals(around)[rank:].square().sum()
    assert torch.allclose(error, least, atol=1e-8)


def test_what_is_looked_up_often_is_kept_best() -> None:
    """At the cost of what is rare."""
    weight = torch.eye(3)
    for often in range(3):
        counts = torch.ones(3)
        counts[often] = 1e6
        codes, basis, mean = low_rank(weight, counts, 1)
        errors = (codes @ basis + mean - weight).square().sum(1)
        assert errors[often] < 1e-6
        assert errors.sum() > 0.1


@pytest.mark.parametrize("before", [(), (ShareEmbeddings(),)], ids=["all", "shared"])
def test_embeddings_take_as_many_numbers_as_the_rank_says(
    builder: Builder, context: Context, before: tuple[Step, ...], caplog: pytest.LogCaptureFixture
) -> None:
    """Beside one matrix; with nearly all directions, sentences are answered as before."""
    caplog.set_level(logging.INFO)
    plain, model = (builder.build("baseline").eval() for _ in range(2))
    for step in before:
        plain, model = step.apply(plain, context), step.apply(model, context)
    rows = next(_embeddings(plain).parameters()).shape[0]
    model = LowRankEmbeddings(rank=16).apply(model, context).eval()

    assert isinstance(_embeddings(model), LowRankEmbedding)
    assert sum(each.numel() for each in _embeddings(model).parameters()) == 16 * rows + 16 * 32 + 32
    texts = [sentence.text for sentence in context.corpus.test]
    batch = context.encoder.batch(context.encoder.encode(texts))
    assert np.abs(logits(model, batch) - logits(plain, batch)).max() < 0.5
    assert "mine: 16 of 32 numbers a piece keep" in caplog.text


@pytest.mark.parametrize("more", [1, 2, 400])
def test_rank_that_makes_nothing_smaller_is_refused(builder: Builder, context: Context, more: int) -> None:
    """With the largest that does: the matrix takes bytes, too."""
    rows = len(context.encoder.vocabulary)
    most = max(rank for rank in range(32) if rank * rows + rank * 32 + 32 < rows * 32)
    with pytest.raises(BenchModelsError, match=rf"there are {rows} embeddings of 32 numbers: .* at most {most}$"):
        LowRankEmbeddings(rank=most + more).apply(builder.build("baseline"), context)
    model = LowRankEmbeddings(rank=most).apply(builder.build("baseline"), context)
    assert sum(each.numel() for each in _embeddings(model).parameters()) < rows * 32


def test_share_of_the_variance_is_told_by_frequency(
    builder: Builder, context: Context, caplog: pytest.LogCaptureFixture
) -> None:
    """Around the mean by frequency, too: else the mean's own place would count as kept."""
    caplog.set_level(logging.INFO)
    weight = _embeddings(builder.build("baseline")).weight.detach().double()  # type: ignore[operator]
    pieces = [piece for row in context.encoder.encode([each.text for each in context.corpus.train]) for piece in row]
    counts = torch.bincount(torch.tensor(pieces), minlength=len(weight)).double().clamp(min=1)
    around = counts.sqrt()[:, None] * (weight - (counts @ weight) / counts.sum())
    values = torch.linalg.svdvals(around).square()
    LowRankEmbeddings(rank=4).apply(builder.build("baseline"), context)
    assert f"4 of 32 numbers a piece keep {100 * values[:4].sum() / values.sum():.1f} %" in caplog.text


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_embeddings_in_16_bits_have_a_low_rank_too(builder: Builder, context: Context, dtype: Any) -> None:  # noqa: ANN401  # a literal
    """Their kind stays."""
    model = LowRankEmbeddings(rank=8).apply(Cast(dtype=dtype).apply(builder.build("baseline"), context), context)
    assert {str(each.dtype) for each in _embeddings(model).parameters()} == {f"torch.{dtype}"}


def test_rank_of_nothing_is_refused() -> None:
    """Before anything is built."""
    with pytest.raises(BenchModelsError, match=r"LowRankEmbeddings\(rank=0\): a piece has numbers, a whole number"):
        LowRankEmbeddings(rank=0)


def test_it_is_done_once_and_after_all_training(builder: Builder, context: Context) -> None:
    """Both are said in a sentence, and before an epoch is spent."""
    model = LowRankEmbeddings(rank=8).apply(builder.build("baseline"), context)
    for step in (LowRankEmbeddings(rank=4), ShareEmbeddings()):
        with pytest.raises(BenchModelsError, match=r"needs embeddings in floating point.*LowRankEmbedding already"):
            step.apply(model, context)
    with pytest.raises(BenchModelsError, match="put LowRankEmbeddings behind that"):
        FineTune(learning_rate=1e-3, max_epochs=1).apply(model, context)


def test_int8_in_eager_pytorch_follows(builder: Builder, context: Context) -> None:
    """The map is a linear layer as any other."""
    model = LowRankEmbeddings(rank=16).apply(builder.build("baseline"), context).eval()
    batch = context.encoder.batch(context.encoder.encode([each.text for each in context.corpus.test[:8]]))
    before = logits(model, batch)
    assert np.abs(logits(QuantizeDynamic().apply(model, context), batch) - before).max() < 0.5


@pytest.mark.parametrize(
    "runtime",
    [
        OnnxRuntime(),
        OnnxRuntime(quantization="int8-dynamic"),
        OnnxRuntime(quantization="int8-dynamic", int4_embeddings=True),
        OpenVino(weights="float32"),
    ],
    ids=str,
)
def test_a_runtime_answers_with_embeddings_of_low_rank_as_eager_does(
    builder: Builder, context: Context, runtime: ArtifactRuntime
) -> None:
    """Behind shared ones, in a batch of unlike lengths."""
    model = LowRankEmbeddings(rank=16).apply(ShareEmbeddings().apply(builder.build("baseline"), context), context)
    session = runtime.open(model.eval(), threads=1)
    batch = context.encoder.batch(context.encoder.encode([each.text for each in context.corpus.test[:4]] + ["film"]))
    apart = np.abs(session(batch) - logits(model, batch)).max()
    assert apart < (1e-4 if runtime in (OnnxRuntime(), OpenVino(weights="float32")) else 0.5)
