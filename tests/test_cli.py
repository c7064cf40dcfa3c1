"""The command line teaches, answers at once and never shows a traceback for bad input."""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pytest
from support import drawing
from support.checking import Run
from support.small_suite import write_project
from support.tiny_project import edited

from bench_models import job, machine, suites
from bench_models.cli import main, program
from bench_models.cli.ci import ci
from bench_models.export.formats import FORMATS
from bench_models.recipes.cast import Cast
from bench_models.suites import rotten_tomatoes
from bench_models.suites.rotten_tomatoes import SUITE

REAL = str(drawing.REAL)


@pytest.mark.parametrize("command", [name for name in program.commands if name != "ci"])
def test_every_command_has_help_with_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What it does, what it takes, and how it looks."""
    assert main([command, "--help"]) == 0
    assert f"Example: bench-models {command}" in capsys.readouterr().out


@pytest.mark.parametrize("group", [[], ["ci"]])
def test_help_fits_one_screen_and_cuts_no_summary(group: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """All commands, and what the exit status and the variables mean."""
    assert main([*group, "--help"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) <= 30
    assert max(map(len, lines)) <= 80
    cut = [line for line in lines if line.endswith("...") and not line.startswith("Usage") and "comment..." not in line]
    assert cut == []


def test_help_without_a_command_goes_to_standard_error(bench_models: Run, tmp_path: Path) -> None:
    """Nothing was done, so the status is that of bad input."""
    done = bench_models(cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Usage: bench-models ")


def test_rows_whose_runtime_is_not_installed_are_left_out_unless_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked for by name, they are measured or it is said why not."""
    _tell_flags(monkeypatch, "avx512_bf16", "avx512_fp16")
    assert _measured(monkeypatch) == SUITE.quick
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert _measured(monkeypatch) == [name for name in SUITE.quick if "onnx" not in name]
    assert _measured(monkeypatch, "onnx") == ["baseline", "onnx"]
    assert {"onnx", "onnx-int8"} < {*SUITE.quick}


@pytest.mark.parametrize(
    ("flag", "left_out"),
    [
        ("avx512_bf16", {"fp16", "llm-int8", "nf4-bf16", "nf4-fp16"}),  # NF4 keeps in fp16 what it does not quantize
        ("avx2", {"bf16", "fp16", "llm-int8", "nf4-bf16", "nf4-fp16"}),
    ],
)
def test_rows_that_the_cpu_emulates_are_left_out_unless_asked_for(
    monkeypatch: pytest.MonkeyPatch, flag: str, left_out: set[str]
) -> None:
    """They take minutes, and say nothing of the CPUs that they are made for."""
    _tell_flags(monkeypatch, flag)
    assert _measured(monkeypatch) == [name for name in SUITE.quick if name not in left_out]
    assert _measured(monkeypatch, "fp16") == ["baseline", "fp16"]
    assert _measured(monkeypatch, "--all") == SUITE.names


