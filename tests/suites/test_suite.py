"""A suite's table hangs together, or says which row does not."""

import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.tiny_project import edited

from bench_models import suites
from bench_models.errors import BenchModelsError
from bench_models.recipes.prune import PruneL1
from bench_models.recipes.quantize_torchao import QuantizationAware
from bench_models.runtimes.eager import Eager
from bench_models.sources.checkpoints import LocalCheckpoint
from bench_models.sources.corpora import LocalSentences
from bench_models.suites.rotten_tomatoes import SUITE
from bench_models.suites.suite import Budget, Suite, Variant, budget

BUDGET = Budget(max_accuracy_drop_points=1.0, min_size_reduction_pct=0.0)


def _suite(*variants: Variant) -> Suite:
    here = Path("somewhere")
    return Suite(
        name="mine", checkpoint=LocalCheckpoint(path=here), corpus=LocalSentences(path=here), variants=variants
    )


def _row(name: str, starts_from: str | None = None, budget: Budget | None = None) -> Variant:
    return Variant(name=name, starts_from=starts_from, steps=(), budget=budget)


def test_fewer_pairs_than_an_interval_needs_are_refused() -> None:
    """The suite says how many it takes."""
    with pytest.raises(BenchModelsError, match=r"suite mine: pairs=1: an interval needs at least 2 pairs"):
        replace(_suite(_row("a")), pairs=1)


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        ((), "suite mine has no rows"),
        ((_row("a"), _row("b", "c")), "row b starts from 'c', which does not exist: it must start from one of a"),
        ((_row("a"), _row("b", "b")), "row b starts from itself"),
        ((_row("a", "a"),), "row a starts from itself"),
        ((_row("a"), _row("b", "c"), _row("c", "a")), "row b starts from 'c', which stands below it"),
        ((_row("a"), _row("a")), "row a stands there twice"),
        ((_row("a", budget=BUDGET),), "the first row, a, is the baseline"),
    ],
)
def test_row_that_cannot_be_built_is_named(rows: tuple[Variant, ...], complaint: str) -> None:
    """The sentence says which row, what is wrong and what would be right."""
    with pytest.raises(BenchModelsError, match=complaint):
        _suite(*rows)


def test_quick_rows_are_those_that_train_nothing_themselves() -> None:
    """The baseline may be trained; what starts from a trained row, or is trained from the checkpoint, is not quick."""
    trained = QuantizationAware(bits=2, learning_rate=5e-5, max_epochs=1)
    rows = (
        replace(_row("baseline"), steps=(trained,)),
        replace(_row("pruned", "baseline"), steps=(PruneL1(amount=0.5),)),
        replace(_row("again", "pruned"), steps=(PruneL1(amount=0.5),)),
        replace(_row("aware", "baseline"), steps=(PruneL1(amount=0.5), trained)),
        replace(_row("of aware", "aware"), steps=(PruneL1(amount=0.5),)),
        replace(_row("checkpoint"), steps=(PruneL1(amount=0.5),)),
        replace(_row("another"), steps=(trained,)),
    )

    assert _suite(*rows).quick == ["baseline", "pruned", "again", "checkpoint"]


def test_most_rows_of_the_default_suite_are_quick() -> None:
    """What the main job measures unless it is told more: all of them behind one training."""
    left_out = [name for name in SUITE.names if name not in SUITE.quick]

    assert left_out == [
        *("int2-aware", "heads50", "heads50-fp16", "neurons50"),
        *("student3", "student3-bf16", "student3-int8", "student2"),
        *("neurons50-onnx-int8", "student3-onnx-int8", "student3-onnx-static", "student3-openvino-int8"),
        "student3-executorch-int8",
        *("student3-onnx-int4", "student3-onnx-small", "student2-onnx-int8", "student2-onnx-small"),
        *("narrow2-onnx-int8", "narrow2-onnx-small"),
    ]


@pytest.mark.parametrize(
    ("steps", "complaint"),
    [
        ((PruneL1,), r"row a: <class '.*PruneL1'> is not a step"),
        (("prune",), r"row a: 'prune' is not a step: write it as in PruneL1"),
        (PruneL1(amount=0.5), r"row a: steps=PruneL1.* is not a tuple: write \(step,\), with a comma"),
    ],
)
def test_what_is_no_step_is_refused(steps: Any, complaint: str) -> None:  # noqa: ANN401  # whatever a user writes
    """A class that was not called, a name, and a forgotten comma."""
    with pytest.raises(BenchModelsError, match=complaint):
        Variant(name="a", starts_from=None, steps=steps)


@pytest.mark.parametrize(
    "limits", [(float("nan"), 0.0, None), ("1.5", 0.0, None), (1.0, 130.0, None), (1.0, 0.0, 100.0), (1.0, 0.0, -1.0)]
)
def test_limit_that_is_none_is_refused(limits: tuple[float, float, float | None]) -> None:
    """NaN, a string, and what no variant or every one would break."""
    with pytest.raises(BenchModelsError, match=r"must be finite numbers|nothing can be|cannot be shown"):
        budget(*limits)


def test_lineage_runs_from_the_checkpoint_to_the_row() -> None:
    """A variant is made of the rows that it starts from, oldest first."""
    suite = _suite(_row("a"), _row("b", "a"), _row("c", "b"))

    assert [row.name for row in suite.lineage("c")] == ["a", "b", "c"]


