"""Shares embeddings: word pieces that the train split lacks get the embedding of the nearest one that it has."""

import logging
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from bench_models.recipes.step import Context, Step, require_counts
from bench_models.tokenizer import Encoder  # noqa: TC001  # what sentences are cut at is part of the step's key

if TYPE_CHECKING:
    from torch import Tensor, nn

log = logging.getLogger(__name__)

# Of tokenizers of both kinds.
_UNKNOWN = frozenset({"[UNK]", "<unk>"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareEmbeddings(Step):
    """Keep the embeddings of word pieces that the train split has ``min_count`` times, and share them with the others.

    A table beside them says for each piece of the vocabulary which embedding is its own: that of the kept piece that
    it is nearest to, by the cosine. Token ids and the tokenizer stay as they are, and no word becomes unknown. Trimming
    the vocabulary instead would ship another tokenizer, which splits words into shorter pieces. docs/runtimes.md
    compares both.

    Of a multilingual vocabulary, source of keeping what a corpus has: Abdaoui et al., Load what you need: smaller
    versions of multilingual BERT (2020). Sharing with the nearest is ours.
    """

    # Its tokenizer decides what the train split has.
    libraries: ClassVar[tuple[str, ...]] = ("torch", "tokenizers")

    min_count: int = 1

    def __post_init__(self) -> None:
        """Refuse a count that keeps every piece."""
        require_counts(self, least=1, min_count="a kept piece occurs")

    def apply(self, model: "nn.Module", context: Context) -> "nn.Module":
        """Return the model with fewer embeddings; log how many validation sentences have a piece that shares one."""
        import torch

        from bench_models.recipes.embeddings import SharedEmbedding, nearest, require_kind

        known: Any = model
        before = known.get_input_embeddings()
        needs = f"{context.variant}: {self} needs embeddings in floating point, one a piece"
        require_kind(before, {torch.nn.Embedding}, needs)
        kept = self._kept(context, len(before.weight))
        shared = SharedEmbedding(before.weight[kept], nearest(before.weight, kept))
        known.set_input_embeddings(shared)
        self._log(context, kept, len(before.weight))
        return model

    def _kept(self, context: Context, pieces: int) -> "Tensor":
        """Return the ids that keep their own embedding, ascending: of special tokens, too."""
        import torch

        encoder: Encoder = context.encoder
        counts = Counter(piece for row in encoder.encode(_texts(context, "train")) for piece in row)
        kept = {piece for piece, count in counts.items() if count >= self.min_count}
        unknown = (encoder.vocabulary[each] for each in _UNKNOWN & {*encoder.vocabulary})
        kept |= {encoder.pad_id, encoder.mask_id, *unknown, *encoder.encode([""])[0]}  # what stands around a sentence
        return torch.tensor(sorted(piece for piece in kept if piece < pieces))

    def _log(self, context: Context, kept: "Tensor", pieces: int) -> None:
        own = set(kept.tolist())
        rows = context.encoder.encode(_texts(context, "validation"))
        outside = sum(not own.issuperset(row) for row in rows)
        log.info(
            "%s: %s of %s embeddings are kept; %.1f %% of the validation sentences have a piece that shares one",
            context.variant,
            f"{len(kept):,}",
            f"{pieces:,}",
            100 * outside / len(rows),
        )


def _texts(context: Context, split: str) -> list[str]:
    return [sentence.text for sentence in getattr(context.corpus, split)]
