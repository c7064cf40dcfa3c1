"""Fine-tuning, until the validation split says that it no longer helps."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from bench_models.machine import has_bf16_arithmetic
from bench_models.recipes.step import Context, Step

if TYPE_CHECKING:
    from torch import nn

    from bench_models.recipes.training import Schedule


@dataclass(frozen=True, slots=True, kw_only=True)
class FineTune(Step):
    """Train on the train split and keep the weights of the best validation accuracy.

    Validation runs after each epoch; training ends at the first epoch that is not better than the
    best one, or after ``max_epochs``. The test split decides nothing.
    ``mixed_precision`` means bf16 autocast, and takes effect where the CPU has bf16 arithmetic:
    elsewhere it would be emulated, four times slower than fp32.
    """

    trained: ClassVar[bool] = True
    libraries: ClassVar[tuple[str, ...]] = ("torch", "transformers", "tokenizers", "accelerate")

    learning_rate: float
    max_epochs: int
    batch_size: int = 32
    mixed_precision: bool = True
    seed: int = 0

    def circumstances(self) -> dict[str, str | bool]:
        """Return whether training computes in bf16 here."""
        return {"bf16": self.mixed_precision and has_bf16_arithmetic()}

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
            bf16=self.mixed_precision and has_bf16_arithmetic(),
            seed=self.seed,
        )
