"""Fine-tuning with early stopping on the validation split."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from bench_models.errors import BenchModelsError
from bench_models.recipes.step import Context, Step, field_text, require_counts, require_numbers

if TYPE_CHECKING:
    from torch import nn

    from bench_models.recipes.training import Schedule


@dataclass(frozen=True, slots=True, kw_only=True)
class FineTune(Step):
    """Train on the train split and keep the weights of the best validation accuracy.

    Validation runs after each epoch; training ends at the second epoch in a row that is
    not better than the best one, or after ``max_epochs``. The test split decides nothing.
    ``mixed_precision`` is bf16 autocast: matrices are multiplied in bfloat16, weights and what is sensitive
    stay fp32. It is for accelerators: the CPUs that were measured train no faster with it
    (docs/training.md), and a choice made by the machine would give each machine weights of its own.

    Source: Micikevicius et al., Mixed precision training (2018).
    """

    trained: ClassVar[bool] = True
    libraries: ClassVar[tuple[str, ...]] = ("torch", "transformers", "tokenizers", "accelerate")

    learning_rate: float
    max_epochs: int
    batch_size: int = 32
    mixed_precision: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse learning rates, counts and seeds that training cannot use."""
        require_numbers(self, "learning_rate")
        if not 0 < self.learning_rate < math.inf:
            raise BenchModelsError(
                f"{field_text(self, 'learning_rate')}: a learning rate is greater than 0, and finite"
            )
        require_counts(self, least=1, max_epochs="the split is seen", batch_size="sentences a batch are")
        require_counts(self, least=0, seed="a seed is")
        if not isinstance(self.mixed_precision, bool):
            raise BenchModelsError(f"{field_text(self, 'mixed_precision')}: choose True or False")

    def apply(self, model: "nn.Module", context: Context) -> "nn.Module":
        """Return the model with the weights of its best validation accuracy."""
        from bench_models.recipes.training import train

        return train(model, context, self.schedule())

    def schedule(self) -> "Schedule":
        """Return how long, how fast and how precisely to train."""
        from bench_models.recipes.training import Schedule

        return Schedule(
            learning_rate=self.learning_rate,
            max_epochs=self.max_epochs,
            batch_size=self.batch_size,
            bf16=self.mixed_precision,
            seed=self.seed,
        )
