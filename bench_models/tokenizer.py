"""Turns sentences into token ids, with one tokenizer for training, accuracy and latency."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from bench_models.errors import BenchModelsError

# The longest Rotten Tomatoes sentence has 79 tokens; longer corpora are cut here, or where a model ends.
MAX_TOKENS = 128

# Families that count positions from behind that of padding, which are lost to words.
_BEHIND_PADDING = frozenset(
    (
        "camembert",
        "data2vec-text",
        "ibert",
        "longformer",
        "mpnet",
        "roberta",
        "roberta-prelayernorm",
        "xlm-roberta",
        "xlm-roberta-xl",
        "xmod",
    )
)
_ROBERTAS_PADDING = 1

# Special tokens around a sentence, and a word.
_FEWEST = 3


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
        """Read the tokenizer; its own settings for truncation and padding are overruled.

        Sentences are cut at ``max_tokens``: at ``MAX_TOKENS``, or at what the model takes whose ``config.json`` lies
        beside. Raises ``BenchModelsError`` when either file cannot be read.
        """
        self._tokenizer = _read(tokenizer_json)
        self.max_tokens = min(MAX_TOKENS, _positions(tokenizer_json.with_name("config.json")))
        self._tokenizer.enable_truncation(self.max_tokens)
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
        """Return the token ids of each text, special tokens included, cut at ``max_tokens``."""
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


def _read(tokenizer_json: Path) -> Tokenizer:
    try:
        return Tokenizer.from_file(str(tokenizer_json))
    except Exception as error:  # tokenizers raises no other class, whatever is wrong
        raise BenchModelsError(
            f"{tokenizer_json} cannot be read as a tokenizer ({error}): give one that save_pretrained of a "
            "fast tokenizer wrote"
        ) from error


def _positions(config_json: Path) -> int:
    """Return how many tokens a model takes at once, as far as its configuration says; at most ``MAX_TOKENS`` matter."""
    if not config_json.is_file():
        return MAX_TOKENS
    try:
        config = json.loads(config_json.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BenchModelsError(
            f"{config_json} is not JSON ({error}): give a folder that save_pretrained wrote"
        ) from error
    count = config.get("max_position_embeddings") if isinstance(config, dict) else None
    if not isinstance(count, int) or count < 1:  # a model whose positions are relative
        return MAX_TOKENS
    padding = config.get("pad_token_id", _ROBERTAS_PADDING)
    lost = padding + 1 if config.get("model_type") in _BEHIND_PADDING and isinstance(padding, int) else 0
    if count - lost < _FEWEST:
        raise BenchModelsError(
            f"{config_json}: {count} positions, of which {lost} are padding's, leave none for words between "
            "special tokens: choose a model with more"
        )
    return int(count - lost)
