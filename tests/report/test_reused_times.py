"""Times are reused where nothing differs that they can depend on, and only there."""

import math
import platform
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from asv.machine import MachineCollection
from support.recording import MACHINE, add, asv_repository, describe, results_at

from bench_models.build import Builder
from bench_models.checkout import Checkout
from bench_models.machine import this_machine
from bench_models.metrics.latency import SpeedUp, Turns, times_as_fast
from bench_models.recipes.prune import PruneL1
from bench_models.report import reused_times
from bench_models.report.reused_times import Conditions, unrecorded

HERE = Checkout(root=Path("/nowhere"), commit="c" * 40)
PAIRS = SpeedUp(
    run="a",
    single_stream=(Turns(baseline=(0.02, 0.02), variant=(0.01, 0.01)),) * 2,
    offline=(Turns(baseline=(0.2,), variant=(0.1,)),) * 2,
)


def _find(builder: Builder, checkout: Checkout = HERE) -> dict[str, SpeedUp]:
    return Conditions.of_now(builder, checkout).find()


@pytest.fixture
def kept(builder: Builder) -> Builder:
    """Return a builder in whose store there are times of the row `pruned`."""
    Conditions.of_now(builder, HERE).keep("pruned", PAIRS)
    return builder


def test_times_are_found_again(kept: Builder) -> None:
    """Those of the rows that were timed."""
    assert _find(kept) == {"pruned": PAIRS}


def test_row_without_all_its_pairs_is_timed_again(builder: Builder) -> None:
    """As after an interruption."""
    patient = replace(builder, suite=replace(builder.suite, pairs=3))
    Conditions.of_now(patient, HERE).keep("pruned", PAIRS)
    assert _find(patient) == {}


CHANGES: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "a variable": lambda patch: patch.setenv("ONEDNN_MAX_CPU_ISA", "AVX"),
    "one that nobody knows": lambda patch: patch.setenv("SOME_LIBRARY_FAST", "1"),
    "a library": lambda patch: patch.setattr(reused_times, "distributions", list),
    "the system": lambda patch: patch.setattr(platform, "release", lambda: "7.0.0"),
    "the cores that may be used": lambda patch: patch.setattr(reused_times, "available_cores", lambda: 64),
    "the machine": lambda patch: patch.setattr(
        reused_times, "this_machine", lambda: replace(this_machine(), memory_bytes=1)
    ),
    "the code that measures": lambda patch: patch.setattr(reused_times, "sha256_of", lambda _: "another"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_whatever_times_depend_on_has_them_taken_anew(
    kept: Builder, monkeypatch: pytest.MonkeyPatch, change: Callable[[pytest.MonkeyPatch], None]
) -> None:
    """Around the process that is timed."""
    change(monkeypatch)
    assert _find(kept) == {}


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
    assert _find(kept) == {"pruned": PAIRS}


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    """Return a repository in which asv knows this machine and two benchmarks."""
    monkeypatch.setattr(MachineCollection, "load", lambda _: {"machine": MACHINE})
    checkout = asv_repository(tmp_path / "repository")
    rows = ("baseline", "pruned", "int8")
    describe(checkout.root, Figures__track_size=rows, SpeedUp__track_speed_up=rows)
    return checkout


def _record(builder: Builder, checkout: Checkout, sizes: list[float | None], speed_ups: list[float]) -> None:
    result = results_at(checkout.commit)
    add(result, builder.suite.names, "Figures.track_size", sizes)
    add(result, builder.suite.names, "SpeedUp.track_speed_up", speed_ups)
    result.save(str(checkout.root / "kept"))


def test_asv_records_what_it_has_not_recorded_with_these_times(builder: Builder, checkout: Checkout) -> None:
    """A row that has other pairs, or lacks a figure, which failed or was interrupted; the baseline beside any other."""
    suite, ratio = builder.suite, times_as_fast(PAIRS.single_stream).value
    both = {"pruned": PAIRS, "int8": PAIRS}
    assert unrecorded(suite, checkout, both) == ["baseline", "pruned", "int8"]

    _record(builder, checkout, [1.0, 1.0, 1.0], [1.0, ratio, ratio])
    assert unrecorded(suite, checkout, both) == []
    assert unrecorded(suite, checkout, {"pruned": PAIRS}) == ["int8"]
    assert unrecorded(suite, checkout, {}) == ["baseline", "pruned", "int8"]
    assert unrecorded(suite.only(["baseline"]), checkout, {}) == ["baseline"]

    _record(builder, checkout, [1.0, 1.0, 1.0], [1.0, ratio, ratio * 1.01])
    assert unrecorded(suite, checkout, both) == ["int8"]
    _record(builder, checkout, [1.0, None, math.nan], [1.0, ratio, ratio])
    assert unrecorded(suite, checkout, both) == ["baseline", "pruned", "int8"]
    _record(builder, checkout, [math.nan, 1.0, 1.0], [1.0, ratio, ratio])
    assert unrecorded(suite, checkout, both) == ["baseline"]


def test_benchmark_that_asv_has_found_and_not_run_is_missing(builder: Builder, checkout: Checkout) -> None:
    """As one that is new, or that an interrupted run did not come to."""
    rows = builder.suite.names
    describe(checkout.root, Figures__track_size=rows, SpeedUp__track_speed_up=rows, Figures__track_new=["pruned"])
    ratio = times_as_fast(PAIRS.single_stream).value
    _record(builder, checkout, [1.0, 1.0, 1.0], [1.0, ratio, ratio])
    assert unrecorded(builder.suite, checkout, {"pruned": PAIRS, "int8": PAIRS}) == ["pruned"]
