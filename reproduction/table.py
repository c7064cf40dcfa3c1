"""What a published table is: its figures as they were printed, and how each of its models is made here."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from reproduction.architectures import Architecture

if TYPE_CHECKING:
    from torch import nn

    from bench_models.recipes.step import Context, Step
    from bench_models.sources.checkpoints import Checkpoint
    from bench_models.sources.corpora import CorpusSource

# What the authors counted and called the size.
Counted = Literal["parameters", "parameters and buffers", "saved folder"]

# What an accuracy needs that no step of a table gives.
TRAINING = "its weights come from a training"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A model of a table; None stands for a figure that was not printed.

    ``saved_by_trainer`` says that its folder was written at the end of a training. ``needs`` says what its
    accuracy needs besides the table's weights and the steps.
    """

    name: str
    architecture: Architecture
    steps: "tuple[Step, ...]" = ()
    size: str
    parameters: str | None = None
    reduction: str | None = None
    latency: str | None = None
    speed_up: str | None = None
    accuracy: str | None = None
    saved_by_trainer: bool = False
    needs: str = ""

    def build(self, context: "Context") -> "nn.Module":
        """Return the row's model with random weights."""
        return self.transform(self.architecture.model(), context)

    def transform(self, model: "nn.Module", context: "Context") -> "nn.Module":
        """Apply the row's steps to a model."""
        for number, step in enumerate(self.steps, start=1):
            scratch = context.scratch / f"{self.name}-{number}"
            model = step.apply(model, replace(context, variant=self.name, scratch=scratch))
        return model


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """Where a table's trained baseline is, and the sentences that it answers."""

    checkpoint: "Checkpoint"
    sentences: "CorpusSource"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A published table; its first row is the baseline.

    ``weights`` are those of the baseline, or the reason why there are none to be had. ``wrong`` is what its
    figures cannot say, and what this project does about it.
    """

    letter: str
    title: str
    rows: tuple[Row, ...]
    counted: Counted
    latency_unit: Literal["ms", "s"]
    weights: Weights | str
    wrong: str
