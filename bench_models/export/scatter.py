"""The noise floor of variants that round activations: how far an exported file may be from its variant.

An activation near the middle of two steps is rounded up by one kernel and down by another, whose sums end in other
digits; the step between them then moves what comes after it, and more is rounded otherwise there. No tolerance of
digits says what is right. The variant itself shows it: with its floating-point weights nudged by far less than a step,
the same ties fall otherwise. A correct file is as far away as that, whichever kernels it is run by, and a wrong one,
whose weights or operators differ by more than rounding does, is further away.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bench_models.build import Builder
from bench_models.runtimes.session import Session
from bench_models.sources.corpora import Sentence
from bench_models.tokenizer import Batch, Encoder

# Relative: a hundred times the last digit of fp32, a thousandth of a step of INT8. The distance hardly depends on it,
# as one tie that falls otherwise brings on the others: MiniLM in two bits is usually 0.061 from itself, 0.057 with a
# tenth of the nudge and 0.065 with ten times of it, and its file 0.041 from it.
_NUDGE = 1e-5
_SEED = 0

_SENTENCES = 256
_TOGETHER = 8

# Of the variant's own distance: so much do the root mean square and the largest of as many sentences vary by chance.
_MOST_USUAL = 1.25
_MOST_LARGEST = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Distance:
    """How far logits are from others: usually, as a root mean square, and at most."""

    usual: float
    largest: float

    def within(self, own: "Distance") -> bool:
        """Return whether a file at this distance is as near as the variant is to itself; NaN is not."""
        return self.usual <= _MOST_USUAL * own.usual and self.largest <= _MOST_LARGEST * own.largest


def distance(one: Session, other: Session, batches: Sequence[Batch]) -> Distance:
    """Return how far the answers of two sessions are apart."""
    apart = np.concatenate([one(batch) - other(batch) for batch in batches])
    return Distance(usual=float(np.sqrt((apart**2).mean())), largest=float(np.abs(apart).max()))


def sample(encoder: Encoder, sentences: Sequence[Sentence]) -> list[Batch]:
    """Return enough real sentences for a distance."""
    rows = encoder.encode([sentence.text for sentence in sentences[:_SENTENCES]])
    return [encoder.batch(rows[start : start + _TOGETHER]) for start in range(0, len(rows), _TOGETHER)]


def nudged(builder: Builder, variant: str) -> Session:
    """Return the variant with each weight that is not quantized a little larger or smaller."""
    import torch
    from torch import nn

    model = builder.build(variant)
    random = torch.Generator().manual_seed(_SEED)
    with torch.no_grad():
        for parameter in model.parameters():
            if type(parameter) is nn.Parameter:  # quantized weights are of their libraries' own kinds
                parameter.mul_(1 + _NUDGE * torch.randn(parameter.shape, generator=random))
    return builder.suite[variant].runtime.open(model, threads=torch.get_num_threads())
