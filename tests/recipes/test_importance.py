"""The importance of heads and neurons, against its definition."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

import pytest
import torch
from torch import Tensor, nn

from bench_models.build import Builder
from bench_models.recipes.prune import importance
from bench_models.recipes.step import Context

# More than a batch of sentences, and no whole number of batches.
SENTENCES = 45


@pytest.mark.parametrize(("kind", "units"), [("heads", 2), ("neurons", 64)])
def test_importance_is_what_michel_et_al_wrote(
    builder: Builder, context: Context, kind: Literal["heads", "neurons"], units: int
) -> None:
    """Equation 2: the mean of |dL/dgate| over sentences, each by itself, for a gate of 1 on every unit, by its norm."""
    model: Any = builder._model([]).eval()
    layers = model.bert.encoder.layer
    outward = [layer.attention.output.dense if kind == "heads" else layer.output.dense for layer in layers]
    gates = [torch.ones(units, requires_grad=True) for _ in layers]
    total = [torch.zeros(units) for _ in layers]
    for sentence in context.corpus.train[:SENTENCES]:
        (row,) = context.encoder.encode([sentence.text])
        with _gated(outward, gates):
            logits = model(input_ids=torch.tensor([row])).logits
        loss = nn.functional.cross_entropy(logits, torch.tensor([sentence.label]))
        for sums, gradient in zip(total, torch.autograd.grad(loss, gates), strict=True):
            sums.add_(gradient.abs())

    found = importance(model, context, kind, SENTENCES)

    assert [tuple(score.shape) for score in found] == [(units,)] * len(layers)
    for score, sums in zip(found, total, strict=True):
        assert score.tolist() == pytest.approx((sums / sums.norm()).tolist(), rel=1e-3, abs=1e-6)


@contextmanager
def _gated(outward: list[nn.Module], gates: list[Tensor]) -> Iterator[None]:
    """Multiply what goes into each outward map by the gate of its unit."""
    hooks = [module.register_forward_pre_hook(_through(gate)) for module, gate in zip(outward, gates, strict=True)]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _through(gate: Tensor) -> Callable[[nn.Module, tuple[Tensor, ...]], tuple[Tensor]]:
    def hook(_: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor]:
        return (inputs[0] * gate.repeat_interleave(inputs[0].shape[-1] // len(gate)),)

    return hook
