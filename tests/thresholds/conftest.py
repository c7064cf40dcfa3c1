"""Which budgets are enforced, and the results that they are enforced on."""

import pytest

from bench_models import suites
from bench_models.build import Builder
from bench_models.checkout import checkout_here
from bench_models.errors import BenchModelsError
from bench_models.report.document import Report
from bench_models.report.results import results_of
from bench_models.storage import Store

_RESULT = pytest.StashKey[Report]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--suite``, ``--rows`` and ``--strict-budgets`` (``--strict`` is an option of pytest's own)."""
    parser.addoption("--suite", default=suites.DEFAULT, help="a suite's name, or the path of its file")
    parser.addoption("--rows", nargs="+", default=(), help="only these rows")
    parser.addoption("--strict-budgets", action="store_true", help="fail budgets that are open, too")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Look up what was measured for the checked-out commit; where that is nothing, one sentence ends the session."""
    config = session.config
    if config.option.collectonly:
        return
    try:
        suite = suites.load(config.getoption("--suite")).only(config.getoption("--rows"))
        config.stash[_RESULT] = results_of(Builder(suite=suite, store=Store.default()), checkout_here())
    except BenchModelsError as error:
        raise pytest.UsageError(str(error)) from error


@pytest.fixture(scope="session")
def result(pytestconfig: pytest.Config) -> Report:
    """Return what was measured for the checked-out commit."""
    return pytestconfig.stash[_RESULT]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out a kind of limit that no row has, which pytest would call skipped."""
    items[:] = [item for item in items if not item.name.endswith("[NOTSET]")]


def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, str] | None:
    """Show a passed test of an open budget as ``o``, and count it as open."""
    if report.when == "call" and report.passed and _open_of(report):
        return "open", "o", "OPEN"
    return None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the open budgets below the results: they passed, but they are not known to be kept."""
    sentences = [sentence for report in terminalreporter.getreports("open") for sentence in _open_of(report)]
    if sentences:
        terminalreporter.section("budgets that cannot be told from so few sentences")
    for sentence in sentences:
        terminalreporter.line(sentence)


def _open_of(report: pytest.TestReport) -> list[str]:
    return [str(sentence) for name, sentence in report.user_properties if name == "open budget"]
