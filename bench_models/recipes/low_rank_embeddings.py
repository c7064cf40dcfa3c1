"""Embeddings of low rank: a piece has fewer numbers, which one matrix for all pieces maps to its embedding."""

import logging
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from bench_models.errors import BenchModelsError
from bench_models.recipes.step import Context, Step, require_counts
from bench_models.tokenizer import Encoder  # noqa: TC001  # what sentences are cut at is part of the step's key

if TYPE_CHECKING:
    from torch import Tensor, nn

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class LowRankEmbeddings(Step):
    """Give each word piece ``rank`` numbers instead of an embedding, and one linear map from these to embeddings.

    Nothing is trained. What is lost counts as often as the train split has the piece, and at least once, as most pieces
    of a vocabulary are rare. Works behind ``ShareEmbeddings``, too, and before embeddings are quantized.

    Source of low rank: Lan et al., ALBERT (2020), which trains it; of counting by frequency: Chen et al., GroupReduce:
    block-wise low-rank approximation for neural language model shrinking (2018).
    """

    # Its tokenizer decides how often the train split has a piece.
    libraries: ClassVar[tuple[str, ...]] = ("torch", "tokenizers")

    rank: int

    def __post_init__(self) -> None:
        """Refuse a rank of nothing."""
        require_counts(self, least=1, rank="a piece has numbers,")

    def apply(self, model: "nn.Module", context: Context) -> "nn.Module":
        """Return the model with embeddings of low rank; log how much of their variance is left."""
        import torch
        from torch import nn

        from bench_models.recipes.embeddings import LowRankEmbedding, SharedEmbedding, low_rank, require_kind

        known: Any = model
        before = known.get_input_embeddings()
        require_kind(
            before, {nn.Embedding, SharedEmbedding}, f"{context.variant}: {self} needs embeddings in floating point"
        )
        rows, width = before.weight.shape
        most = (rows * width - width - 1) // (rows + width)  # beside the codes there are the map and its bias
        if self.rank > most:
            raise BenchModelsError(
                f"{context.variant}: {self} makes nothing smaller, as there are {rows} embeddings of {width} numbers: "
                f"choose a rank of at most {most}"
            )
        shared = isinstance(before, SharedEmbedding)
        pieces = self._counts(context, len(before.row_of) if shared else rows)
        counts = torch.zeros(rows).index_add_(0, before.row_of.long(), pieces) if shared else pieces
        counts = counts.clamp(min=1)
        codes, basis, mean = low_rank(before.weight, counts, self.rank)
        self._log(context, before.weight, codes @ basis + mean, counts)
        lookup = SharedEmbedding(codes, before.row_of) if shared else nn.Embedding.from_pretrained(codes, freeze=False)
        known.set_input_embeddings(LowRankEmbedding(lookup, basis, mean))
        return model

    @staticmethod
    def _counts(context: Context, pieces: int) -> "Tensor":
        """Return how often the train split has each piece of the vocabulary."""
        import torch

        encoder: Encoder = context.encoder
        rows = encoder.encode([sentence.text for sentence in context.corpus.train])
        counts = Counter(piece for row in rows for piece in row)
        return torch.tensor([float(counts[piece]) for piece in range(pieces)])

    def _log(self, context: Context, before: "Tensor", after: "Tensor", counts: "Tensor") -> None:
        rows, often = before.double(), counts.double()
        spread = rows - (often @ rows) / often.sum()
        kept = 1 - (often @ (after - rows).square().sum(1)) / (often @ spread.square().sum(1))
        log.info(
            "%s: %d of %d numbers a piece keep %.1f %% of the embeddings' variance, by frequency",
            context.variant,
            self.rank,
            before.shape[1],
            100 * kept.item(),
        )
