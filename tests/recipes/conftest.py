"""What steps are tried with."""

from pathlib import Path

import pytest

from bench_models.build import Builder
from bench_models.recipes.step import Context


@pytest.fixture
def context(builder: Builder, tmp_path: Path) -> Context:
    """Return what a step may use."""
    return Context(variant="mine", corpus=builder.corpus, encoder=builder.encoder, home=tmp_path, scratch=tmp_path)
