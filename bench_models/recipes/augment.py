"""Data augmentation for distillation: sentences made from parts of real ones, for a teacher to answer."""

from collections.abc import Sequence

import numpy as np

from bench_models.tokens import MAX_TOKENS

# Of the words of a made-up sentence, the share that is hidden.
_MASKED = 0.1


def made_up(
    rows: Sequence[Sequence[int]], copies: int, *, mask_id: int, seed: int, max_tokens: int = MAX_TOKENS
) -> list[list[int]]:
    """Return ``copies`` sentences, as token ids, for each of ``rows``.

    Each is the beginning of that sentence and the end of another one, both of any length, with a tenth of its
    words masked. The first and the last token of a row, which are special, stay where they are; none is longer
    than ``max_tokens``.

    Source of masking and of cutting sentences anywhere: Tang et al., Distilling task-specific knowledge from BERT
    into simple neural networks (2019); putting two pieces together is ours, and keeps the sentences as long as real
    ones.
    """
    random = np.random.default_rng(seed)
    return [
        [*_spliced(row, rows[int(random.integers(len(rows)))], random, mask_id)[: max_tokens - 1], row[-1]]
        for _ in range(copies)
        for row in rows
    ]


def _spliced(row: Sequence[int], other: Sequence[int], random: np.random.Generator, mask_id: int) -> list[int]:
    """Return the made-up sentence without its last token."""
    words, more = row[1:-1], other[1:-1]
    cut, further = int(random.integers(len(words) + 1)), int(random.integers(len(more) + 1))
    spliced = [*words[:cut], *more[further:]] or words
    return [row[0], *(mask_id if random.random() < _MASKED else word for word in spliced)]
