"""Times are reused where nothing differs that they can depend on, and only there."""

import math
import platform
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import distributions
from pathlib import Path
from types import SimpleNamespace

import pytest
from asv.machine import MachineCollection
from support.recording import MACHINE, PAIRS, add, asv_repository, describe, results_at
from support.runtimes import in_runtime

from bench_models.build import Builder
from bench_models.checkout import Checkout
from bench_models.machine import this_machine
from bench_models.metrics.latency import SpeedUp, Turns, times_as_fast
from bench_models.recipes.prune import PruneL1
from bench_models.report import reused_times
from bench_models.report.reused_times import Conditions
from bench_models.runtimes.onnx_runtime import OnnxRuntime
from bench_models.suites.suite import budget

HERE = Checkout(root=Path("/nowhere"), commit="c" * 40)
BOTH = {"pruned": PAIRS, "int8": PAIRS}


@pytest.fixture(autouse=True)
def _pytests_own_variable_counts_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """It says which test runs, and in which phase."""
    monkeypatch.setattr(reused_times, "_OF_THE_RUN", reused_times._OF_THE_RUN | {"PYTEST_CURRENT_TEST"})


def _find(builder: Builder, checkout: Checkout = HERE) -> dict[str, SpeedUp]:
    return Conditions.of_now(builder, checkout).find()


@pytest.fixture
def kept(builder: Builder) -> Builder:
    """Return a builder in whose store there are times of both rows."""
    Conditions.of_now(builder, HERE).keep(BOTH)
    return builder


def test_times_are_found_again(kept: Builder) -> None:
    """Also those of some rows alone."""
    assert _find(kept) == BOTH
    assert _find(replace(kept, suite=kept.suite.only(["pruned"]))) == {"pruned": PAIRS}


def test_times_of_one_run_are_reused_and_no_mixture(builder: Builder) -> None:
    """A row without times has all taken anew, and so do rows of two runs: the machine may have been slower in one."""
    conditions = Conditions.of_now(builder, HERE)
    conditions.keep({"pruned": PAIRS})
    assert conditions.find() == {}
    conditions.keep({"int8": replace(PAIRS, run="b")})
    assert conditions.find() == {}
    conditions.keep({"int8": PAIRS})
    assert conditions.find() == BOTH


