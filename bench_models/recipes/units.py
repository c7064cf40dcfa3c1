"""Attention heads and feed-forward neurons: what each is worth, and taking some out for good.

Either is a *unit* of a layer: some rows of the linear maps that lead to it, and as many columns of the one
that leads away. Imports torch; steps import this module only when they are applied.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn
from tqdm import tqdm

from bench_models.errors import BenchModelsError
from bench_models.recipes.layers import layers_of
from bench_models.recipes.step import Context

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

# Sentences a batch; gradients need memory.
_BATCH = 32


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


def require_rest(counts: Sequence[int], amount: float, kind: Kind) -> int:
    """Return how many of all units are the ``amount``; raises where a layer would be left without any."""
    going, most = round(amount * sum(counts)), sum(counts) - len(counts)
    if going > most:
        raise BenchModelsError(
            f"removing {amount:.0%} of {sum(counts)} {kind} leaves a layer empty: each of {len(counts)} layers keeps "
            f"one, so at most {most} can go"
        )
    return going


def most_important(scores: Sequence[Tensor], amount: float, kind: Kind) -> list[list[int]]:
    """Return which units of each layer stay when the ``amount`` of least importance goes; each layer keeps one.

    ``scores`` has a tensor of shape ``[units]`` a layer.
    """
    going = require_rest([len(score) for score in scores], amount, kind)
    kept = [list(range(len(score))) for score in scores]
    ranked = sorted(
        (float(value), layer, unit) for layer, score in enumerate(scores) for unit, value in enumerate(score)
    )
    for _, layer, unit in ranked:
        if not going:
            break
        if len(kept[layer]) > 1:
            kept[layer].remove(unit)
            going -= 1
    return kept


def importance(model: nn.Module, context: Context, kind: Kind, sentences: int) -> list[Tensor]:
    """Return how much the loss hangs on each unit, one tensor of shape ``[units]`` a layer.

    That is the expected size of the first-order change of a sentence's loss when a unit is silenced, over
    the first ``sentences`` of the train split, relative to the norm of its layer.

    Sources: Michel et al., Are sixteen heads really better than one? (2019), equation 2; Molchanov et al.,
    Pruning convolutional neural networks for resource efficient inference (2017).
    """
    examples = context.corpus.train[:sentences]
    units = units_of(model, kind)
    scores = [torch.zeros(each.count) for each in units]
    model.eval()
    starts = range(0, len(examples), _BATCH)
    for start in tqdm(starts, desc=f"ranking the {kind} of {context.variant}", leave=False, disable=None):
        some = examples[start : start + _BATCH]
        batch = context.encoder.batch(context.encoder.encode([sentence.text for sentence in some]))
        with _watched(units) as seen:
            logits = model(
                input_ids=torch.from_numpy(batch.input_ids), attention_mask=torch.from_numpy(batch.attention_mask)
            ).logits
            labels = torch.tensor([sentence.label for sentence in some])
            # Summed, so that each sentence has its own gradient.
            loss = nn.functional.cross_entropy(logits, labels, reduction="sum")
            gradients = torch.autograd.grad(loss, seen)
        for layer, (each, value, gradient) in enumerate(zip(units, seen, gradients, strict=True)):
            change = (value * gradient).detach().sum(1).unflatten(-1, (each.count, each.size)).sum(-1)
            scores[layer] += change.abs().sum(0)
    return [score / score.norm() if score.norm() > 0 else score for score in scores]


@contextmanager
def _watched(units: Sequence[Units]) -> Iterator[list[Tensor]]:
    """Collect what goes into the outward map of each layer, while the model answers."""
    seen: list[Tensor] = []
    hooks = [each.output.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0])) for each in units]
    try:
        yield seen
    finally:
        for hook in hooks:
            hook.remove()
