"""Sentences to token ids: one tokenizer for training, accuracy and latency alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

# The longest Rotten Tomatoes sentence has 79 tokens; longer corpora are cut here.
MAX_TOKENS = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Padded token ids, the only input that a session takes.

    ``input_ids`` and ``attention_mask`` are int64 arrays of shape ``[sentences, tokens]``; the mask
    is 1 for a token and 0 for padding.
    """

    input_ids: NDArray[np.int64]
    attention_mask: NDArray[np.int64]

    def __len__(self) -> int:
        """Return the number of sentences."""
        return len(self.input_ids)


class Encoder:
    """A ``tokenizer.json`` made callable, without importing torch."""

    def __init__(self, tokenizer_json: Path) -> None:
        """Read the tokenizer; its own settings for cutting and padding are overruled."""
        self._tokenizer = Tokenizer.from_file(str(tokenizer_json))
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._tokenizer.no_padding()
        # A tokenizer without a padding token pads with 0, which the mask hides anyway.
        self.pad_id: int = self._tokenizer.token_to_id("[PAD]") or 0

    @property
    def mask_id(self) -> int:
        """The token that stands for a hidden word, or for an unknown one where a tokenizer has none."""
        known = (self._tokenizer.token_to_id(token) for token in ("[MASK]", "<mask>", "[UNK]", "<unk>"))
        return next((token for token in known if token is not None), self.pad_id)

    @property
    def vocabulary(self) -> dict[str, int]:
        """The id of each token."""
        words: dict[str, int] = self._tokenizer.get_vocab()
        return words

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the token ids of each text, special tokens included, cut at ``MAX_TOKENS``."""
        return [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]

    def batch(self, rows: Sequence[Sequence[int]]) -> Batch:
        """Pad rows of token ids to the longest of them."""
        shape = (len(rows), max(len(row) for row in rows))
        input_ids = np.full(shape, self.pad_id, dtype=np.int64)
        attention_mask = np.zeros(shape, dtype=np.int64)
        for index, row in enumerate(rows):
            input_ids[index, : len(row)] = row
            attention_mask[index, : len(row)] = 1
        return Batch(input_ids=input_ids, attention_mask=attention_mask)
