"""What the main job takes from an earlier run, and what it leaves for the next one."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from support.recording import PAIRS
from support.tiny_project import commit_all

from bench_models import job, suites
from bench_models.build import Builder
from bench_models.checkout import checkout_here
from bench_models.errors import BenchModelsError
from bench_models.metrics.latency import SpeedUp
from bench_models.outcomes import Measured, Outcome
from bench_models.report import reused_times, speeds
from bench_models.report.progress import Plan, Table
from bench_models.report.reused_times import Conditions
from bench_models.storage import Store

SUITE = "benchmarks/tiny.py"
BOTH = {"pruned": PAIRS, "int8": PAIRS}


@pytest.fixture
def builder(_benchmarks_are_forgotten: None, project: Path, monkeypatch: pytest.MonkeyPatch) -> Builder:
    """Return a builder of the project's suite, in its folder."""
    monkeypatch.chdir(project)
    monkeypatch.setattr(reused_times, "_OF_THE_RUN", reused_times._OF_THE_RUN | {"PYTEST_CURRENT_TEST"})
    return Builder(suite=suites.load(SUITE), store=Store.default())


@pytest.mark.parametrize(("retime", "found"), [(False, BOTH), (True, {})])
def test_job_begins_with_the_times_of_an_earlier_run_unless_it_is_told_not_to(
    builder: Builder, monkeypatch: pytest.MonkeyPatch, found: dict[str, SpeedUp], *, retime: bool
) -> None:
    """Then they are gone, so that no later run takes them for the newest."""
    Conditions.of_now(builder, checkout_here()).keep(BOTH)
    begun: list[Mapping[str, SpeedUp]] = []

    def run(self: job._Job, *_: object) -> int:
        begun.append(self.reused)
        return 0

    monkeypatch.setattr(job._Job, "run", run)
    job.run(builder.suite, SUITE, builder.suite, retime=retime)
    assert begun == [found]
    job.run(builder.suite, SUITE, builder.suite, retime=False)
    assert begun == [found, found]


@pytest.fixture
def times(builder: Builder, monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Return a function that takes the pairs of both rows, while something happens."""
    checkout = checkout_here()
    conditions = Conditions.of_now(builder, checkout)
    mine = job._Job(suite=builder.suite, checkout=checkout, builder=builder, conditions=conditions, reused={})

    def take(meanwhile: Callable[[], object]) -> None:
        def measured(*_: object, **__: object) -> dict[str, Outcome[SpeedUp]]:
            meanwhile()
            return {name: Measured(value=pairs) for name, pairs in BOTH.items()}

        monkeypatch.setattr(speeds, "measured", measured)
        mine._take_pairs(["pruned", "int8"], Table(builder=builder, plan=Plan(training=(), scoring=(), timing=())))

    return take


def _found(builder: Builder) -> dict[str, SpeedUp]:
    return Conditions.of_now(builder, checkout_here()).find()


def test_times_are_kept_for_the_next_run(builder: Builder, times: Callable[[Callable[[], object]], None]) -> None:
    """Of all rows."""
    times(lambda: None)
    assert _found(builder) == BOTH


def test_times_of_what_changed_meanwhile_are_not_kept(
    builder: Builder, times: Callable[[Callable[[], object]], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each round imports the code again: another commit ends the run, and other conditions keep nothing."""
    times(lambda: monkeypatch.setenv("SOME_LIBRARY_FAST", "1"))
    assert _found(builder) == {}
    monkeypatch.delenv("SOME_LIBRARY_FAST")
    assert _found(builder) == {}

    def another_commit() -> None:
        Path("more.txt").touch()
        commit_all(Path.cwd(), "Add a file")

    with pytest.raises(BenchModelsError, match=r"when this began and is .* now: run this again"):
        times(another_commit)
    assert _found(builder) == {}
