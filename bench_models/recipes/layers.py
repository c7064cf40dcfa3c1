"""The stack of layers inside an encoder, whatever its family calls it."""

import copy
from typing import TYPE_CHECKING, Any

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


def shallower(model: "nn.Module", layers: tuple[int, ...]) -> "nn.Module":
    """Return a classifier of the same family with copies of some encoder layers, counted from 0, and of all else."""
    config: Any = copy.deepcopy(model.config)
    config.num_hidden_layers = len(layers)
    student: nn.Module = type(model)(config)
    stack = stack_of(model)
    renamed = {f"{stack}.{old}.": f"{stack}.{new}." for new, old in enumerate(layers)}
    state = {}
    for name, tensor in model.state_dict().items():
        if not name.startswith(f"{stack}."):
            state[name] = tensor
        for old, new in renamed.items():
            if name.startswith(old):
                state[new + name.removeprefix(old)] = tensor
    student.load_state_dict(state)
    return student
