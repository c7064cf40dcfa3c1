"""Rows are scored side by side as they would be one after the other, and what breaks one is said of it."""

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from support.tiny_project import edited, with_row

from bench_models import suites
from bench_models.build import Builder
from bench_models.errors import BenchModelsError, EnvironmentTroubleError
from bench_models.metrics import scoring
from bench_models.metrics.scorecard import failed, score, stored
from bench_models.metrics.scoring import Scored, score_side_by_side, side_by_side
from bench_models.outcomes import Failed, Measured
from bench_models.provenance import source_digest
from bench_models.recipes.cast import Cast
from bench_models.recipes.prune import PruneL1
from bench_models.storage import Store

STEP = """
import os
import time
from dataclasses import dataclass
from bench_models.recipes.step import Step

@dataclass(frozen=True, slots=True, kw_only=True)
class Breaks(Step):
    def apply(self, model, context):
        {body}

HERE = """


@pytest.fixture
def builder(untrained_builder: Builder) -> Builder:
    """Return a builder of the tiny suite with an empty store: training is looked at here."""
    return untrained_builder


@pytest.fixture(autouse=True)
def _two_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoring, "available_cores", lambda: 2)
    source_digest.cache_clear()  # each test has a module of that name


Broken = Callable[[str], Builder]


@pytest.fixture
def broken(tiny_suite: Path, tmp_path: Path, trained_store: Path) -> Broken:
    """Return a function that gives the pruned row a step with a body, and returns a builder with a trained baseline."""
    shutil.copytree(trained_store, tmp_path / "home")

    def make(body: str) -> Builder:
        text = edited(tiny_suite.read_text(encoding="utf-8"), "HERE = ", STEP.format(body=body))
        pruned = "PruneL1(amount=0.5)"
        tiny_suite.write_text(edited(text, pruned, f"{pruned}, Breaks()"), encoding="utf-8")
        return Builder(suite=suites.load(str(tiny_suite)), store=Store(root=tmp_path / "home"))

    return make


def test_rows_have_the_scorecards_that_they_have_one_after_the_other(
    builder: Builder, tiny_suite: Path, tmp_path: Path
) -> None:
    """Trained here, scored in other processes; what is in the store comes first, and took no time."""
    found = {each.row: each for each in score_side_by_side(builder, str(tiny_suite))}
    alone = replace(builder, store=Store(root=tmp_path / "another"))

    assert set(found) == {"baseline", "pruned", "int8"}
    for variant in builder.suite.variants:
        assert found[variant.name].outcome == score(alone, variant)
        assert (found[variant.name].seconds or 0) > 0
    again = list(score_side_by_side(builder, str(tiny_suite)))
    assert [each.row for each in again] == ["baseline", "pruned", "int8"]
    assert all(each.seconds is None for each in again)
    assert {each.row: each.outcome for each in again} == {row: each.outcome for row, each in found.items()}


