"""Fine-tuning, until the validation split says that it no longer helps."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from bench_models.errors import BenchModelsError
from bench_models.machine import has_bf16_arithmetic
from bench_models.recipes.fields import require_counts, require_numbers, told
from bench_models.recipes.step import Context, Step

if TYPE_CHECKING:
    from torch import nn

    from bench_models.recipes.training import Schedule


@dataclass(frozen=True, slots=True, kw_only=True)
class FineTune(Step):
    """Train on the train split and keep the weights of the best validation accuracy.

    Validation runs after each epoch; training ends at the second epoch in a row that is
    not better than the best one, or after ``max_epochs``. The test split decides nothing.
    ``mixed_precision`` is bf16 autocast: matrices are multiplied in bfloat16, weights and what is sensitive
    stay fp32. None means where the CPU has bf16 arithmetic: elsewhere it is emulated, and slower than fp32
    (docs/training.md has both measured).

    Source: Micikevicius et al., Mixed precision training (2018).
    """

    trained: ClassVar[bool] = True
    libraries: ClassVar[tuple[str, ...]] = ("torch", "transformers", "tokenizers", "accelerate")

    learning_rate: float
    max_epochs: int
    batch_size: int = 32
    mixed_precision: bool | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be trained with."""
        require_numbers(self, "learning_rate")
        if not 0 < self.learning_rate < math.inf:
            raise BenchModelsError(f"{told(self, 'learning_rate')}: a learning rate is greater than 0, and finite")
        require_counts(self, least=1, max_epochs="the split is seen", batch_size="sentences a batch are")
        require_counts(self, least=0, seed="a seed is")
        if self.mixed_precision is not None and not isinstance(self.mixed_precision, bool):
            raise BenchModelsError(f"{told(self, 'mixed_precision')}: choose one of True, False, None")

    def circumstances(self) -> dict[str, str | bool]:
        """Return whether training computes in bf16 here."""
        return {"bf16": self._bf16}

    @property
    def _bf16(self) -> bool:
        return has_bf16_arithmetic() if self.mixed_precision is None else self.mixed_precision

    def apply(self, model: "nn.Module", context: Context) -> "nn.Module":
        """Return the model with the weights of its best validation accuracy."""
        from bench_models.recipes.training import train

        return train(model, context, self.schedule())

    def schedule(self) -> "Schedule":
        """Return how to train on this machine."""
        from bench_models.recipes.training import Schedule

        return Schedule(
            learning_rate=self.learning_rate,
            max_epochs=self.max_epochs,
            batch_size=self.batch_size,
            bf16=self._bf16,
            seed=self.seed,
        )
