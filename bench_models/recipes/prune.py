"""Pruning: sets single weights to zero, or removes whole attention heads and feed-forward neurons."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from tqdm import tqdm

from bench_models.errors import BenchModelsError
from bench_models.recipes.finetune import FineTune
from bench_models.recipes.step import Context, Step, require_counts, require_numbers

if TYPE_CHECKING:
    from torch import Tensor, nn

    from bench_models.recipes.modules import Kind, Units

# Sentences a batch; gradients need memory.
_BATCH = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class PruneL1(Step):
    """Zero the ``amount`` of weights with the smallest magnitude in each linear layer.

    Unstructured and local: each layer loses the same share. Dense kernels multiply zeros as slowly
    as anything else, so this shrinks neither the latency nor the artifact; it costs accuracy and
    buys sparsity, which a sparse runtime or a compressor can use.

    Source: Han et al., Learning both weights and connections for efficient neural networks (2015).
    """

    amount: float

    def __post_init__(self) -> None:
        """Refuse a share that is not between 0 and 1."""
        require_numbers(self, "amount")
        if not 0 < self.amount < 1:
            raise BenchModelsError(f"PruneL1(amount={self.amount}): the share to prune lies between 0 and 1")

    def apply(self, model: "nn.Module", context: Context) -> "nn.Module":
        """Return the model with zeros in place of its smallest weights."""
        from torch.nn.utils import prune

        from bench_models.recipes.modules import linears_of

        for linear in linears_of(model, self, context).values():
            prune.l1_unstructured(linear, "weight", amount=self.amount)
            # Without this the layer keeps its weights and a mask of the same size.
            prune.remove(linear, "weight")
        return model


@dataclass(frozen=True, slots=True, kw_only=True)
class _PruneUnits(FineTune):
    """Remove the ``amount`` of units that matter least, and train what is left to recover.

    How much a unit matters is measured on the first ``sentences`` of the train split (``importance`` names
    the sources), and compared across layers; each layer keeps at least one.
    """

    kind: ClassVar["Kind"]

    amount: float
    sentences: int = 1024

    def __post_init__(self) -> None:
        """Refuse a share that is not between 0 and 1, and an empty sample."""
        # Named, because a slotted dataclass is another class than the one that super() without names sees.
        super(_PruneUnits, self).__post_init__()
        require_numbers(self, "amount")
        if not 0 < self.amount < 1:
            name = type(self).__name__
            raise BenchModelsError(f"{name}(amount={self.amount}): the share to remove lies between 0 and 1")
        require_counts(self, least=1, sentences="importance is measured on")

    def apply(self, model: "nn.Module", context: Context) -> "nn.Module":
        """Return the smaller model, with the weights of its best validation accuracy."""
        from bench_models.recipes.modules import remove, units_of
        from bench_models.recipes.training import train

        require_rest([units.count for units in units_of(model, self.kind)], self.amount, self.kind)
        scores = importance(model, context, self.kind, self.sentences)
        remove(model, self.kind, most_important(scores, self.amount, self.kind))
        return train(model, context, self.schedule())


@dataclass(frozen=True, slots=True, kw_only=True)
class PruneHeads(_PruneUnits):
    """Remove attention heads, those that matter least, and train what is left to recover.

    Source: Michel et al., Are sixteen heads really better than one? (2019).
    """

    kind: ClassVar["Kind"] = "heads"


@dataclass(frozen=True, slots=True, kw_only=True)
class PruneNeurons(_PruneUnits):
    """Remove neurons of the feed-forward layers, those that matter least, and train what is left to recover.

    Source: Molchanov et al., Pruning convolutional neural networks for resource efficient inference (2017).
    """

    kind: ClassVar["Kind"] = "neurons"


def require_rest(counts: Sequence[int], amount: float, kind: "Kind") -> int:
    """Return how many of all units are the ``amount``; raises where a layer would be left without any."""
    going, most = round(amount * sum(counts)), sum(counts) - len(counts)
    if going > most:
        raise BenchModelsError(
            f"amount={amount} of {sum(counts)} {kind} leaves a layer empty: each of {len(counts)} layers keeps one, so "
            f"at most {most} can go"
        )
    return going


def most_important(scores: "Sequence[Tensor]", amount: float, kind: "Kind") -> list[list[int]]:
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


def importance(model: "nn.Module", context: Context, kind: "Kind", sentences: int) -> "list[Tensor]":
    """Return how much the loss depends on each unit, one tensor of shape ``[units]`` a layer.

    That is the expected size of the first-order change of a sentence's loss when a unit is silenced, over
    the first ``sentences`` of the train split, relative to the norm of its layer.

    Sources: Michel et al., Are sixteen heads really better than one? (2019), equation 2; Molchanov et al.,
    Pruning convolutional neural networks for resource efficient inference (2017).
    """
    import torch
    from torch.nn.functional import cross_entropy

    from bench_models.recipes.modules import units_of

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
            loss = cross_entropy(logits, labels, reduction="sum")
            gradients = torch.autograd.grad(loss, seen)
        for layer, (each, value, gradient) in enumerate(zip(units, seen, gradients, strict=True)):
            change = (value * gradient).detach().sum(1).unflatten(-1, (each.count, each.size)).sum(-1)
            scores[layer] += change.abs().sum(0)
    return [score / score.norm() if score.norm() > 0 else score for score in scores]


@contextmanager
def _watched(units: "Sequence[Units]") -> "Iterator[list[Tensor]]":
    """Collect the inputs of each layer's outward map while the model answers."""
    seen: list[Tensor] = []
    hooks = [each.output.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0])) for each in units]
    try:
        yield seen
    finally:
        for hook in hooks:
            hook.remove()
