"""Ranks attention heads and feed-forward neurons by importance, and chooses which stay.

Apart from units.py, which every model is loaded with: another way to rank retrains what was ranked, and nothing else.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from tqdm import tqdm

from bench_models.errors import BenchModelsError
from bench_models.recipes.step import Context
from bench_models.recipes.units import Kind, Units, units_of

# Sentences a batch; gradients need memory.
_BATCH = 32


def require_rest(counts: Sequence[int], amount: float, kind: Kind) -> int:
    """Return how many of all units are the ``amount``; raises where a layer would be left without any."""
    going, most = round(amount * sum(counts)), sum(counts) - len(counts)
    if going > most:
        raise BenchModelsError(
            f"amount={amount} of {sum(counts)} {kind} leaves a layer empty: each of {len(counts)} layers keeps one, so "
            f"at most {most} can go"
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