def test_rows_of_an_emulated_baseline_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the job would have nothing to do: each row starts from it."""
    cast = replace(SUITE.baseline, steps=(*SUITE.baseline.steps, Cast(dtype="float16")))
    monkeypatch.setattr(rotten_tomatoes, "SUITE", replace(SUITE, variants=(cast, *SUITE.variants[1:])))
    _tell_flags(monkeypatch, "avx512_bf16")
    assert _measured(monkeypatch) == SUITE.quick


def _tell_flags(monkeypatch: pytest.MonkeyPatch, *flags: str) -> None:
    """Give the CPU these flags alone."""
    monkeypatch.setattr(machine, "_cpu", lambda: ("a CPU", frozenset(flags)))


def _measured(monkeypatch: pytest.MonkeyPatch, *asked: str) -> list[str]:
    """Return the rows that the main job of the default suite would measure."""
    rows: list[list[str]] = []
    monkeypatch.setattr(job, "run", lambda suite, *_, **__: rows.append(suite.names))
    main(["run", "rotten-tomatoes", *asked])
    (measured,) = rows
    return measured


def test_version_is_that_of_the_package(bench_models: Run, tmp_path: Path) -> None:
    """As pip knows it."""
    done = bench_models("--version", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, f"bench-models {version('bench-models')}\n")


def test_help_names_what_the_code_accepts(capsys: pytest.CaptureFixture[str]) -> None:
    """The suites and the formats are spelt out there, since importing them would take a second."""
    assert main(["export", "--help"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert f"[{'|'.join(FORMATS)}]" in said
    assert f"({', '.join(suites.BUILT_IN[:-1])} or {suites.BUILT_IN[-1]})" in said
    assert f"default: ({suites.DEFAULT})" in said


@pytest.mark.parametrize(
    ("words", "begun", "offered"),
    [
        ("bench-models", "che", ["check"]),
        ("bench-models ci", "p", ["plan"]),
        ("bench-models check", "--st", ["--strict"]),
        ("bench-models build", "rot", ["rotten-tomatoes"]),
        (
            "bench-models export student3 --format",
            "",
            ["torch-export", "torchscript", "onnx", "openvino", "aot-inductor", "executorch"],
        ),
    ],
)
def test_shell_completes_commands_options_and_suites(
    bench_models: Run, tmp_path: Path, words: str, begun: str, offered: list[str]
) -> None:
    """As bash asks for it."""
    asked = {"COMP_WORDS": f"{words} {begun}", "COMP_CWORD": str(len(words.split()))}
    done = bench_models(cwd=tmp_path, _BENCH_MODELS_COMPLETE="bash_complete", **asked)
    assert done.returncode == 0
    assert done.stdout.splitlines() == [f"plain,{each}" for each in offered]


def test_help_imports_click_and_the_command_line_alone(tmp_path: Path) -> None:
    """Whatever else a command needs is imported when it runs."""
    code = (
        "import sys\n"
        "from bench_models.cli import main\n"
        "main(['--help'])\n"
        "found = {name.partition('.')[0] for name in sys.modules} - sys.stdlib_module_names\n"
        "ours = {name for name in sys.modules if name.startswith('bench_models.')}\n"
        "print(sorted(found), sorted({'.'.join(name.split('.')[:2]) for name in ours}), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", code],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == "['__main__', 'bench_models', 'click'] ['bench_models.cli', 'bench_models.errors']\n"


def test_list_shows_the_catalogue(bench_models: Run, tmp_path: Path) -> None:
    """Rows, steps and budgets, without building anything."""
    done = bench_models("list", cwd=tmp_path)

    assert done.returncode == 0
    assert "pruned30-int8" in done.stdout
    assert "PruneL1(amount=0.3)" in done.stdout
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("arguments", [("--help",), ("list",), ("build", "nothing")])
def test_answer_without_a_model_comes_at_once(bench_models: Run, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """In half a second of computing, on a slow machine in three times as much as the import of scipy.special takes.

    Torch takes five times as much. The clock would count the other tests of this machine, too.
    """

    def seconds(run: Callable[[], object]) -> float:
        """Return the least that a process and what it starts compute."""
        taken = []
        for _ in range(3):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            run()
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            taken.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        return min(taken)

    imported = seconds(lambda: subprocess.run([sys.executable, "-c", "import scipy.special"], check=True))
    assert seconds(lambda: bench_models(*arguments, cwd=tmp_path)) < max(0.5, 3 * imported)


@pytest.mark.parametrize(
    ("arguments", "rows"),
    [
        ((), SUITE.quick),
        (("rotten-tomatoes", "student3-int8"), ["baseline", "student3", "student3-int8"]),
        (("--all",), SUITE.names),
        (("rotten-tomatoes", "--all"), SUITE.names),
    ],
)
def test_run_measures_what_trains_nothing_unless_it_is_asked_for_more(
    monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], rows: list[str]
) -> None:
    """By name, with what the rows start from, or everything; what is left out is named to the job."""
    _tell_flags(monkeypatch, "avx512_bf16", "avx512_fp16")
    asked = []
    monkeypatch.setattr(job, "run", lambda suite, _, whole, **__: asked.append((suite.names, whole.names)))

    assert main(["run", *arguments]) == 0
    assert asked == [(rows, SUITE.names)]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("list", "sst3"), "unknown suite 'sst3': the suites are rotten-tomatoes"),
        (("list", "rotten-tomatos"), "as the path of its .py file; did you mean rotten-tomatoes?"),
        (("chekc", "main"), "No such command 'chekc'. Did you mean 'check'? See `bench-models --help`."),
        (("check", "main", "--strickt"), "No such option '--strickt'. Did you mean '--strict'?"),
        (("check",), "Missing argument 'BASE'. See `bench-models check --help`."),
        (
            ("export", "student3"),
            "Missing option '--format'. Choose from: torch-export, torchscript, onnx, openvino, aot-inductor, "
            "executorch. See ",
        ),
        (("check", "main", "--threads", "0"), "Invalid value for '--threads': 0 is not in the range x>=1."),
        (("check", "main", "--threads", "x"), "Invalid value for '--threads': 'x' is not a valid whole number."),
        (("check", "main", "--budget-minutes", "soon"), "'soon' is not a valid number of minutes."),
        (("check", "main", "--budget-minutes", "0"), "0.0 is not in the range x>0"),
        (("check", "main", "--shard", "3/2"), "--shard is i/n with i from 1 to n, for example 2/4, not '3/2'"),
        (("export", "student3", "--output", "x", "--format", "onx"), "'onx' is not one of 'torch-export', 'torchscri"),
        (("build", "rotten-tomatoes", "int4"), "rotten-tomatoes has no variant 'int4': it has baseline, bf16"),
        (("run", "rotten-tomatoes", "studnt3"), "did you mean student3?"),
        (("run",), "is not in a git repository"),
        (("run", "rotten-tomatoes", "bf16", "--all"), "--all is every row, bf16 included: give names of rows or --all"),
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
            "student3 is a row of the suite rotten-tomatoes: give the suite's name before it, as in `rotten",
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
    assert "Invalid value for '--output': no path is given: name one, or '.' for where you are." in done.stderr


def test_misspelt_branch_gets_the_nearest_one(bench_models: Run, tmp_path: Path) -> None:
    """After the branches that there are; what is no word of the message gets none."""
    project = write_project(tmp_path / "project")
    near, far = (bench_models("check", name, cwd=project) for name in ("mian", "v17.3"))
    said = "give a branch (main), a tag or a commit's hash"
    assert (near.returncode, far.returncode) == (2, 2)
    assert near.stderr.endswith(f"git knows no commit mian here: {said}; did you mean main?\n")
    assert far.stderr.endswith(f"git knows no commit v17.3 here: {said}\n")


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
    assert "bench-models: internal error, the lines above say where it broke; `bench-models list` did" in done.stderr


@pytest.mark.parametrize(("options", "strict"), [((), False), (("--strict",), True)])
def test_main_job_is_strict_where_the_user_says_so(
    monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], *, strict: bool
) -> None:
    """As a suite may say of itself."""
    asked = []
    monkeypatch.setattr(job, "run", lambda suite, *_, **__: asked.append(suite.strict))
    assert main(["run", *options]) == 0
    assert asked == [strict]


@pytest.mark.parametrize(("options", "anew"), [((), False), (("--retime",), True)])
def test_times_are_taken_anew_where_the_user_says_so(
    monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], *, anew: bool
) -> None:
    """Else those are reused that were taken under the same conditions."""
    asked = []
    monkeypatch.setattr(job, "run", lambda *_, retime: asked.append(retime))
    assert main(["run", *options]) == 0
    assert asked == [anew]


@pytest.mark.parametrize(
    ("arguments", "kept"),
    [
        (["run"], True),
        (["build", "rotten-tomatoes"], True),
        (["ci", "hub", "sst2-bert"], True),
        (["list"], False),
        (["site"], False),
        (["ci", "keep"], False),
    ],
)
def test_interruption_promises_only_what_is_kept(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str], *, kept: bool
) -> None:
    """Of training and scoring each step; of any other command nothing."""

    def interrupted(**_: object) -> None:
        raise KeyboardInterrupt

    command = ci.commands[arguments[1]] if arguments[0] == "ci" else program.commands[arguments[0]]
    monkeypatch.setattr(command, "callback", interrupted)
    assert main(arguments) == 130
    said = capsys.readouterr().err
    assert said.startswith("bench-models: interrupted; ")
    assert ("weights and scores that were finished are kept" in said) == kept
    assert ("did not come to its end: run it again" in said) != kept


def test_missing_checkpoint_is_named(bench_models: Run, tiny_suite: Path) -> None:
    """A folder without weights is no checkpoint."""
    (tiny_suite.parent / "checkpoint" / "model.safetensors").unlink()
    done = bench_models("build", str(tiny_suite), cwd=tiny_suite.parent)

    assert done.returncode == 2
    assert "lacks model.safetensors: it must be a folder with config.json" in done.stderr
