"""The main job: build, measure, judge and report one suite at the checked-out commit."""

import logging
import os
import re
import subprocess
import sys
from pathlib import Path

from bench_models.asv.results import knows_machine
from bench_models.build import Builder
from bench_models.checkout import Checkout, checkout_here, require_clean, require_installed
from bench_models.errors import BenchModelsError
from bench_models.metrics.scorecard import require_better_than_chance, score
from bench_models.report.results import write_report
from bench_models.storage import Store
from bench_models.suites import ROWS, module_name
from bench_models.suites.suite import Suite

log = logging.getLogger(__name__)

THRESHOLDS = Path("tests") / "thresholds"


def run(suite: Suite, suite_argument: str) -> int:
    """Run the whole job and return its exit status: 0 no budget broken, 1 one is, 2 not measured.

    ``suite`` has the rows that are asked for; ``suite_argument`` is the name or path that the user gave, for the
    processes that are started here.
    """
    checkout = checkout_here()
    require_clean(checkout)
    require_installed(checkout)
    _require_benchmarks(suite, checkout)
    builder = Builder(suite=suite, store=Store.default())
    log.info("[1/4] building and scoring %s at %s", suite.name, checkout.commit[:8])
    require_better_than_chance(builder, score(builder, suite.baseline))
    for variant in suite.variants[1:]:
        score(builder, variant)
    _require_unchanged(checkout)
    log.info("[2/4] timing with asv")
    _time(suite, checkout)
    log.info("[3/4] enforcing the budgets")
    enforced = _enforce(suite, checkout, suite_argument)
    log.info("[4/4] reporting")
    _require_unchanged(checkout)
    return max(write_report(builder, checkout), enforced)


def _require_benchmarks(suite: Suite, checkout: Checkout) -> None:
    file = Path("benchmarks") / f"{module_name(suite.name)}.py"
    if not (checkout.root / file).is_file():
        message = (
            f"suite {suite.name} has no benchmarks: asv looks for them in {file}; docs/your_model.md shows such a file"
        )
        raise BenchModelsError(message)


def _require_unchanged(checkout: Checkout) -> None:
    """Raise an error if HEAD or a tracked file changed since the job began: training takes minutes."""
    require_clean(checkout)
    now = checkout_here().commit
    if now != checkout.commit:
        message = f"HEAD was {checkout.commit[:8]} when this began and is {now[:8]} now: run this again"
        raise BenchModelsError(message)


def _time(suite: Suite, checkout: Checkout) -> None:
    if not knows_machine():
        # --yes takes this machine's own values; the long explanation that it prints is not needed.
        command = [sys.executable, "-m", "asv", "machine", "--yes"]
        if subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode != 0:
            raise BenchModelsError("`asv machine --yes` failed: what it printed above says why")
    # Status 2 means that a benchmark failed; the report says which and why.
    options = ("--python=same", f"--set-commit-hash={checkout.commit}", "--record-samples", "--show-stderr")
    rows = "|".join(re.escape(name) for name in suite.names)
    # asv knows a row by its repr; what has no parameter belongs to every row.
    benchmarks = rf"^{module_name(suite.name)}\.[^(]*(\('({rows})'\))?$"
    status = _start("asv", "run", *options, "--bench", benchmarks, cwd=checkout.root, **{ROWS: " ".join(suite.names)})
    if status not in (0, 2):
        raise BenchModelsError(f"asv ended with status {status}: what it printed above says why")


def _enforce(suite: Suite, checkout: Checkout, suite_argument: str) -> int:
    """Run the budget tests; 0 and 1 are pytest's "passed" and "failed", anything else is trouble."""
    if not (checkout.root / THRESHOLDS).is_dir():
        raise BenchModelsError(
            f"there is no {THRESHOLDS} in {checkout.root}: run this in a clone that has the budget tests"
        )
    options = ["--quiet", "--no-header", "--suite", _absolute(suite_argument), "--rows", *suite.names]
    options += ["--strict-budgets"] if suite.strict else []
    status = _start("pytest", str(THRESHOLDS), *options, cwd=checkout.root)
    return status if status in (0, 1) else 2


def _absolute(suite_argument: str) -> str:
    """Return the suite's argument so that it means the same suite in another folder."""
    return str(Path(suite_argument).absolute()) if suite_argument.endswith(".py") else suite_argument


def _start(module: str, *arguments: str, cwd: Path, **environment: str) -> int:
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, cwd=cwd, env=os.environ | environment, check=False).returncode
