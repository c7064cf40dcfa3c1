"""Finds the stack of layers inside an encoder of any model family."""

from typing import TYPE_CHECKING

from bench_models.errors import BenchModelsError

if TYPE_CHECKING:
    from torch import nn

# Below the base model: BERT and its kin; DistilBERT.
_STACKS = ("encoder.layer", "transformer.layer")


def stack_of(model: "nn.Module") -> str:
    """Return the qualified name of a classifier's stack of encoder layers."""
    base = getattr(model, "base_model_prefix", "")
    modules = {name for name, _ in model.named_modules()}
    for stack in _STACKS:
        if f"{base}.{stack}" in modules:
            return f"{base}.{stack}"
    raise BenchModelsError(
        f"{type(model).__name__} has no stack of encoder layers below {base!r}: known are {' and '.join(_STACKS)}"
    )


def layers_of(model: "nn.Module") -> "list[nn.Module]":
    """Return a classifier's encoder layers, the lowest first."""
    return list(model.get_submodule(stack_of(model)).children())
