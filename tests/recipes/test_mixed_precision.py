"""Mixed precision is an option of every step that trains."""

from typing import Any

import pytest
import torch
from torch import nn

from bench_models.build import Builder
from bench_models.recipes import finetune
from bench_models.recipes.distill import Distill
from bench_models.recipes.finetune import FineTune
from bench_models.recipes.intx import QuantizationAware
from bench_models.recipes.step import Context
from bench_models.recipes.structured import PruneHeads, PruneNeurons


def steps(mixed_precision: bool | None) -> tuple[FineTune, ...]:  # noqa: FBT001  # as the field is
    """Return one step of each kind that trains."""
    fields: dict[str, Any] = {"learning_rate": 1e-3, "max_epochs": 1, "mixed_precision": mixed_precision}
    return (
        FineTune(**fields),
        Distill(layers=(0,), **fields),
        PruneHeads(amount=0.5, **fields),
        PruneNeurons(amount=0.5, **fields),
        QuantizationAware(bits=4, **fields),
    )


@pytest.fixture
def multiplied(monkeypatch: pytest.MonkeyPatch) -> set[torch.dtype]:
    """Return the types of what linear layers answer while something is learned."""
    seen: set[torch.dtype] = set()
    linear = nn.functional.linear

    def watched(*arguments: torch.Tensor) -> torch.Tensor:
        answer = linear(*arguments)
        if torch.is_grad_enabled():
            seen.add(answer.dtype)
        return answer

    monkeypatch.setattr(nn.functional, "linear", watched)
    return seen


@pytest.mark.parametrize("place", range(5))
@pytest.mark.parametrize("mixed", [True, False])
def test_matrices_are_multiplied_in_the_type_that_is_asked_for(
    builder: Builder, context: Context, multiplied: set[torch.dtype], place: int, *, mixed: bool
) -> None:
    """Ranking units takes gradients, too, always in fp32; the weights stay fp32."""
    step = steps(mixed)[place]
    trained = step.apply(builder._model([]), context)
    ranked = isinstance(step, PruneHeads | PruneNeurons)
    assert (torch.bfloat16 in multiplied) == mixed
    assert (torch.float32 in multiplied) == (ranked or not mixed)
    assert {parameter.dtype for parameter in trained.parameters()} == {torch.float32}


def test_mixed_precision_is_for_cpus_with_the_arithmetic_unless_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """And the key of what is trained says which it was."""
    for arithmetic in (True, False):
        monkeypatch.setattr(finetune, "has_bf16_arithmetic", lambda arithmetic=arithmetic: arithmetic)
        assert {step.circumstances()["bf16"] for step in steps(None)} == {arithmetic}
        assert {step.circumstances()["bf16"] for step in steps(mixed_precision=True)} == {True}
        assert {step.circumstances()["bf16"] for step in steps(mixed_precision=False)} == {False}
