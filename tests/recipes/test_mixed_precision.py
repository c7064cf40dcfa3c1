"""Mixed precision is an option of every step that trains."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from bench_models.build import Builder
from bench_models.provenance import step_key
from bench_models.recipes import classifier
from bench_models.recipes.distill import Distill
from bench_models.recipes.finetune import FineTune
from bench_models.recipes.prune import PruneHeads, PruneNeurons
from bench_models.recipes.quantize_torchao import QuantizationAware
from bench_models.recipes.step import Context
from bench_models.runtimes.eager import Eager


def steps(mixed_precision: bool) -> tuple[FineTune, ...]:  # noqa: FBT001  # as the field is
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


@pytest.mark.parametrize("place", range(5))
def test_model_trained_in_mixed_precision_computes_as_the_stored_one(
    builder: Builder, context: Context, tmp_path: Path, place: int
) -> None:
    """Nothing of autocast is left on it, so it answers in fp32, to the last digit as it does when it is loaded."""
    model = steps(mixed_precision=True)[place].apply(builder._model([]), context)
    folder = tmp_path / "saved"
    folder.mkdir()
    classifier.save(model, folder, builder.checkpoint)
    again = classifier.load(folder, builder.corpus.labels)
    batch = builder.encoder.batch(builder.encoder.encode([sentence.text for sentence in builder.corpus.test]))
    trained, stored = (Eager().open(each, threads=1)(batch) for each in (model, again))

    assert np.array_equal(trained, stored)
    assert not model.training


def test_training_is_in_fp32_unless_told() -> None:
    """Whatever the CPU can do: the same recipe is the same computation on each machine."""
    fields: dict[str, Any] = {"learning_rate": 1e-3, "max_epochs": 1}
    step = FineTune(**fields)

    assert not step.schedule().bf16
    assert step_key("parent", step, "corpus") == step_key("parent", replace(step, mixed_precision=False), "corpus")
    assert step_key("parent", step, "corpus") != step_key("parent", replace(step, mixed_precision=True), "corpus")
