"""Linear layers by oneDNN learn what those of PyTorch learn."""

from unittest.mock import patch

import pytest
import torch
from torch import Tensor, nn

from bench_models.build import Builder
from bench_models.recipes import onednn
from bench_models.recipes.finetune import FineTune
from bench_models.recipes.onednn import FastLinears
from bench_models.recipes.step import Context

SHAPES = [(3, 5), (1, 8), (2, 7, 16), (32, 27, 384), (2, 3, 4, 6)]


def _learned(inputs: Tensor, layer: nn.Linear, *, fast: bool) -> list[Tensor]:
    """Return what a layer answers, and the gradients of its input, weight and bias."""
    inputs = inputs.clone().requires_grad_()
    layer.zero_grad()
    if fast:
        with FastLinears():
            answer = layer(inputs)
    else:
        answer = layer(inputs)
    (answer * torch.arange(answer.numel()).reshape(answer.shape).cos()).sum().backward()
    return [answer.detach(), *(each.grad for each in (inputs, *layer.parameters()) if each.grad is not None)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("bias", [True, False])
def test_answers_and_gradients_are_those_of_pytorch(shape: tuple[int, ...], *, bias: bool) -> None:
    """But for rounding, in the order of sums."""
    torch.manual_seed(0)
    layer, inputs = nn.Linear(shape[-1], 11, bias=bias), torch.randn(shape)
    ours, theirs = (_learned(inputs, layer, fast=fast) for fast in (True, False))

    assert len(ours) == len(theirs) == 3 + bias
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)


def test_slice_is_multiplied_as_if_it_were_a_matrix_of_its_own() -> None:
    """As the first token of each row is, by a pooler: oneDNN gets no strides, which it multiplies slowly."""
    torch.manual_seed(0)
    rows = torch.randn(8, 5, 16, requires_grad=True)
    layer = nn.Linear(16, 16)
    with patch.object(onednn, "_product", wraps=onednn._product) as product, FastLinears():
        layer(rows[:, 0]).sum().backward()

    assert product.call_count == 3
    for call in product.call_args_list:
        assert all(each.is_contiguous() or each.t().is_contiguous() for each in call.args[:2])
    assert layer.weight.grad is not None
    torch.testing.assert_close(layer.weight.grad, rows[:, 0].sum(0).expand(16, 16))


@pytest.mark.parametrize(
    ("inputs", "weight"),
    [
        (torch.zeros(4, 3, dtype=torch.float64), torch.zeros(5, 3, dtype=torch.float64)),
        (torch.zeros(4, 3, dtype=torch.bfloat16), torch.zeros(5, 3, dtype=torch.bfloat16)),
        (torch.zeros(3), torch.zeros(5, 3)),
        (torch.zeros(0, 3), torch.zeros(5, 3)),
        (torch.zeros(4, 0), torch.zeros(5, 0)),
        (torch.zeros(4, 3), torch.zeros(5, 3).to_sparse()),
    ],
)
def test_what_does_not_suit_is_left_to_pytorch(inputs: Tensor, weight: Tensor) -> None:
    """Other types and layouts, single vectors, and nothing."""
    with patch.object(onednn, "_product", side_effect=AssertionError), FastLinears():
        assert nn.functional.linear(inputs, weight).shape == (*inputs.shape[:-1], 5)


@pytest.mark.parametrize("bias", [torch.ones(()), torch.ones(1), torch.ones(4, 5), torch.arange(10.0)[::2]])
def test_bias_that_onednn_would_misread_is_left_to_pytorch(bias: Tensor) -> None:
    """It takes as many numbers as there are outputs, one after the other, whatever the bias is."""
    inputs, weight = torch.ones(4, 3), torch.ones(5, 3)
    with FastLinears():
        found = nn.functional.linear(inputs, weight, bias)
    assert torch.equal(found, nn.functional.linear(inputs, weight, bias))


def test_matrices_that_do_not_fit_get_the_message_of_pytorch() -> None:
    """It names both shapes."""
    with FastLinears(), pytest.raises(RuntimeError, match="mat1 and mat2 shapes cannot be multiplied"):
        nn.functional.linear(torch.ones(4, 3), torch.ones(5, 2))


def test_autocast_is_left_to_pytorch() -> None:
    """It answers in bfloat16."""
    with patch.object(onednn, "_product", side_effect=AssertionError), FastLinears(), torch.autocast("cpu"):
        assert nn.functional.linear(torch.zeros(4, 3), torch.zeros(5, 3)).dtype == torch.bfloat16


def test_training_computes_by_it_and_what_is_served_does_not(builder: Builder, context: Context) -> None:
    """Forwards and backwards; afterwards all is as before."""
    model = builder._model([])
    with patch.object(onednn, "_product", wraps=onednn._product) as product:
        FineTune(learning_rate=1e-3, max_epochs=1).apply(model, context)
        trained = product.call_count
        model(input_ids=torch.tensor([[2, 5, 3]]))
    # Two layers of six products and two of the head: more than two of each, as they are differentiated.
    assert trained > 2 * 14
    assert product.call_count == trained