def test_default_suite_has_the_promised_rows() -> None:
    """The catalogue of the README."""
    first = {"baseline", "bf16", "fp16", "int8-dynamic", "pruned30", "pruned50", "pruned30-int8"}
    added = {"llm-int8", "nf4-bf16", "nf4-fp16", "int2", "int2-aware", "heads50", "heads50-fp16", "neurons50"}
    students = {"student3", "student3-bf16", "student3-int8", "student2"}
    served = {
        "onnx",
        "openvino",
        "aot-inductor",
        "onnx-int8",
        "neurons50-onnx-int8",
        "student3-onnx-int8",
        "student2-onnx-int8",
    }
    served |= {"student3-onnx-static", "student3-onnx-int4", "student3-onnx-small", "student2-onnx-small"}
    served |= {"narrow2-onnx-int8", "narrow2-onnx-small", "student3-openvino-int8", "student3-executorch-int8"}

    assert first | added | students | served == set(suites.load("rotten-tomatoes").names)


@pytest.mark.parametrize("name", suites.BUILT_IN)
def test_every_eager_row_but_the_baseline_has_a_budget(name: str) -> None:
    """In every suite; only the default one trains whenever asv asks for it. tests/test_docs.py names the others."""
    suite = suites.load(name)

    assert all(variant.budget for variant in suite.variants[1:] if isinstance(variant.runtime, Eager))
    assert suite.trains_unasked == (name == suites.DEFAULT)


def test_suite_of_ones_own_is_loaded_by_path(tiny_suite: Path) -> None:
    """A file that defines SUITE is as good as a built-in one."""
    assert suites.load(str(tiny_suite)).names == ["baseline", "pruned", "int8"]


def test_suite_in_a_package_is_found_though_another_of_that_name_is_installed(
    tiny_suite: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the suite's own folder comes later in Python's path, as in a test session of a clone."""
    installed, own = (tmp_path / name / "measured_here" for name in ("installed", "own"))
    for package in (installed, own):
        package.mkdir(parents=True)
        (package / "__init__.py").touch()
    shutil.copy(tiny_suite, own / "tiny.py")
    monkeypatch.setattr(sys, "path", [str(installed.parent), *sys.path, str(own.parent)])
    assert suites.load(str(own / "tiny.py")).names == ["baseline", "pruned", "int8"]


def test_suite_of_a_package_is_not_taken_from_another_of_that_name(
    tiny_suite: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two folders that are called alike, whichever came first in the process."""
    mine, other = (tmp_path / name / "measured_twice" for name in ("mine", "other"))
    for package in (mine, other):
        package.mkdir(parents=True)
        (package / "__init__.py").touch()
        shutil.copy(tiny_suite, package / "tiny.py")
    monkeypatch.setattr(sys, "path", [*sys.path])

    suites.load(str(mine / "tiny.py"))
    assert suites.load(str(mine / "tiny.py")).names == ["baseline", "pruned", "int8"]
    with pytest.raises(BenchModelsError, match=r"the package measured_twice of this process is .*mine.*, not .*other"):
        suites.load(str(other / "tiny.py"))


def test_quick_edit_is_not_overlooked(tiny_suite: Path) -> None:
    """Of the same length, within the second that Python's bytecode cache counts in."""
    sys.dont_write_bytecode, before = False, sys.dont_write_bytecode
    try:
        suites.load(str(tiny_suite))
        times = tiny_suite.stat()
        text = tiny_suite.read_text(encoding="utf-8")
        tiny_suite.write_text(edited(text, "amount=0.5", "amount=0.6"), encoding="utf-8")
        os.utime(tiny_suite, ns=(times.st_atime_ns, times.st_mtime_ns))

        assert suites.load(str(tiny_suite))["pruned"].steps == (PruneL1(amount=0.6),)
    finally:
        sys.dont_write_bytecode = before


def test_unknown_name_lists_the_known_ones() -> None:
    """Suites and variants alike."""
    with pytest.raises(BenchModelsError, match="unknown suite 'sst3': the suites are rotten-tomatoes"):
        suites.load("sst3")
    with pytest.raises(BenchModelsError, match="rotten-tomatoes has no variant 'int4': it has baseline, bf16"):
        _ = SUITE["int4"]


def test_suite_that_is_not_called_like_its_file_is_refused(tiny_suite: Path) -> None:
    """Its benchmarks would not be found."""
    elsewhere = tiny_suite.rename(tiny_suite.with_name("large.py"))
    with pytest.raises(BenchModelsError, match=r"calls its suite 'tiny', but asv .* call it 'large', or the file tiny"):
        suites.load(str(elsewhere))


def test_file_that_is_no_suite_is_refused(tmp_path: Path) -> None:
    """A missing file and a file without SUITE."""
    with pytest.raises(BenchModelsError, match="there is no suite file"):
        suites.load(str(tmp_path / "mine.py"))
    (tmp_path / "mine.py").write_text("SUITES = ()\n", encoding="utf-8")
    with pytest.raises(BenchModelsError, match="defines no SUITE"):
        suites.load(str(tmp_path / "mine.py"))
    (tmp_path / "mine.py").write_text("SUITE = (\n", encoding="utf-8")
    with pytest.raises(BenchModelsError, match=r"mine\.py cannot be imported: SyntaxError"):
        suites.load(str(tmp_path / "mine.py"))


def test_rows_come_with_those_that_they_start_from_and_the_baseline() -> None:
    """In the order of the table, however they are named; all of them when none is."""
    assert SUITE.only(["student3-int8", "bf16"]).names == ["baseline", "bf16", "student3", "student3-int8"]
    assert SUITE.only([]) == SUITE
    with pytest.raises(BenchModelsError, match="has no variant 'int4': it has baseline"):
        SUITE.only(["int4"])
