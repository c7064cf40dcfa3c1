"""The command line teaches, answers at once and never shows a traceback for bad input."""

import resource
import sys
import time
from pathlib import Path

import pytest
from support import drawing
from support.checking import Run
from support.tiny_project import edited

REAL = str(drawing.REAL)


@pytest.mark.parametrize("command", ["list", "run", "build", "report", "figure", "recommend", "export"])
def test_every_command_has_help_with_an_example(bench_models: Run, tmp_path: Path, command: str) -> None:
    """What it does, what it takes, and how it looks."""
    done = bench_models(command, "--help", cwd=tmp_path)

    assert done.returncode == 0
    assert f"example:  bench-models {command}" in done.stdout


def test_list_shows_the_catalogue(bench_models: Run, tmp_path: Path) -> None:
    """Rows, steps and budgets, without building anything."""
    done = bench_models("list", cwd=tmp_path)

    assert done.returncode == 0
    assert "pruned30-int8" in done.stdout
    assert "PruneL1(amount=0.3)" in done.stdout
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("arguments", [("--help",), ("list",), ("build", "nothing")])
def test_answer_without_a_model_comes_at_once(bench_models: Run, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """In half a second of computing; the clock would count the other tests of this machine too."""
    seconds = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        bench_models(*arguments, cwd=tmp_path)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)

    assert min(seconds) < 0.5, seconds


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("list", "sst3"), "unknown suite 'sst3': the suites are rotten-tomatoes"),
        (("build", "rotten-tomatoes", "int4"), "rotten-tomatoes has no variant 'int4': it has baseline, bf16"),
        (("run",), "is not in a git repository"),
        (("report",), "is not in a git repository"),
        (("figure",), "results/rotten-tomatoes.json cannot be read (No such file or directory): give the JSON file"),
        (("figure", "pyproject.toml"), "pyproject.toml cannot be read"),
        (("recommend",), "is not in a git repository"),
        (("recommend", "--report", REAL, "--priority", "cheap"), "unknown priority 'cheap': the priorities are speed,"),
        (("recommend", "sst2-bert", "--report", REAL), "is a report of rotten-tomatoes, and not of sst2-bert: leave"),
        (("recommend", "--report", REAL, "--accuracy-tolerance", "-1"), "tolerance of -1 points makes no sense"),
        (("recommend", "--report", REAL, "--accuracy-tolerance", "nan"), "tolerance of nan points makes no sense"),
        (("recommend", "--report", REAL, "--accuracy-tolerance", "0"), "no variant keeps an accuracy tolerance of 0"),
        (("list", "absent.py"), "there is no suite file absent.py"),
        (
            ("list", sys.executable),
            f"{sys.executable} is not a suite file: a suite of your own is a Python file, whose name ends in .py",
        ),
        (
            ("build", "student3"),
            "student3 is a row of the suite rotten-tomatoes: give the suite's name, as `bench-models build rotten",
        ),
        (("run", "student3"), "student3 is a row of the suite rotten-tomatoes: give the suite"),
    ],
)
def test_bad_input_gets_one_sentence_and_status_2(
    bench_models: Run, tmp_path: Path, arguments: tuple[str, ...], complaint: str
) -> None:
    """On standard error, and nothing on standard output."""
    done = bench_models(*arguments, cwd=tmp_path, GIT_CEILING_DIRECTORIES=str(tmp_path.parent))

    assert done.returncode == 2
    assert complaint in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not done.stdout


@pytest.mark.parametrize("command", [("export", "student3", "--format", "onnx"), ("check", "main")])
def test_empty_output_is_refused(bench_models: Run, tmp_path: Path, command: tuple[str, ...]) -> None:
    """Python would take it for the folder one stands in."""
    done = bench_models(*command, "--output", "", cwd=tmp_path)

    assert done.returncode == 2
    assert "argument --output: no path is given: name one, or '.' for where you are" in done.stderr


def test_recommendation_and_figure_need_nothing_but_a_report(bench_models: Run, tmp_path: Path) -> None:
    """No repository, no store, no model."""
    said = bench_models("recommend", "--report", REAL, "--priority", "size", cwd=tmp_path)
    drawn = bench_models("figure", REAL, "--output", "figures", cwd=tmp_path)

    assert (said.returncode, drawn.returncode) == (0, 0), said.stderr + drawn.stderr
    assert said.stdout.startswith("# rotten-tomatoes at e0aaa9ee: ship llm-int8\n")
    assert sorted(drawn.stdout.split()) == sorted(
        str(path.relative_to(tmp_path)) for path in tmp_path.glob("figures/*")
    )
    assert len(drawn.stdout.split()) == 4
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(("parent", "complaint"), [("nowhere", "which does not exist"), ("int8", "from itself")])
def test_suite_whose_row_starts_nowhere_is_refused(
    bench_models: Run, tiny_suite: Path, parent: str, complaint: str
) -> None:
    """By its path, like any suite of a user."""
    text = tiny_suite.read_text(encoding="utf-8")
    tiny_suite.write_text(edited(text, 'starts_from="pruned"', f'starts_from="{parent}"'), encoding="utf-8")
    done = bench_models("build", str(tiny_suite), cwd=tiny_suite.parent)

    assert done.returncode == 2
    assert f"row int8 starts from {parent!r}" in done.stderr or "row int8 starts from itself" in done.stderr
    assert complaint in done.stderr


def test_build_says_what_it_trains_and_what_it_reuses(bench_models: Run, tiny_suite: Path) -> None:
    """The second time nothing is trained, and it takes under a second a variant."""
    first = bench_models("build", str(tiny_suite), cwd=tiny_suite.parent)
    start = time.perf_counter()
    again = bench_models("build", str(tiny_suite), cwd=tiny_suite.parent)
    seconds = time.perf_counter() - start

    assert (first.returncode, again.returncode) == (0, 0)
    assert "training baseline: FineTune(" in first.stderr
    assert "training" not in again.stderr
    assert "int8: ready from the weights" in again.stderr
    assert seconds < 3


def test_crash_is_not_mistaken_for_a_broken_budget(bench_models: Run, tiny_suite: Path) -> None:
    """A number for a budget: whatever Python says of it, the status is 2."""
    text = tiny_suite.read_text(encoding="utf-8")
    tiny_suite.write_text(
        edited(text, "(QuantizeDynamic(),), budget=BUDGET", "(QuantizeDynamic(),), budget=1.0"), encoding="utf-8"
    )
    done = bench_models("list", str(tiny_suite), cwd=tiny_suite.parent)

    assert done.returncode == 2
    assert "bench-models: internal error" in done.stderr


def test_missing_checkpoint_is_named(bench_models: Run, tiny_suite: Path) -> None:
    """A folder without weights is no checkpoint."""
    (tiny_suite.parent / "checkpoint" / "model.safetensors").unlink()
    done = bench_models("build", str(tiny_suite), cwd=tiny_suite.parent)

    assert done.returncode == 2
    assert "lacks model.safetensors: it must be a folder with config.json" in done.stderr