def test_code_that_scores_is_that_of_this_process(
    builder: Builder, tiny_suite: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And not what lies in the working folder, where a clone may be that is not what is installed."""
    (tmp_path / "bench_models").mkdir()
    (tmp_path / "bench_models" / "__init__.py").write_text("raise ImportError('not this one')", encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    assert all(isinstance(each.outcome, Measured) for each in score_side_by_side(builder, str(tiny_suite)))


def test_several_rows_are_scored_at_once(broken: Broken, tiny_suite: Path) -> None:
    """A row that waits for its neighbour does not wait for ever."""
    met = "open(context.home / str(os.getpid()), 'w').close()\n"
    met += "        while sum(each.name.isdigit() for each in context.home.iterdir()) < 2: time.sleep(0.01)\n"
    builder = broken(f"{met}        return model")

    found = list(score_side_by_side(builder, str(tiny_suite)))
    assert all(isinstance(each.outcome, Measured) for each in found)


@pytest.mark.parametrize(
    ("emulated", "order"),
    [
        (("float16",), ["baseline", "pruned", "int8", "bf16", "last"]),
        (("bfloat16", "float16"), ["baseline", "pruned", "int8", "last", "bf16"]),
    ],
)
def test_rows_that_the_cpu_emulates_come_last(
    builder: Builder, monkeypatch: pytest.MonkeyPatch, emulated: tuple[str, ...], order: list[str]
) -> None:
    """The others keep their order, so that there soon is something to read."""
    asked: list[str] = []
    monkeypatch.setattr(scoring, "emulated_types", lambda: emulated)

    def ask(_: Builder, __: str, rows: list[str]) -> Iterator[Scored]:
        asked.extend(rows)
        return iter(())

    monkeypatch.setattr(scoring, "_in_processes", ask)
    mine = with_row(with_row(builder, "bf16", Cast(dtype="bfloat16")), "last", PruneL1(amount=0.1))

    assert list(score_side_by_side(mine, "tiny")) == []
    assert asked == order


def test_row_that_breaks_fails_alone_however_it_does(tiny_suite: Path, tmp_path: Path) -> None:
    """By an exception, killed as a crashing kernel is, or with a status of its own, which does not say what it is.

    What failed earlier, and now does not or in another way, is what it is now.
    """
    killed = int(signal.SIGKILL)
    bodies = {
        "raises": "raise ValueError('no such kernel')",
        "killed": f"os.kill(os.getpid(), {killed})",
        "succeeds": "os._exit(0)",
        "exits": "os._exit(7)",
    }
    text = edited(tiny_suite.read_text(encoding="utf-8"), "HERE = ", STEP.format(body="exec(self.code)"))
    text = edited(text, "class Breaks(Step):", "class Breaks(Step):\n    code: str")
    rows = "".join(
        f'        Variant(name="{name}", starts_from="baseline", steps=(Breaks(code="{body}"),), budget=BUDGET),\n'
        for name, body in bodies.items()
    )
    tiny_suite.write_text(edited(text, "    ),\n)", f"{rows}    ),\n)"), encoding="utf-8")
    builder = Builder(suite=suites.load(str(tiny_suite)), store=Store(root=tmp_path / "home"))
    for name in ("pruned", "succeeds", "exits"):
        failed(builder, builder.suite[name], "an earlier failure")
    found = {each.row: each.outcome for each in score_side_by_side(builder, str(tiny_suite))}

    assert found["raises"] == Failed(error="ValueError: no such kernel")
    ended = {
        "killed": f"was ended by signal {killed} (Killed: out of memory, or killed)",
        "succeeds": "ended with status 0",
        "exits": "ended with status 7",
    }
    for name, how in ended.items():
        reason = f"the process that scored it {how}, and left no scorecard"
        assert found[name] == stored(builder, builder.suite[name]) == Failed(error=reason)
    assert all(isinstance(found[name], Measured) for name in ("baseline", "pruned", "int8"))


def test_processes_end_with_the_one_that_asked_however_it_ends(broken: Broken, tiny_suite: Path) -> None:
    """By a signal that lets nobody clean up."""
    body = "(context.home / 'pids').write_text(f'{os.getpid()} {os.getppid()}'); time.sleep(600)"
    builder = broken(body)
    asking = (
        "from bench_models import suites; from bench_models.build import Builder; "
        "from bench_models.storage import Store; "
        "from bench_models.metrics.scoring import score_side_by_side; "
        f"path = {str(tiny_suite)!r}; "
        "print(list(score_side_by_side(Builder(suite=suites.load(path), store=Store.default()), path)))"
    )
    pids = builder.store.root / "pids"
    with subprocess.Popen([sys.executable, "-c", asking], stdout=subprocess.DEVNULL) as asks:
        _wait_until(lambda: pids.is_file() and len(pids.read_text().split()) == 2)
        asks.kill()
    for pid in pids.read_text().split():
        gone = Path("/proc") / pid
        _wait_until(lambda gone=gone: not gone.exists())  # type: ignore[misc]  # a default is no argument


def test_training_that_fails_is_tried_once(tiny_suite: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And fails each row that starts from it."""
    builder = Builder(suite=suites.load(str(tiny_suite)), store=Store(root=tmp_path / "home"))
    tried = []

    def fails(*_: object, **__: object) -> None:
        tried.append(1)
        raise ValueError("diverged")

    monkeypatch.setattr("bench_models.recipes.training.train", fails)
    found = [each.outcome for each in score_side_by_side(builder, str(tiny_suite))]

    assert found == [Failed(error="ValueError: diverged")] * 3
    assert tried == [1]


def test_trouble_of_the_machine_is_raised(broken: Broken, tiny_suite: Path) -> None:
    """Every other row would meet it, too."""
    full = "raise EnvironmentTroubleError('the disk is full')"
    body = f"from bench_models.errors import EnvironmentTroubleError; {full}"
    builder = broken(body)
    for row in ("pruned", "int8"):
        failed(builder, builder.suite[row], "an earlier failure, which is not taken for it")
    with (
        closing(score_side_by_side(builder, str(tiny_suite))) as rows,
        pytest.raises(EnvironmentTroubleError, match="the disk is full"),
    ):
        list(rows)


def test_closing_ends_the_processes(broken: Broken, tiny_suite: Path) -> None:
    """Those that wait, or compute, and the server."""
    body = "(context.home / 'pids').write_text(f'{os.getpid()} {os.getppid()}'); time.sleep(600)"
    builder = broken(body)
    pids = builder.store.root / "pids"
    with closing(score_side_by_side(builder, str(tiny_suite))) as rows:
        assert next(rows).row == "baseline"
        _wait_until(lambda: pids.is_file() and len(pids.read_text().split()) == 2)
    for pid in pids.read_text().split():
        gone = Path("/proc") / pid
        _wait_until(lambda gone=gone: not gone.exists())  # type: ignore[misc]  # a default is no argument


def _wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_server_that_breaks_is_one_sentence(
    builder: Builder, tiny_suite: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has said why."""
    builder.train("baseline")
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(BenchModelsError, match="the process that scores rows ended with status 1"):
        list(score_side_by_side(builder, str(tiny_suite)))


@pytest.mark.parametrize(
    ("cores", "memory_gb", "rows"), [(1, 16, 1), (2, 16, 2), (64, 256, 64), (8, 6, 3), (2, 1, 1), (64, 4, 2)]
)
def test_as_many_rows_as_cores_but_not_more_than_fit_into_memory(
    monkeypatch: pytest.MonkeyPatch, cores: int, memory_gb: int, rows: int
) -> None:
    """A row takes more than a gigabyte; one is always scored."""
    monkeypatch.setattr(scoring, "available_cores", lambda: cores)
    monkeypatch.setattr(scoring, "available_memory", lambda: memory_gb * 10**9)
    assert side_by_side() == rows
