"""Rows that are not in eager PyTorch, and what runtimes are asked, for tests of several rooms."""

from dataclasses import replace

import numpy as np

from bench_models.build import Builder
from bench_models.runtimes.session import Runtime
from bench_models.tokenizer import Batch

# Of batches: sentences and tokens.
SIZES = ((1, 1), (1, 7), (3, 24), (2, 128))

# The multiply-accumulates of one sentence: the tiny model has two layers, 32 wide, whose feed-forward layers are 64
# wide, and two labels.
TOKENS = 11
FEED_FORWARD = TOKENS * 32 * 64
LINEAR = 2 * (4 * TOKENS * 32 * 32 + 2 * FEED_FORWARD) + 32 * 32 + 32 * 2
TOTAL = LINEAR + 2 * (2 * TOKENS * TOKENS * 32)


def in_runtime(builder: Builder, runtime: Runtime, starts_from: str = "baseline", name: str = "onnx") -> Builder:
    """Return a builder of the tiny suite with one more row: another one, in a runtime."""
    suite = builder.suite
    row = replace(suite["pruned"], name=name, starts_from=starts_from, steps=(), runtime=runtime, budget=None)
    return replace(builder, suite=replace(suite, variants=(*suite.variants, row)))


def sentence() -> Batch:
    """Return one sentence of ``TOKENS`` tokens."""
    ids = np.arange(4, 4 + TOKENS, dtype=np.int64)[None]
    return Batch(input_ids=ids, attention_mask=np.ones_like(ids))


def batch_of(sentences: int, tokens: int) -> Batch:
    """Return sentences of which the last is shorter than the others."""
    ids = np.arange(4, 4 + sentences * tokens, dtype=np.int64).reshape(sentences, tokens) % 24
    mask = np.ones_like(ids)
    mask[-1, max(1, tokens - 2) :] = 0
    return Batch(input_ids=ids, attention_mask=mask)
