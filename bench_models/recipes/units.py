"""Attention heads and feed-forward neurons, and how they are removed.

Either is a *unit* of a layer: some rows of the linear maps that lead to it, and as many columns of the one
that leads away. Imports torch; steps import this module only when they are applied.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from bench_models.errors import BenchModelsError
from bench_models.recipes.layers import layers_of

Kind = Literal["heads", "neurons"]

# The entry of a saved configuration that says how many units of a kind each layer has left.
KEPT = "kept_units"

# Maps to and from the units of a layer: BERT and its kin; DistilBERT.
_MAPS: dict[Kind, tuple[tuple[tuple[str, ...], str], ...]] = {
    "heads": (
        (("attention.self.query", "attention.self.key", "attention.self.value"), "attention.output.dense"),
        (("attention.q_lin", "attention.k_lin", "attention.v_lin"), "attention.out_lin"),
    ),
    "neurons": (
        (("intermediate.dense",), "output.dense"),
        (("ffn.lin1",), "ffn.lin2"),
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """The units of one kind in one layer, each of ``size`` rows and columns."""

    layer: nn.Module
    inward: tuple[str, ...]
    outward: str
    size: int

    @property
    def count(self) -> int:
        """How many there are now."""
        return self.output.in_features // self.size

    @property
    def output(self) -> nn.Linear:
        """The linear map that leads away from them."""
        return self._linear(self.outward)

    def keep(self, units: Sequence[int]) -> None:
        """Keep these, in their order, and remove the weights of all others."""
        places = torch.tensor([unit * self.size + place for unit in units for place in range(self.size)])
        for name in self.inward:
            linear = self._linear(name)
            self._put(name, linear.weight[places], linear.bias[places])
        self._put(self.outward, self.output.weight[:, places], self.output.bias)

    def _linear(self, name: str) -> nn.Linear:
        linear = self.layer.get_submodule(name)
        if not isinstance(linear, nn.Linear):
            raise BenchModelsError(
                f"{name} is a {type(linear).__qualname__} of {type(linear).__module__}: units are removed from "
                "floating-point linear layers, so quantize afterwards"
            )
        return linear

    def _put(self, name: str, weight: Tensor, bias: Tensor) -> None:
        linear = nn.Linear(weight.shape[1], weight.shape[0])
        linear.weight, linear.bias = nn.Parameter(weight.detach().clone()), nn.Parameter(bias.detach().clone())
        self.layer.set_submodule(name, linear)


def units_of(model: nn.Module, kind: Kind) -> list[Units]:
    """Return the units of each encoder layer."""
    config: Any = model.config
    size = config.hidden_size // config.num_attention_heads if kind == "heads" else 1
    found = []
    for layer in layers_of(model):
        names = {name for name, _ in layer.named_modules()}
        maps = next(((inward, outward) for inward, outward in _MAPS[kind] if {*inward, outward} <= names), None)
        if maps is None:
            raise BenchModelsError(f"{type(model).__name__} has layers whose {kind} are not known: {sorted(names)}")
        found.append(Units(layer=layer, inward=maps[0], outward=maps[1], size=size))
    return found


def remove(model: nn.Module, kind: Kind, kept: Sequence[Sequence[int]]) -> None:
    """Keep some units of each layer, and write down in the configuration how many: it is saved with the weights."""
    for units, keep in zip(units_of(model, kind), kept, strict=True):
        units.keep(keep)
    config: Any = model.config
    setattr(config, KEPT, {**getattr(config, KEPT, {}), kind: [len(keep) for keep in kept]})


def reshape(model: nn.Module, kept: Mapping[str, Sequence[int]]) -> None:
    """Give a freshly made model the shapes of one whose units were removed, so that its weights fit."""
    for kind in ("heads", "neurons"):
        if kind in kept:
            remove(model, kind, [range(count) for count in kept[kind]])
