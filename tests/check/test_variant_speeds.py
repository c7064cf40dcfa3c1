"""Variants beside their baseline, in pairs of processes: equal ones are equal, and a slower one is found."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest

import bench_models
from bench_models.check import variant_speeds
from bench_models.check.sides.side import Tree
from bench_models.check.variant_speeds import Asked, Pairs, compare
from bench_models.errors import BenchModelsError
from bench_models.outcomes import Failed, Measured, Outcome, Skipped
from bench_models.stats.estimate import Estimate
from bench_models.stats.paired_ratios import log_ratio
from bench_models.stats.timing import PAIRS, of_processes

SUITE = """
import os
import subprocess
import sys
from pathlib import Path

SPINNING = []


class Latency:
    params = [
        ["baseline", "same", "slower", "spins", "raises", "skips", "dies", "dies once"]
        + ["onnx", "openvino", "executorch"]
    ]
    param_names = ["variant"]
    warmup_time = 0.05

    def setup(self, variant):
        with Path(__file__).with_name("parents").open("a") as file:
            file.write(f"{os.getppid()} {variant}\\n")
        if variant == "onnx":
            import onnxruntime
        if variant == "openvino":
            import bench_models.runtimes.openvino_runtime
            import openvino
        if variant == "executorch":
            import torch
            from executorch.extension.pybindings import _C
        if variant == "skips":
            raise NotImplementedError("no such kernel here")
        if variant == "spins" and not SPINNING:  # once: asv sets up before each sample
            command = [sys.executable, "-c", "while True: pass"]
            SPINNING.extend(subprocess.Popen(command) for _ in range(3))

    def time_single_stream(self, variant):
        if variant == "raises":
            raise RuntimeError("no such kernel")
        if variant == "dies" or (variant == "dies once" and not Path(__file__).with_name("died").exists()):
            Path(__file__).with_name("died").touch()
            os._exit(3)
        sum(range(250_000 if variant == "slower" else 200_000))

    def time_offline(self, variant):
        sum(range(400_000))
"""
SINGLE, OFFLINE = "tiny.Latency.time_single_stream", "tiny.Latency.time_offline"


def _compared(
    folder: Path, *others: str, benchmarks: tuple[str, ...] = (SINGLE, OFFLINE), pairs: int = 1
) -> dict[str, Outcome[Pairs]]:
    suite = folder / "benchmarks"
    suite.mkdir()
    (suite / "__init__.py").touch()
    (suite / "tiny.py").write_text(SUITE, encoding="utf-8")
    (folder / "cache.pickle").write_bytes(b"N.")  # None, pickled: this suite has no setup_cache
    tree = Tree(
        name="head",
        place="head",
        python=Path(sys.executable),
        code=Path(bench_models.__file__).parents[1],
        suite=suite,
        timeout_s=60.0,
        apart=False,
    )
    asked = Asked(benchmarks=benchmarks, baseline="baseline", others=others, cache=folder, pairs=pairs)
    return compare(tree, asked)


def _speed_up(outcome: Outcome[Pairs], level: float) -> Estimate:
    assert isinstance(outcome, Measured)
    return of_processes(
        [2.718281828 ** -log_ratio(pair.base, pair.head).value for pair in outcome.value[SINGLE]], level
    )


@pytest.mark.slow
@pytest.mark.nightly  # it wants a machine that does nothing else
def test_equal_variants_are_equal_and_a_planted_slow_down_is_found(tmp_path: Path) -> None:
    """The interval of the same code holds 1; of what computes a quarter more it does not."""
    found = _compared(tmp_path, "same", "slower", pairs=PAIRS)
    same, slower = _speed_up(found["same"], 0.999), _speed_up(found["slower"], 0.95)

    assert same.low <= 1 <= same.high
    assert slower.high < 1
    assert 0.7 < slower.value < 0.9
    for outcome in found.values():
        assert isinstance(outcome, Measured)
        assert len(outcome.value[SINGLE]) == PAIRS
        assert len(outcome.value[OFFLINE]) == 4


@pytest.fixture
def _one_core() -> Iterator[None]:
    """Keep this process, and what it starts, on one core: on others, nobody would be in the way."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})
    yield
    os.sched_setaffinity(0, cores)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the system keeps no process on a core")
@pytest.mark.usefixtures("_one_core")
def test_what_a_variant_keeps_running_is_not_charged_to_the_baseline(tmp_path: Path) -> None:
    """It sleeps while the baseline is timed; on a core that all share, it would take three quarters of the time.

    Of each, the quietest of three pairs: a neighbour of a shared core takes half of it for seconds.
    """
    found = _compared(tmp_path, "same", "spins", pairs=3)
    assert isinstance(found["same"], Measured)
    assert isinstance(found["spins"], Measured)
    beside_nothing, beside_it = (
        min(median(pair.base) for pair in outcome.value[SINGLE])
        for outcome in found.values()
        if isinstance(outcome, Measured)
    )

    assert beside_it < 1.5 * beside_nothing


def test_variant_that_cannot_be_run_has_the_reason_and_the_others_go_on(tmp_path: Path) -> None:
    """It raises, it skips, or its worker dies each time."""
    found = _compared(tmp_path, "raises", "skips", "dies", "same")

    assert found["raises"] == Failed(error="RuntimeError: no such kernel")
    assert isinstance(found["skips"], Skipped)
    assert isinstance(found["dies"], Failed)
    assert "its worker died" in found["dies"].error
    assert isinstance(found["same"], Measured)
    (pair,) = found["same"].value[SINGLE]
    assert median(pair.base) > 0


def test_worker_that_dies_once_is_tried_again(tmp_path: Path) -> None:
    """The pair is taken anew, by two fresh workers."""
    assert isinstance(_compared(tmp_path, "dies once")["dies once"], Measured)


@pytest.mark.parametrize(("cores", "others"), [(1, ()), (2, ("onnx", "openvino", "executorch"))])
def test_each_round_has_a_parent_of_its_own_that_both_sides_inherit_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cores: int, others: tuple[str, ...]
) -> None:
    """One layout of memory a round, which neither the baseline nor the variant has to itself.

    Also where variants import runtimes that would start threads: no process could be forked from such a parent. Where
    there are two cores, the parents of two rounds import at once.
    """
    monkeypatch.setattr(variant_speeds, "available_cores", lambda: cores)
    _compared(tmp_path, "same", *others, pairs=2)
    lines = (tmp_path / "benchmarks" / "parents").read_text(encoding="utf-8").splitlines()
    parents: dict[str, set[str]] = {}
    for line in lines:
        parent, variant = line.split(" ")
        parents.setdefault(variant, set()).add(parent)

    assert len(parents["same"]) == 2
    assert all(parents[other] == parents["same"] for other in others)
    assert parents["same"] <= parents["baseline"]
    assert str(os.getpid()) not in parents["same"], "they were started afresh"


def test_suite_without_latencies_is_named(tmp_path: Path) -> None:
    """Before anything is timed."""
    with pytest.raises(BenchModelsError, match=r"there is no benchmark tiny\.Other\.time_it"):
        _compared(tmp_path, "same", benchmarks=("tiny.Other.time_it",))
