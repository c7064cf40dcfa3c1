"""Makes a model with some of the layers of another one.

Apart from layers.py, which every model is loaded with: another way to copy retrains students, and nothing else.
"""

import copy
from typing import TYPE_CHECKING, Any

from bench_models.recipes.layers import stack_of

if TYPE_CHECKING:
    from torch import nn


def shallower(model: "nn.Module", layers: tuple[int, ...]) -> "nn.Module":
    """Return a classifier of the same family with copies of some encoder layers, counted from 0, and of all else."""
    from bench_models.recipes import units

    config: Any = copy.deepcopy(model.config)
    config.num_hidden_layers = len(layers)
    kept = {kind: [counts[layer] for layer in layers] for kind, counts in getattr(config, units.KEPT, {}).items()}
    student: nn.Module = type(model)(config)
    units.reshape(student, kept)  # a teacher may have lost heads or neurons
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
