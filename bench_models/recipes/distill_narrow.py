"""Distillation into a narrower student: fewer layers, and fewer attention heads and feed-forward neurons in each."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench_models.errors import BenchModelsError
from bench_models.recipes.distill import Distill
from bench_models.recipes.prune import importance, most_important, require_rest
from bench_models.recipes.step import Context, field_text, require_counts, require_numbers

if TYPE_CHECKING:
    from torch import nn

    from bench_models.recipes.modules import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class DistillNarrow(Distill):
    """Distill into some of the teacher's layers, then remove ``heads`` and ``neurons`` of them and distill again.

    Both are shares of what these layers have, from 0 to below 1: those that matter least go, by what is measured on the
    first ``sentences`` of the train split, as for ``PruneHeads``. The teacher is the same both times, and so is the
    schedule. A student that is made narrow at once learns less (docs/training.md). Embeddings stay the teacher's, to
    the bit: a narrow student has most of its weights there, and a step of training is shorter without them.

    Sources: those of ``Distill``; a full-sized student first, of which what matters least is removed: Hou et al.,
    DynaBERT: dynamic BERT with adaptive width and depth (2020).
    """

    heads: float
    neurons: float
    sentences: int = 1024

    def __post_init__(self) -> None:
        """Refuse shares out of range, a student that is another checkpoint, and an empty sample."""
        # Named, because a slotted dataclass is another class than the one that super() without names sees.
        super(DistillNarrow, self).__post_init__()
        require_numbers(self, "heads", "neurons")
        for name in ("heads", "neurons"):
            if not 0 <= getattr(self, name) < 1:
                raise BenchModelsError(f"{field_text(self, name)}: the share to remove lies from 0 to below 1")
        if self.student is not None:
            raise BenchModelsError("DistillNarrow makes its student of the teacher's layers: give layers, no student")
        require_counts(self, least=1, sentences="importance is measured on")

    def apply(self, model: "nn.Module", context: Context) -> "nn.Module":
        """Return the narrow student with the weights of its best validation accuracy."""
        from torch import nn

        from bench_models.recipes.modules import remove, units_of
        from bench_models.recipes.training import train

        student = self._student(model, context)
        shares: dict[Kind, float] = {"heads": self.heads, "neurons": self.neurons}
        for kind, share in shares.items():  # before minutes are spent
            require_rest([units.count for units in units_of(student, kind)], share, kind)
        for module in student.modules():
            if isinstance(module, nn.Embedding):
                module.weight.requires_grad = False
        taught = self._teacher_outputs(model, context)
        student = train(student, context, self.schedule(), taught)
        for kind, share in shares.items():
            if share:
                scores = importance(student, context, kind, self.sentences)
                remove(student, kind, most_important(scores, share, kind))
        return train(student, context, self.schedule(), taught)
