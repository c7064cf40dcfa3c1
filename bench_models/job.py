"""The main job: build, measure, judge and report one suite at the checked-out commit."""

import logging
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from bench_models.asv.results import config_of, knows_machine
from bench_models.build import Builder
from bench_models.checkout import Checkout, checkout_here, require_clean, require_installed
from bench_models.errors import BenchModelsError
from bench_models.metrics.latency import SpeedUp
from bench_models.metrics.scorecard import Scorecard, require_better_than_chance, score
from bench_models.metrics.scoring import score_side_by_side
from bench_models.outcomes import Measured, Outcome
from bench_models.report import progress, speeds
from bench_models.report.results import interrupted_results, results_of, write_report
from bench_models.report.reused_times import Conditions
from bench_models.storage import Store
from bench_models.suites import ROWS, module_name
from bench_models.suites.suite import Suite
from bench_models.text import listed

log = logging.getLogger(__name__)

THRESHOLDS = Path("tests") / "thresholds"

# What is interrupted gets so long to end by itself: a terminal interrupts what the job started, too, and others do not.
_PATIENCE_S = 3.0
# And so long to end what it started in turn.
_CLEANING_S = 30.0


def run(suite: Suite, suite_argument: str, whole: Suite, *, retime: bool) -> int:
    """Run the whole job and return its exit status: 0 no budget broken, 1 one is, 2 not measured.

    ``suite`` has the rows of ``whole`` that are asked for; ``suite_argument`` is the name or path that the user gave,
    for the processes that are started here. Times that were taken under the conditions of now are reused, unless
    ``retime``. An interruption leaves a report of what there is.
    """
    checkout = checkout_here()
    require_clean(checkout)
    require_installed(checkout)
    _require_benchmarks(suite, checkout)
    os.environ[ROWS] = " ".join(suite.names)  # for the processes that are started here
    builder = Builder(suite=suite, store=Store.default())
    conditions = Conditions.of_now(builder, checkout)
    if retime:
        conditions.forget()
    job = _Job(suite=suite, checkout=checkout, builder=builder, conditions=conditions, reused=conditions.find())
    try:
        return job.run(suite_argument, *progress.left_out(suite, whole))
    except KeyboardInterrupt:
        job.leave_report()
        raise


@dataclass(kw_only=True)
class _Job:
    """A run, and what it has found so far; ``reused`` are the times that it need not take."""

    suite: Suite
    checkout: Checkout
    builder: Builder
    conditions: Conditions
    reused: Mapping[str, SpeedUp]
    cards: dict[str, Outcome[Scorecard]] = field(default_factory=dict)
    pairs: dict[str, Outcome[SpeedUp]] = field(init=False)
    recorded: bool = field(init=False)

    def __post_init__(self) -> None:
        """Begin with what an earlier run has found."""
        self.pairs = {name: Measured(value=pairs) for name, pairs in self.reused.items()}
        self.recorded = bool(self.reused) and not self.conditions.unrecorded(self.reused)

    def run(self, suite_argument: str, left_out: str, named: str) -> int:
        """Do one stage after the other."""
        plan = progress.plan(self.builder, self.reused)
        log.info("%s at %s: %s", self.suite.name, self.checkout.commit[:8], plan.sentence())
        changed = [] if self.reused else self.conditions.changed()
        if changed:
            log.info("times of the last run are not reused, because these have changed: %s", listed(changed))
        if left_out:
            log.info("%s", left_out)
        log.info("[1/4] building and scoring")
        table = progress.Table(builder=self.builder, plan=plan, reused=self.reused)
        self._score(suite_argument, plan, table)
        _require_unchanged(self.checkout)
        log.info("[2/4] timing, and recording with asv")
        with TemporaryDirectory() as folder:
            self._time(Path(folder) / "speed-ups.pickle", table)
        self.recorded = True
        log.info("[3/4] enforcing the budgets")
        enforced = _enforce(self.suite, self.checkout, suite_argument)
        log.info("[4/4] reporting")
        _require_unchanged(self.checkout)
        status = max(write_report(results_of(self.builder, self.checkout), self.checkout.root), enforced)
        if left_out:
            log.info("%s; %s", left_out, named)
        return status

    def _score(self, suite_argument: str, plan: progress.Plan, table: progress.Table) -> None:
        logging.getLogger(score.__module__).setLevel(logging.WARNING)  # the table says it
        corpus = self.builder.corpus
        rows = score_side_by_side(self.builder, suite_argument)
        with progress.estimating(plan, len(corpus.test) + len(corpus.unlabelled)), closing(rows):
            table.head()
            for scored in rows:
                self.cards[scored.row] = scored.outcome
                if scored.row == self.suite.baseline.name:
                    require_better_than_chance(self.builder, scored.outcome)
                table.scored(scored)

    def _time(self, note: Path, table: progress.Table) -> None:
        """Time the rows in pairs with the baseline, then let asv record what it has not recorded of them."""
        scored = [name for name in self.suite.names if isinstance(self.cards[name], Measured)]
        if self.suite.baseline.name in scored and not self.reused:
            self._take_pairs(scored[1:], table)
        if self.pairs:
            speeds.write_note(note, self.suite, self.pairs)
        rows = self.conditions.unrecorded(self.reused)
        if not rows:
            log.info("asv has recorded this commit with these times")
            return
        _record(self.suite, self.checkout, rows, note)
        if self._is_as_it_was():
            self.conditions.note_recordings()

    def _take_pairs(self, rows: Sequence[str], table: progress.Table) -> None:
        def seen(name: str, found: Outcome[SpeedUp] | None) -> None:
            table.timed(name, found)
            if found is not None:
                self.pairs[name] = found

        table.began()
        benchmarks = self.checkout.root / str(config_of(self.checkout.root).benchmark_dir)
        self.pairs |= speeds.measured(self.suite, rows, benchmarks, seen=seen)
        table.baseline(self.pairs)
        if self._is_as_it_was():
            self.conditions.keep({name: each.value for name, each in self.pairs.items() if isinstance(each, Measured)})

    def _is_as_it_was(self) -> bool:
        """Say whether the conditions are those that this began under; each round imports the code again."""
        _require_unchanged(self.checkout)
        return Conditions.of_now(self.builder, self.checkout).common == self.conditions.common

    def leave_report(self) -> None:
        """After an interruption: report what there is, say what is missing and how to go on."""
        if not any(isinstance(card, Measured) for card in self.cards.values()):
            log.warning("interrupted before a row was scored: there is nothing to report yet")
            return
        log.warning("interrupted: this is the report of what there is")
        report = (
            results_of(self.builder, self.checkout)
            if self.recorded
            else interrupted_results(self.builder, self.checkout, self.pairs)
        )
        write_report(report, self.checkout.root, interrupted=not self.recorded)
        unscored = [name for name in self.suite.names if name not in self.cards]
        whole = [name for name, each in self.pairs.items() if _has_all_pairs(each, self.suite)]
        untimed = [name for name in self.suite.names[1:] if name in self.cards and name not in whole]
        missing = [f"{', '.join(names)} to {what}" for names, what in ((unscored, "score"), (untimed, "time")) if names]
        missing += [] if self.recorded else ["asv's record of this commit"]
        log.warning(
            "missing: %s; the same command goes on: what is trained and scored is reused, and times if all were taken",
            "; ".join(missing) or "the judgement of the budgets by pytest",
        )


