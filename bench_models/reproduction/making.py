"""The models of a published table, made by this project's own steps."""

from dataclasses import replace
from typing import TYPE_CHECKING

from bench_models.reproduction.table import Row

if TYPE_CHECKING:
    from torch import nn

    from bench_models.recipes.step import Context


def build(row: Row, context: "Context") -> "nn.Module":
    """Return a row's model with random weights."""
    return transformed(row.architecture.model(), row, context)


def transformed(model: "nn.Module", row: Row, context: "Context") -> "nn.Module":
    """Return a model to which the steps of a row were applied."""
    for number, step in enumerate(row.steps, start=1):
        scratch = context.scratch / f"{row.name}-{number}"
        model = step.apply(model, replace(context, variant=row.name, scratch=scratch))
    return model
