"""The options that say which budgets to enforce."""

import pytest

from bench_models import suites


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--suite`` and ``--rows``."""
    parser.addoption("--suite", default=suites.DEFAULT, help="a suite's name, or the path of its file")
    parser.addoption("--rows", nargs="+", default=(), help="only these rows")
