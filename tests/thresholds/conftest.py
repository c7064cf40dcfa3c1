"""The option that says which suite's budgets to enforce."""

import pytest

from bench_models import suites


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--suite``."""
    parser.addoption("--suite", default=suites.DEFAULT, help="a suite's name, or the path of its file")
