"""Heads and neurons that are removed for good."""

from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from support.answering import logits

from bench_models.build import Builder
from bench_models.errors import BenchModelsError
from bench_models.recipes import classifier
from bench_models.recipes.modules import remove, units_of
from bench_models.recipes.prune import PruneHeads, PruneNeurons, importance, most_important
from bench_models.recipes.quantize_dynamic import QuantizeDynamic
from bench_models.recipes.step import Context
from bench_models.tokenizer import Batch

KINDS: tuple[Literal["heads", "neurons"], ...] = ("heads", "neurons")


@pytest.fixture
def batch(context: Context) -> Batch:
    """Return two sentences of unlike length."""
    return context.encoder.batch(context.encoder.encode(["the film shines", "a sequel drags at once"]))


@pytest.mark.parametrize("kind", KINDS)
def test_removed_unit_is_as_if_it_were_silent(
    builder: Builder, batch: Batch, kind: Literal["heads", "neurons"]
) -> None:
    """The answers are those of a model whose unit adds nothing, and its weights are gone."""
    silent, pruned = builder._model([]), builder._model([])
    first = units_of(silent, kind)[0]
    with torch.no_grad():
        first.output.weight[:, : first.size] = 0
    remove(pruned, kind, [range(1, first.count), range(first.count)])
    assert np.allclose(logits(silent, batch), logits(pruned, batch), atol=1e-6)
    assert sum(each.numel() for each in pruned.parameters()) < sum(each.numel() for each in silent.parameters())


@pytest.mark.parametrize("step", [PruneHeads, PruneNeurons])
def test_pruned_model_is_stored_and_loaded_again(
    builder: Builder,
    context: Context,
    batch: Batch,
    tmp_path: Path,
    step: type[PruneHeads] | type[PruneNeurons],
) -> None:
    """With its own shapes, from safetensors."""
    model = step(learning_rate=1e-3, max_epochs=1, batch_size=8, amount=0.5).apply(builder._model([]), context)
    folder = tmp_path / "saved"
    folder.mkdir()
    classifier.save(model, folder, builder.checkpoint)
    again = classifier.load(folder, builder.corpus.labels)
    assert np.array_equal(logits(model, batch), logits(again, batch))
    assert (
        sum(units.count for units in units_of(again, step.kind))
        == sum(units.count for units in units_of(builder._model([]), step.kind)) // 2
    )


def test_head_that_does_nothing_matters_least(builder: Builder, context: Context) -> None:
    """Its output is cut off, so the loss does not hang on it."""
    model = builder.build("baseline")
    units = units_of(model, "heads")[1]
    with torch.no_grad():
        units.output.weight[:, units.size :] = 0
    scores = importance(model, context, "heads", 64)
    assert scores[1][1] == 0
    assert scores[1][0] > 0
    assert most_important(scores, 0.25, "heads")[1] == [0]


@given(
    st.lists(st.lists(st.floats(0, 1, width=32), min_size=1, max_size=8), min_size=1, max_size=5),
    st.floats(min_value=0.01, max_value=0.99),
)
def test_share_that_goes_is_what_was_asked_and_every_layer_keeps_one(scores: list[list[float]], amount: float) -> None:
    """Or the amount is refused."""
    total = sum(map(len, scores))
    tensors = [torch.tensor(score) for score in scores]
    if round(amount * total) > total - len(scores):
        with pytest.raises(BenchModelsError, match="leaves a layer empty"):
            most_important(tensors, amount, "heads")
        return
    kept = most_important(tensors, amount, "heads")
    assert sum(map(len, kept)) == total - round(amount * total)
    assert all(kept)
    for score, keep in zip(scores, kept, strict=True):
        gone = [value for unit, value in enumerate(score) if unit not in keep]
        assert not gone or max(gone) <= min(score[unit] for unit in keep)


@pytest.mark.parametrize("amount", [0.0, 1.0, 30, float("nan")])
def test_share_that_is_none_is_refused(amount: float) -> None:
    """Half is 0.5."""
    with pytest.raises(BenchModelsError, match="lies between 0 and 1"):
        PruneHeads(learning_rate=1e-3, max_epochs=1, amount=amount)


def test_amount_that_leaves_a_layer_empty_is_refused_before_the_work(builder: Builder, context: Context) -> None:
    """Two layers of two heads: three cannot go."""
    with pytest.raises(BenchModelsError, match=r"amount=0\.75 of 4 heads leaves a layer empty"):
        PruneHeads(learning_rate=1e-3, max_epochs=1, amount=0.75).apply(builder._model([]), context)


def test_quantized_model_is_refused(builder: Builder, context: Context) -> None:
    """Its weights are packed."""
    model = QuantizeDynamic().apply(builder._model([]), context)
    with pytest.raises(BenchModelsError, match="so quantize afterwards"):
        PruneHeads(learning_rate=1e-3, max_epochs=1, amount=0.5).apply(model, context)