def test_row_whose_runtime_is_not_installed_needs_no_times(kept: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is skipped with the reason, and the others are reused."""
    monkeypatch.setattr(OnnxRuntime, "libraries", ("no-such-library",))
    assert _find(in_runtime(kept, OnnxRuntime())) == BOTH


def test_forgotten_times_are_not_reused(kept: Builder) -> None:
    """As where times are to be taken anew, and the run that does so breaks off."""
    Conditions.of_now(kept, HERE).forget()
    assert _find(kept) == {}


def _with_another_library(patch: pytest.MonkeyPatch) -> None:
    newer = SimpleNamespace(read_text=lambda _: "Name: numpy\nVersion: 99\n")
    known = list(distributions())
    patch.setattr(reused_times, "distributions", lambda: [newer, *known[1:]])


CHANGES: dict[str, tuple[str, Callable[[pytest.MonkeyPatch], None]]] = {
    "a variable": ("the variable ONEDNN_MAX_CPU_ISA", lambda patch: patch.setenv("ONEDNN_MAX_CPU_ISA", "AVX")),
    "one that is no longer there": ("the variable HOME", lambda patch: patch.delenv("HOME")),
    "one that nobody knows": ("the variable SOME_FAST", lambda patch: patch.setenv("SOME_FAST", "1")),
    "a library": ("installed packages", _with_another_library),
    "the system": ("Python or the machine", lambda patch: patch.setattr(platform, "release", lambda: "7.0.0")),
    "the host": ("Python or the machine", lambda patch: patch.setattr(platform, "node", lambda: "another")),
    "how many cores": (
        "cores or their clock",
        lambda patch: patch.setattr(reused_times, "available_cores", lambda: 64),
    ),
    "which cores": ("cores or their clock", lambda patch: patch.setattr(reused_times, "_cores", lambda: [8, 9])),
    "the machine": (
        "Python or the machine",
        lambda patch: patch.setattr(reused_times, "this_machine", lambda: replace(this_machine(), memory_bytes=1)),
    ),
    "the code that measures": (
        "bench_models",
        lambda patch: patch.setattr(reused_times, "sha256_of", lambda _: "another"),
    ),
}


@pytest.mark.parametrize(("said", "change"), CHANGES.values(), ids=CHANGES)
def test_whatever_times_depend_on_has_them_taken_anew(
    kept: Builder, monkeypatch: pytest.MonkeyPatch, said: str, change: Callable[[pytest.MonkeyPatch], None]
) -> None:
    """Around the process that is timed; and what it was is told, of variables the names."""
    assert Conditions.of_now(kept, HERE).changed() == []
    change(monkeypatch)
    assert _find(kept) == {}
    assert Conditions.of_now(kept, HERE).changed() == [said]


def test_nothing_has_changed_where_nothing_was_kept(builder: Builder) -> None:
    """The first run has nothing to compare with."""
    assert Conditions.of_now(builder, HERE).changed() == []


def test_another_commit_or_another_suite_has_times_of_its_own(kept: Builder) -> None:
    """A row or the baseline that is made otherwise, and more pairs."""
    suite = kept.suite
    assert _find(kept, replace(HERE, commit="d" * 40)) == {}
    assert _find(replace(kept, suite=replace(suite, pairs=3))) == {}
    baseline, pruned, int8 = suite.variants
    weaker = replace(pruned, steps=(PruneL1(amount=0.4),))
    assert _find(replace(kept, suite=replace(suite, variants=(baseline, weaker, int8)))) == {}
    other = replace(baseline, steps=(*baseline.steps, PruneL1(amount=0.1)))
    assert _find(replace(kept, suite=replace(suite, variants=(other, pruned, int8)))) == {}


@pytest.mark.parametrize(
    "variable", ["PWD", "COLUMNS", "SSH_CONNECTION", "TOX_PACKAGE", "PYTHONHASHSEED", "OMP_NUM_THREADS"]
)
def test_what_tells_of_the_terminal_or_is_set_for_timing_changes_nothing(
    kept: Builder, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """Or no two runs would have the same conditions: tox gives each run a hash seed of its own."""
    monkeypatch.setenv(variable, "8")
    assert _find(kept) == BOTH


def test_library_that_was_half_removed_disturbs_nobody(kept: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its folder is left without what it says of itself; that it was removed is another condition."""
    known = list(distributions())
    left = SimpleNamespace(read_text=lambda _: None)
    monkeypatch.setattr(reused_times, "distributions", lambda: [left, *known])
    assert _find(kept) == {}


class Asv:
    """What asv has recorded of the tiny suite, at one commit."""

    def __init__(self, builder: Builder, checkout: Checkout) -> None:
        """Know two benchmarks of each row."""
        self.builder, self.checkout = builder, checkout
        rows = builder.suite.names
        describe(checkout.root, Figures__track_size=rows, SpeedUp__track_speed_up=rows)

    def records(self, *sizes: float | None, speed_ups: tuple[float, ...] = ()) -> None:
        """Record a size of each row, and the speed-ups of ``BOTH``, or others."""
        ratio = times_as_fast(PAIRS.single_stream).value
        result = results_at(self.checkout.commit)
        add(result, self.builder.suite.names, "Figures.track_size", list(sizes))
        add(result, self.builder.suite.names, "SpeedUp.track_speed_up", list(speed_ups or (1.0, ratio, ratio)))
        result.save(str(self.checkout.root / "kept"))

    @property
    def conditions(self) -> Conditions:
        """The conditions of now."""
        return Conditions.of_now(self.builder, self.checkout)


@pytest.fixture
def asv(builder: Builder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Asv:
    """Return what asv has recorded in a repository, which is nothing yet."""
    monkeypatch.setattr(MachineCollection, "load", lambda _: {"machine": MACHINE})
    return Asv(builder, asv_repository(tmp_path / "repository"))


EVERY = ["baseline", "pruned", "int8"]


def test_what_asv_recorded_for_the_main_job_is_not_recorded_again(asv: Asv) -> None:
    """Nothing is before; nor is what was recorded by hand, under nobody knows which conditions."""
    assert asv.conditions.unrecorded(BOTH) == EVERY
    asv.records(1.0, 1.0, 1.0)
    assert asv.conditions.unrecorded(BOTH) == EVERY
    asv.conditions.note_recordings()
    assert asv.conditions.unrecorded(BOTH) == []


def test_new_times_have_all_recorded_anew(asv: Asv) -> None:
    """And so do times that the record is not of."""
    asv.records(1.0, 1.0, 1.0)
    asv.conditions.note_recordings()
    assert asv.conditions.unrecorded({}) == EVERY
    faster = replace(PAIRS, single_stream=(Turns(baseline=(0.02,), variant=(0.001,)),) * 2)
    assert asv.conditions.unrecorded(BOTH | {"int8": faster}) == ["int8"]
    asv.conditions.forget()
    assert asv.conditions.unrecorded(BOTH) == EVERY


def test_asv_records_that_a_row_whose_runtime_is_missing_is_skipped(asv: Asv, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the others: what asv was not asked for counts as failed in the report. By itself it needs no recording."""
    builder = in_runtime(asv.builder, OnnxRuntime())
    monkeypatch.setattr(OnnxRuntime, "libraries", ("no-such-library",))
    assert Asv(builder, asv.checkout).conditions.unrecorded({}) == [*EVERY, "onnx"]
    asv.records(1.0, 1.0, 1.0)
    asv.conditions.note_recordings()
    assert Asv(builder, asv.checkout).conditions.unrecorded(BOTH) == []


def test_what_was_recorded_over_it_is_recorded_again(asv: Asv) -> None:
    """By hand, or by a run with another library, of the baseline too: its figures are no longer those of the report."""
    asv.records(1.0, 1.0, 1.0)
    asv.conditions.note_recordings()
    asv.records(2.0, 1.0, 1.0)
    assert asv.conditions.unrecorded(BOTH) == ["baseline"]
    asv.records(1.0, 1.0, 3.0)
    assert asv.conditions.unrecorded(BOTH) == ["int8"]


def test_what_failed_or_is_missing_is_recorded_again(asv: Asv) -> None:
    """Each time, until there is a number; what skips itself has none, and is done."""
    asv.records(1.0, None, math.nan)
    asv.conditions.note_recordings()
    assert asv.conditions.unrecorded(BOTH) == ["pruned"]

    rows = asv.builder.suite.names
    describe(asv.checkout.root, Figures__track_size=rows, SpeedUp__track_speed_up=rows, Figures__track_new=["int8"])
    assert asv.conditions.unrecorded(BOTH) == ["pruned", "int8"]


def test_another_budget_has_its_verdict_recorded(asv: Asv) -> None:
    """It changes neither times nor scores."""
    asv.records(1.0, 1.0, 1.0)
    asv.conditions.note_recordings()
    baseline, pruned, int8 = asv.builder.suite.variants
    stricter = (baseline, replace(pruned, budget=budget(0.5, 1.0)), int8)
    asv.builder = replace(asv.builder, suite=replace(asv.builder.suite, variants=stricter))
    assert asv.conditions.unrecorded(BOTH) == ["pruned"]
