"""Structured pruning: removes whole heads or neurons, so that dense kernels are faster and the model smaller."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from bench_models.errors import BenchModelsError
from bench_models.recipes.fields import require_counts, require_numbers
from bench_models.recipes.finetune import FineTune
from bench_models.recipes.step import Context

if TYPE_CHECKING:
    from torch import nn

    from bench_models.recipes.units import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class _PruneUnits(FineTune):
    """Remove the ``amount`` of units that matter least, and train what is left to recover.

    How much a unit matters is measured on the first ``sentences`` of the train split (recipes/ranking.py names
    the sources), and compared across layers; each layer keeps at least one.
    """

    kind: ClassVar["Kind"]

    amount: float
    sentences: int = 1024

    def __post_init__(self) -> None:
        """Refuse a share that is none, and a sample that says nothing."""
        # Named, because a slotted dataclass is another class than the one that super() without names sees.
        super(_PruneUnits, self).__post_init__()
        require_numbers(self, "amount")
        if not 0 < self.amount < 1:
            name = type(self).__name__
            raise BenchModelsError(f"{name}(amount={self.amount}): the share to remove lies between 0 and 1")
        require_counts(self, least=1, sentences="importance is measured on")

    def apply(self, model: "nn.Module", context: Context) -> "nn.Module":
        """Return the smaller model, with the weights of its best validation accuracy."""
        from bench_models.recipes.ranking import importance, most_important, require_rest
        from bench_models.recipes.training import train
        from bench_models.recipes.units import remove, units_of

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
