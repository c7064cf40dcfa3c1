"""Each step does to a model what its name says."""

import dataclasses
from typing import Any

import pytest
import torch
from support.answering import logits

from bench_models.build import Builder
from bench_models.errors import BenchModelsError
from bench_models.metrics.weights import sparsity
from bench_models.recipes.cast import Cast
from bench_models.recipes.finetune import FineTune
from bench_models.recipes.prune import PruneL1
from bench_models.recipes.quantize_dynamic import QuantizeDynamic
from bench_models.recipes.step import Context, Step


def _model() -> torch.nn.Module:
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Embedding(10, 8), torch.nn.Linear(8, 50), torch.nn.Linear(50, 8))


def test_pruning_zeroes_the_smallest_weights_of_each_linear_layer(context: Context) -> None:
    """Thirty percent of each, the smallest, and nothing of the embedding."""
    before = _model()
    after = PruneL1(amount=0.3).apply(_model(), context)

    for old, new in zip(before[1:], after[1:], strict=True):  # type: ignore[index]
        gone = new.weight == 0
        assert gone.float().mean() == pytest.approx(0.3)
        assert old.weight[gone].abs().max() <= old.weight[~gone].abs().min()
    assert not (after[0].weight == 0).any()  # type: ignore[index]


def test_pruning_leaves_no_masks_behind(context: Context) -> None:
    """A pruned model has the tensors of the dense one."""
    assert _model().state_dict().keys() == PruneL1(amount=0.3).apply(_model(), context).state_dict().keys()


@pytest.mark.parametrize("amount", [0.0, 1.0, -0.5, 30])
def test_pruning_by_no_share_is_refused(amount: float) -> None:
    """Thirty percent is 0.3, not 30."""
    with pytest.raises(BenchModelsError, match="lies between 0 and 1"):
        PruneL1(amount=amount)


@pytest.mark.filterwarnings("error")
def test_quantizing_packs_every_linear_layer_in_int8(context: Context) -> None:
    """Quietly, and the answers stay near."""
    after = QuantizeDynamic().apply(_model(), context)
    ids = torch.arange(10)

    assert after[1].weight().dtype == torch.qint8  # type: ignore[index]
    assert torch.allclose(after(ids), _model()(ids), atol=0.05)


def test_casting_changes_every_parameter(context: Context) -> None:
    """All of them, the embedding too."""
    after = Cast(dtype="bfloat16").apply(_model(), context)

    assert {parameter.dtype for parameter in after.parameters()} == {torch.bfloat16}


@pytest.mark.parametrize(
    "steps",
    [
        (Cast(dtype="float16"), QuantizeDynamic()),
        (Cast(dtype="float16"), Cast(dtype="float16")),
        (QuantizeDynamic(), PruneL1(amount=0.5)),
    ],
    ids=str,
)
def test_step_that_could_do_nothing_is_refused(context: Context, steps: tuple[Step, Step]) -> None:
    """Instead of being measured under its name."""
    first, then = steps
    model = first.apply(_model(), context)
    with pytest.raises(BenchModelsError, match=rf"^mine: {type(then).__name__}.*(leave|as the last step)"):
        then.apply(model, context)


def test_model_without_linear_layers_is_refused(context: Context) -> None:
    """There is nothing to do."""
    with pytest.raises(BenchModelsError, match="PruneL1 changes linear layers, and Embedding has none"):
        PruneL1(amount=0.5).apply(torch.nn.Embedding(10, 8), context)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"batch_size": 0}, r"FineTune\(batch_size=0\): sentences a batch are a whole number from 1 on"),
        ({"max_epochs": 0}, r"FineTune\(max_epochs=0\): the split is seen a whole number from 1 on"),
        ({"max_epochs": 1.5}, r"max_epochs=1.5\)"),
        ({"learning_rate": 0.0}, r"a learning rate is greater than 0, and finite"),
        ({"learning_rate": -1e-4}, r"a learning rate is greater than 0, and finite"),
        ({"learning_rate": float("nan")}, r"FineTune\(learning_rate=nan\): a learning rate is greater"),
        ({"learning_rate": "1e-4"}, r"learning_rate='1e-4'\): give a number, without quotation marks"),
        ({"mixed_precision": "yes"}, r"mixed_precision='yes'\): choose True or False"),
        ({"seed": -1}, r"a seed is a whole number from 0 on"),
    ],
)
def test_training_that_cannot_be_is_refused(fields: dict[str, Any], said: str) -> None:
    """Before anything is built."""
    with pytest.raises(BenchModelsError, match=said):
        FineTune(**{"learning_rate": 1e-4, "max_epochs": 1} | fields)


def test_same_seed_gives_the_same_weights(builder: Builder, context: Context) -> None:
    """Training twice from the same checkpoint ends at the same place; another seed ends elsewhere."""
    step = builder.suite.baseline.steps[0]
    assert isinstance(step, FineTune)
    first, again, other = (
        each.apply(builder._model([]), context) for each in (step, step, dataclasses.replace(step, seed=1))
    )

    pairs = [zip(first.parameters(), model.parameters(), strict=True) for model in (again, other)]
    assert all(torch.equal(a, b) for a, b in pairs[0])
    assert not all(torch.equal(a, b) for a, b in pairs[1])


def test_fine_tuning_learns_the_labels(builder: Builder, context: Context) -> None:
    """The made-up sentences are easy: validation accuracy ends well above chance."""
    model = FineTune(learning_rate=1e-3, max_epochs=20, batch_size=4).apply(builder._model([]), context)
    sentences = context.corpus.train
    batch = context.encoder.batch(context.encoder.encode([s.text for s in sentences]))
    right = [int(label) == s.label for label, s in zip(logits(model, batch).argmax(-1), sentences, strict=True)]

    assert sum(right) / len(right) > 0.9


def test_baseline_of_the_tiny_suite_is_dense(builder: Builder) -> None:
    """Sparsity counts exact zeros alone: a dense model has hardly any."""
    assert sparsity(builder.build("baseline")) < 0.02
    assert sparsity(builder.build("pruned")) > 0.2
