"""Cuts position embeddings to the longest sentence that a model is ever asked."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench_models.errors import BenchModelsError
from bench_models.recipes.step import Context, Step
from bench_models.tokenizer import Encoder  # noqa: TC001  # what sentences are cut at is part of the step's key

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, slots=True, kw_only=True)
class CutPositions(Step):
    """Keep the embeddings of positions that the suite's sentences have, which its tokenizer cuts, and drop the rest.

    No answer changes. The model takes no longer sentences from then on, and its configuration says so.
    """

    def apply(self, model: "nn.Module", context: Context) -> "nn.Module":
        """Return the model with fewer positions."""
        import torch

        known: Any = model
        name = f"{known.base_model_prefix}.embeddings.position_embeddings"
        positions = dict(model.named_modules()).get(name)
        if not isinstance(positions, torch.nn.Embedding):
            raise BenchModelsError(
                f"{context.variant}: {type(model).__name__} has no embeddings of positions in floating point as "
                f"{name}: leave CutPositions out"
            )
        # Some families count from behind the position of padding (tokenizer.py).
        lost = 0 if positions.padding_idx is None else positions.padding_idx + 1
        encoder: Encoder = context.encoder
        count = encoder.max_tokens + lost
        if count >= len(positions.weight):
            raise BenchModelsError(
                f"{context.variant}: {self} changes nothing, as sentences have up to {encoder.max_tokens} "
                f"tokens, and the model {len(positions.weight)} positions: leave it out"
            )
        positions.weight = torch.nn.Parameter(positions.weight[:count].detach().clone())
        positions.num_embeddings = count
        known.config.max_position_embeddings = count
        return model
