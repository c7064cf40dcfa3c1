"""Embeddings of word pieces that take fewer bytes: shared by several pieces, or of low rank.

Imports torch: a step imports this module when it is applied.
"""

from collections.abc import Container

import torch
from torch import Tensor, nn

from bench_models.errors import BenchModelsError

# Pieces that are compared with all others at once: their similarities fit into memory.
_AT_ONCE = 1024

# The smallest type that can tell the rows apart takes the fewest bytes of what is shipped.
_TYPES = (torch.int16, torch.int32)


def require_kind(embeddings: nn.Module, kinds: Container[type[nn.Module]], needs: str) -> None:
    """Refuse embeddings of another kind than a step needs, as it says in ``needs``: one that a step made of them."""
    if type(embeddings) not in kinds:
        kind = f"{type(embeddings).__module__}.{type(embeddings).__qualname__}"
        raise BenchModelsError(f"{needs}, and they are {kind} already: do it once, and before they are quantized")


class SharedEmbedding(nn.Module):
    """Looks up the row of a piece, and then the embedding of that row.

    ``weight`` has the shape ``[rows, width]``, and ``row_of`` the shape ``[pieces]``.
    """

    row_of: Tensor

    def __init__(self, weight: Tensor, row_of: Tensor) -> None:
        """Copy both."""
        super().__init__()
        kind = next(each for each in _TYPES if len(weight) <= torch.iinfo(each).max)
        # An embedding of its own, which whatever quantizes embeddings knows.
        self.rows = nn.Embedding.from_pretrained(weight.detach().clone(), freeze=False)
        self.register_buffer("row_of", row_of.to(kind))

    @property
    def weight(self) -> Tensor:
        """The embeddings."""
        weight: Tensor = self.rows.weight
        return weight

    def forward(self, input_ids: Tensor) -> Tensor:
        """Return embeddings of shape ``[sentences, tokens, width]`` for token ids of shape ``[sentences, tokens]``.

        Raises ``BenchModelsError`` in training: transformers cannot load what would be trained.
        """
        if self.training and torch.is_grad_enabled():
            raise BenchModelsError("embeddings are shared when all is trained: put ShareEmbeddings behind such steps")
        found: Tensor = self.rows(self.row_of[input_ids].long())
        return found


class LowRankEmbedding(nn.Module):
    """Looks up a few numbers for each piece, and maps them linearly to its embedding."""

    def __init__(self, codes: nn.Module, basis: Tensor, mean: Tensor) -> None:
        """Take what looks up the codes, of width ``rank``, a basis of shape ``[rank, width]`` and what is added."""
        super().__init__()
        self.codes = codes
        self.decoder = nn.Linear(*basis.shape)
        self.decoder.weight, self.decoder.bias = nn.Parameter(basis.T.contiguous()), nn.Parameter(mean)

    def forward(self, input_ids: Tensor) -> Tensor:
        """Return embeddings of shape ``[sentences, tokens, width]`` for token ids of shape ``[sentences, tokens]``.

        Raises ``BenchModelsError`` in training: transformers cannot load what would be trained.
        """
        if self.training and torch.is_grad_enabled():
            raise BenchModelsError("embeddings are of low rank when all is trained: put LowRankEmbeddings behind that")
        embeddings: Tensor = self.decoder(self.codes(input_ids))
        return embeddings


def low_rank(weight: Tensor, counts: Tensor, rank: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return codes ``[rows, rank]``, a basis ``[rank, width]`` and a mean: ``codes @ basis + mean`` is near ``weight``.

    Of all such products it has the least sum of squared errors, each row's as often as ``counts`` of shape ``[rows]``
    says.
    """
    with torch.no_grad():
        rows, often = weight.double(), counts.double()[:, None]
        mean = (often * rows).sum(0) / often.sum()
        around = rows - mean
        _, directions = torch.linalg.eigh(around.T @ (often * around))  # the least important first
        basis = directions[:, -rank:].T
        return (around @ basis.T).to(weight), basis.to(weight), mean.to(weight)


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
