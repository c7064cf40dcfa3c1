"""Finds the parts of a model that steps change: encoder layers, linear layers, attention heads and neurons.

Imports torch: a step imports this module when it is applied.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import Tensor, nn

from bench_models.errors import BenchModelsError

if TYPE_CHECKING:
    from bench_models.recipes.step import Context, Step


# An attention head or a feed-forward neuron is a *unit* of a layer: some rows of the linear maps that lead to it, and
# as many columns of the one that leads away.
Kind = Literal["heads", "neurons"]

# The entry of a saved configuration that says how many units of a kind each layer has left.
KEPT = "kept_units"

# The stack of encoder layers, below the base model: BERT and its kin; DistilBERT.
_STACKS = ("encoder.layer", "transformer.layer")

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


def stack_of(model: nn.Module) -> str:
    """Return the qualified name of a classifier's stack of encoder layers."""
    base = getattr(model, "base_model_prefix", "")
    modules = {name for name, _ in model.named_modules()}
    for stack in _STACKS:
        if f"{base}.{stack}" in modules:
            return f"{base}.{stack}"
    raise BenchModelsError(
        f"{type(model).__name__} has no stack of encoder layers below {base!r}: known are {' and '.join(_STACKS)}"
    )


def layers_of(model: nn.Module) -> list[nn.Module]:
    """Return a classifier's encoder layers, the lowest first."""
    return list(model.get_submodule(stack_of(model)).children())


def linears_of(model: nn.Module, step: "Step", context: "Context") -> dict[str, nn.Linear]:
    """Return a model's linear layers by their qualified names.

    Raises ``BenchModelsError`` when there is none, or one whose weights are not plain floating-point numbers.
    """
    named = [(name, module) for name, module in model.named_modules() if hasattr(module, "in_features")]
    what = f"{context.variant}: {type(step).__name__}"
    if not named:
        raise BenchModelsError(f"{what} changes linear layers, and {type(model).__name__} has none: leave the step out")
    plain = {name: module for name, module in named if isinstance(module, nn.Linear) and _is_plain(module)}
    packed = [(name, module) for name, module in named if name not in plain]
    if packed:
        name, module = packed[0]
        kind = f"{type(module).__module__}.{type(module).__qualname__}"
        raise BenchModelsError(
            f"{what} needs linear layers of floating-point weights, and {len(packed)} of {len(named)} are quantized "
            f"already, as {name} ({kind}): quantize once, and as the last step"
        )
    return plain


def _is_plain(linear: nn.Linear) -> bool:
    # Libraries that quantize keep their own kind of parameter in a layer, some of a type that claims to be a float.
    return type(linear.weight) is nn.Parameter and linear.weight.is_floating_point()


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """The units of one kind in one layer, each of ``size`` rows and columns."""

    layer: nn.Module
    inward: tuple[str, ...]
    outward: str
    size: int

    @property
    def count(self) -> int:
        """How many units the layer has now."""
        return self.output.in_features // self.size

    @property
    def output(self) -> nn.Linear:
        """The linear map whose inputs the units are."""
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
    """Keep some units of each layer, and note their number in the configuration, which is saved with the weights."""
    for units, keep in zip(units_of(model, kind), kept, strict=True):
        units.keep(keep)
    config: Any = model.config
    setattr(config, KEPT, {**getattr(config, KEPT, {}), kind: [len(keep) for keep in kept]})


def reshape(model: nn.Module, kept: Mapping[str, Sequence[int]]) -> None:
    """Give a newly made model the shapes of one whose units were removed, so that its weights fit."""
    for kind in ("heads", "neurons"):
        if kind in kept:
            remove(model, kind, [range(count) for count in kept[kind]])
