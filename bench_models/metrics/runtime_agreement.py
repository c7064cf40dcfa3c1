"""How a row's runtime answers beside eager PyTorch with the row's own model."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench_models.errors import BenchModelsError
from bench_models.runtimes.artifact import Tolerance
from bench_models.text import show_share


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeAgreement:
    """Whether each sentence of the test split gets the same label in both, and how far logits are apart at most.

    The latter is of the sentences without padding, and of a padded batch.
    """

    equal: tuple[bool, ...]
    logit_difference: float

    @property
    def share(self) -> float:
        """The share of equal answers."""
        return sum(self.equal) / len(self.equal)


_Logits = NDArray[np.float32]


def compared(served: _Logits, eager: _Logits, *, padded: tuple[_Logits, _Logits]) -> RuntimeAgreement:
    """Compare logits of shape ``[sentences, labels]``; ``padded`` are both answers to a batch of unlike lengths."""
    return RuntimeAgreement(
        equal=tuple(map(bool, served.argmax(axis=1) == eager.argmax(axis=1))),
        logit_difference=float(max(np.abs(one - other).max() for one, other in ((served, eager), padded))),
    )


def require_within(found: RuntimeAgreement, tolerance: Tolerance, *, variant: str, runtime: object) -> None:
    """Raise ``BenchModelsError`` for a row that its runtime answers more differently than is tolerated."""
    least = 1 - tolerance.other_answers_pct / 100
    if found.share < least:
        raise BenchModelsError(
            f"{variant}: {runtime} gives {show_share(found.share)} of the test split the label that eager PyTorch "
            f"gives with the same model, and its tolerance is at least {show_share(least)}: what it ships is wrong"
        )
    if found.logit_difference > tolerance.logit_difference:
        raise BenchModelsError(
            f"{variant}: {runtime} gives a logit that is {found.logit_difference:.3g} away from that of eager PyTorch "
            f"with the same model, and its tolerance is {tolerance.logit_difference:g}: what it ships is wrong"
        )
