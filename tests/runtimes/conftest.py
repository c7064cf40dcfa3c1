"""The model that runtimes are tried with."""

import pytest
from torch import nn

from bench_models.build import Builder


@pytest.fixture
def model(builder: Builder) -> nn.Module:
    """Return the tiny suite's trained baseline."""
    return builder.build("baseline").eval()
