"""Embeddings that word pieces share: fewer rows than pieces, and a table of whose row is whose.

Imports torch: a step imports this module when it is applied.
"""

import torch
from torch import Tensor, nn

from bench_models.errors import BenchModelsError

# Pieces that are compared with all others at once: their similarities fit into memory.
_AT_ONCE = 1024

# The smallest type that can tell the rows apart takes the fewest bytes of what is shipped.
_TYPES = (torch.int16, torch.int32)


class SharedEmbedding(nn.Module):
    """Looks up the row of a piece, and then the embedding of that row.

    ``weight`` has the shape ``[rows, width]``, and ``row_of`` the shape ``[pieces]``.
    """

    row_of: Tensor

    def __init__(self, weight: Tensor, row_of: Tensor) -> None:
        """Copy both."""
        super().__init__()
        kind = next(each for each in _TYPES if len(weight) <= torch.iinfo(each).max)
        self.weight = nn.Parameter(weight.detach().clone())
        self.register_buffer("row_of", row_of.to(kind))

    def forward(self, input_ids: Tensor) -> Tensor:
        """Return embeddings of shape ``[sentences, tokens, width]`` for token ids of shape ``[sentences, tokens]``.

        Raises ``BenchModelsError`` in training: transformers cannot load what would be trained.
        """
        if self.training and torch.is_grad_enabled():
            raise BenchModelsError("embeddings are shared when all is trained: put ShareEmbeddings behind such steps")
        return nn.functional.embedding(self.row_of[input_ids].int(), self.weight)


def nearest(weight: Tensor, kept: Tensor) -> Tensor:
    """Return for each row of ``weight``, of shape ``[pieces, width]``, the place in ``kept`` of what it is nearest to.

    That is by the cosine. A kept row's nearest is itself.
    """
    with torch.no_grad():
        directions = nn.functional.normalize(weight.float(), dim=1)
        shared = torch.ones(len(weight), dtype=torch.bool)
        shared[kept] = False
        places = torch.empty(len(weight), dtype=torch.int64)
        places[kept] = torch.arange(len(kept))
        places[shared] = torch.cat(
            [(some @ directions[kept].T).argmax(1) for some in directions[shared].split(_AT_ONCE)]
        )
    return places