def _has_all_pairs(outcome: Outcome[SpeedUp], suite: Suite) -> bool:
    return not isinstance(outcome, Measured) or len(outcome.value.single_stream) == suite.pairs


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


def _record(suite: Suite, checkout: Checkout, rows: Sequence[str], note: Path) -> None:
    """Let asv run the suite's benchmarks of some rows; those of speed-ups read what is in ``note``."""
    if not knows_machine():
        # --yes takes this machine's own values; the long explanation that it prints is not needed.
        command = [sys.executable, "-m", "asv", "machine", "--yes"]
        if subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode != 0:
            raise BenchModelsError("`asv machine --yes` failed: what it printed above says why")
    # Status 2 means that a benchmark failed; the report says which and why.
    options = ["--python=same", f"--set-commit-hash={checkout.commit}", "--record-samples", "--show-stderr"]
    told = {}
    if note.is_file():
        # The report's latencies are of the pairs: asv's own are for its history, and one brief process each is enough.
        options += [f"--attribute={each}" for each in ("rounds=1", "sample_time=0.03")]
        told = {speeds.FOUND: str(note)}
    names = "|".join(map(re.escape, rows))
    # asv knows a row by its repr; what has no parameter belongs to every row.
    benchmarks = rf"^{module_name(suite.name)}\.[^(]*(\('({names})'\))?$"
    status = _start("asv", "run", *options, "--bench", benchmarks, cwd=checkout.root, **told)
    if status not in (0, 2):
        raise BenchModelsError(f"asv ended with status {status}: what it printed above says why")


def _enforce(suite: Suite, checkout: Checkout, suite_argument: str) -> int:
    """Run the budget tests; 0 and 1 are pytest's "passed" and "failed", anything else is trouble."""
    if not (checkout.root / THRESHOLDS).is_dir():
        raise BenchModelsError(
            f"there is no {THRESHOLDS} in {checkout.root}: run this in a clone that has the budget tests"
        )
    if not any(variant.budget for variant in suite.variants):  # pytest would call it trouble that it finds no test
        log.info("no row that was asked for has a budget")
        return 0
    options = ["--quiet", "--no-header", "--suite", _absolute(suite_argument), "--rows", *suite.names]
    options += ["--strict-budgets"] if suite.strict else []
    status = _start("pytest", str(THRESHOLDS), *options, cwd=checkout.root)
    return status if status in (0, 1) else 2


def _absolute(suite_argument: str) -> str:
    """Return the suite's argument so that it means the same suite in another folder."""
    return str(Path(suite_argument).absolute()) if suite_argument.endswith(".py") else suite_argument


def _start(module: str, *arguments: str, cwd: Path, **environment: str) -> int:
    """Run a module in a process of its own and return its status; when interrupted, wait until that has ended."""
    process = subprocess.Popen([sys.executable, "-m", module, *arguments], cwd=cwd, env=os.environ | environment)
    try:
        return process.wait()
    except KeyboardInterrupt:
        try:
            process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)
            process.wait(_CLEANING_S)
        raise
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
