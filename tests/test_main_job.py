"""The main job from end to end, with real processes, on a clone with a tiny suite."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from support.checking import Run
from support.tiny_project import TRAINING, commit_all, edited

pytestmark = pytest.mark.slow

SUITE = "benchmarks/tiny.py"


@pytest.fixture(autouse=True)
def _machine_known_to_asv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The job introduces itself to asv; do not let it write into the real home folder."""
    (tmp_path / "user").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "user"))


ONE_PROCESS = ("sample_time = 0.01", "sample_time = 0.01\n    rounds = 1")


def _edit(project: Path, old: str, new: str) -> None:
    suite = project / SUITE
    suite.write_text(edited(suite.read_text(encoding="utf-8"), old, new), encoding="utf-8")
    commit_all(project, "Edit the tiny suite")


def _report(project: Path) -> dict[str, object]:
    report: dict[str, object] = json.loads((project / "results" / "tiny.json").read_text(encoding="utf-8"))
    return report


def _asv(project: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "asv", *arguments]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, check=True).stdout


def test_job_measures_judges_and_reports(bench_models: Run, project: Path) -> None:
    """Status 0, a table, a document, and results in asv's history under the commit, which can be shown again."""
    done = bench_models("run", SUITE, cwd=project)

    assert done.returncode == 0, done.stderr
    assert "2 of 2 budgets are kept." in done.stdout
    assert [row["standing"] for row in _report(project)["variants"]] == ["baseline", "kept", "kept"]  # type: ignore[attr-defined]
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=project, capture_output=True, text=True, check=True)
    shown = _asv(project, "show", head.stdout.strip())
    assert "tiny.Figures.track_size" in shown
    assert "tiny.Latency.time_single_stream" in shown
    assert "tiny.SpeedUp.track_speed_up" in shown
    ratios = [row["speed_up_single_stream_ratio"] for row in _report(project)["variants"]]  # type: ignore[attr-defined]
    assert ratios[0] == {"value": 1.0, "low": 1.0, "high": 1.0, "level": 0.95}
    assert all(ratio["low"] < ratio["value"] < ratio["high"] for ratio in ratios[1:])

    again = bench_models("report", SUITE, cwd=project)
    assert again.returncode == 0
    assert again.stdout in done.stdout
    figures = {path.name for path in (project / "results").iterdir()} - {"tiny.md", "tiny.json"}
    assert figures == {"tiny.svg", "tiny.png", "tiny-dark.svg", "tiny-dark.png"}

    # The same command again has nothing to measure, and ends with the same report.
    repeated = bench_models("run", SUITE, cwd=project)
    assert repeated.returncode == 0, repeated.stderr
    assert "0 rows to time" in repeated.stderr
    assert "asv has recorded this commit with these times" in repeated.stderr
    assert again.stdout in repeated.stdout


def test_job_does_the_rows_that_it_is_asked_for_and_those_they_start_from(bench_models: Run, project: Path) -> None:
    """The others are neither scored nor timed, and have no budget to keep."""
    _edit(project, *ONE_PROCESS)
    done = bench_models("run", SUITE, "pruned", cwd=project)

    assert done.returncode == 0, done.stderr
    assert "1 of 1 budgets are kept." in done.stdout
    assert [row["name"] for row in _report(project)["variants"]] == ["baseline", "pruned"]  # type: ignore[attr-defined]
    assert "2 passed" in done.stdout
    assert bench_models("report", SUITE, cwd=project).stdout in done.stdout
    assert "**int8 was not measured.**" in bench_models("report", SUITE, "--all", cwd=project).stdout


def test_rows_without_a_budget_have_none_to_break(bench_models: Run, project: Path) -> None:
    """As the baseline alone, and rows that wait for their budgets: status 0, and it is said."""
    _edit(project, *ONE_PROCESS)
    done = bench_models("run", SUITE, "baseline", cwd=project)

    assert done.returncode == 0, done.stderr
    assert "no row that was asked for has a budget" in done.stderr
    assert [row["standing"] for row in _report(project)["variants"]] == ["baseline"]  # type: ignore[attr-defined]


def test_broken_budget_is_status_1_and_named(bench_models: Run, project: Path) -> None:
    """By pytest, and by the report."""
    _edit(project, *ONE_PROCESS)
    _edit(project, "min_size_reduction_pct=-5.0", "min_size_reduction_pct=99.0")
    done = bench_models("run", SUITE, cwd=project)

    assert done.returncode == 1, done.stderr
    assert "FAILED tests/thresholds/test_budgets.py::test_size_reduction_reaches_budget[int8]" in done.stdout
    assert "int8: size reduction is" in done.stdout
    assert "the budget is at least 99.00 %: broken" in done.stdout
    assert "broken: size reduction" in done.stdout


def test_open_budget_passes_and_is_named_and_fails_what_is_strict(bench_models: Run, project: Path) -> None:
    """So few sentences cannot show that nothing is lost, nor that something is."""
    _edit(project, *ONE_PROCESS)
    _edit(project, "max_accuracy_drop_points=100.0", "max_accuracy_drop_points=0.0")
    done = bench_models("run", SUITE, cwd=project)

    assert done.returncode == 0, done.stderr
    assert "0 of 2 budgets are kept, 2 are open: pruned, int8." in done.stdout
    assert "2 passed, 2 open" in done.stdout
    assert "budgets that cannot be told from so few sentences" in done.stdout
    assert [row["standing"] for row in _report(project)["variants"]] == ["baseline", "open", "open"]  # type: ignore[attr-defined]
    assert bench_models("report", SUITE, "--strict", cwd=project).returncode == 1
    assert bench_models("report", SUITE, cwd=project).returncode == 0

    # As a suite may ask of itself.
    _edit(project, "    variants=(", "    strict=True,\n    variants=(")
    strict = bench_models("run", SUITE, cwd=project)
    assert strict.returncode == 1, strict.stderr
    assert "FAILED tests/thresholds/test_budgets.py::test_accuracy_drop_is_within_budget[int8]" in strict.stdout


def test_variant_that_breaks_is_status_2_and_the_others_are_reported(bench_models: Run, project: Path) -> None:
    """The reason is in the report."""
    _edit(project, *ONE_PROCESS)
    _edit(project, "PruneL1(amount=0.5)", "Broken()")
    _edit(
        project,
        "HERE = ",
        "from dataclasses import dataclass\nfrom bench_models.recipes.step import Step\n\n"
        "@dataclass(frozen=True, slots=True, kw_only=True)\nclass Broken(Step):\n"
        "    def apply(self, model, context):\n        raise RuntimeError('no such kernel')\n\nHERE = ",
    )
    done = bench_models("run", SUITE, cwd=project)

    assert done.returncode == 2, done.stderr
    assert "pruned was not measured: RuntimeError: no such kernel" in done.stdout
    baseline, pruned, _ = _report(project)["variants"]  # type: ignore[misc]
    assert baseline["standing"] == "baseline"  # type: ignore[has-type]
    assert baseline["latency_single_stream_s"]["value"] > 0  # type: ignore[has-type]
    assert pruned["standing"] == "not measured"  # type: ignore[has-type]


def test_uncommitted_change_is_refused_before_anything_is_measured(bench_models: Run, project: Path) -> None:
    """Status 2, and nothing is stored."""
    (project / SUITE).write_text((project / SUITE).read_text(encoding="utf-8") + "\n", encoding="utf-8")
    done = bench_models("run", SUITE, cwd=project)

    assert done.returncode == 2
    assert "uncommitted changes in benchmarks/tiny.py" in done.stderr
    assert not (project / ".asv").exists()


WAITING = """
import time
from dataclasses import dataclass
from bench_models.recipes.step import Step

@dataclass(frozen=True, slots=True, kw_only=True)
class Waits(Step):
    def apply(self, model, context):
        while (HERE / "wait").exists():
            time.sleep(0.05)
        return model

HERE = """


class Interrupted:
    """A main job that is interrupted in the middle."""

    def __init__(self, project: Path, tmp_path: Path) -> None:
        """Run in a project, with a store below ``tmp_path``."""
        self.project, self.output = project, tmp_path / "output"
        self.environment = os.environ | {"BENCH_MODELS_HOME": str(tmp_path / "home"), "PYTHONSAFEPATH": "1"}

    def at(self, said: str, *rows: str, whole_group: bool) -> tuple[int, str]:
        """Run until something is said, interrupt as `kill` or as a terminal does; return status and output."""
        command = [sys.executable, "-m", "bench_models", "run", SUITE, *rows]
        with self.output.open("wb") as file:
            job = subprocess.Popen(
                command, cwd=self.project, env=self.environment, stdout=file, stderr=file, start_new_session=True
            )
        deadline = time.monotonic() + 600
        while said not in self.said:
            assert job.poll() is None, self.said
            assert time.monotonic() < deadline, self.said
            time.sleep(0.02)
        (os.killpg if whole_group else os.kill)(job.pid, signal.SIGINT)
        status = job.wait(600)
        assert not self._left_running(), "something that it started still runs"
        return status, self.said

    @property
    def said(self) -> str:
        """All that was printed."""
        return self.output.read_text(encoding="utf-8", errors="replace")

    def _left_running(self) -> list[str]:
        """Return the processes in the job's environment, which all that it starts have inherited."""
        mark = f"BENCH_MODELS_HOME={self.environment['BENCH_MODELS_HOME']}".encode()
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if mark in (folder / "environ").read_bytes().split(b"\0"):
                    found.append((folder / "cmdline").read_text(encoding="utf-8").replace("\0", " "))
        return found


def test_interruption_leaves_a_report_of_what_there_is(bench_models: Run, project: Path, tmp_path: Path) -> None:
    """At each stage: status 130, no process is left, what is missing is named, and the next run goes on from there."""
    _edit(project, TRAINING, "FineTune(learning_rate=1e-2, max_epochs=3), Waits()")
    _edit(project, "PruneL1(amount=0.5)", "PruneL1(amount=0.5), Waits()")
    _edit(project, "HERE = ", WAITING)
    job = Interrupted(project, tmp_path)
    wait = project / "benchmarks" / "wait"
    results = project / "results" / "tiny.json"
    interrupted = results.with_name("tiny-interrupted.json")

    def broken_off() -> dict[str, object]:
        assert not results.exists()  # nor would one be replaced
        return json.loads(interrupted.read_text(encoding="utf-8"))  # type: ignore[no-any-return]

    wait.touch()
    status, said = job.at("kept the weights", whole_group=True)
    assert status == 130
    assert "interrupted before a row was scored: there is nothing to report yet" in said
    assert said.splitlines()[-1].startswith("bench-models: interrupted; weights and scores that were finished are kept")
    assert not results.exists()

    wait.unlink()
    bench_models("build", SUITE, cwd=project)
    _edit(project, "FineTune(learning_rate=1e-2, max_epochs=3), Waits()", TRAINING)
    wait.touch()
    status, said = job.at("\nbaseline     ", whole_group=False)
    assert status == 130
    assert "to train: nothing" in said
    assert "missing: pruned, int8 to score" in said
    baseline, pruned, _ = broken_off()["variants"]  # type: ignore[misc]
    assert baseline["accuracy_share"]  # type: ignore[has-type]
    assert pruned["errors"][0] == "the run was interrupted before pruned was scored"  # type: ignore[has-type]

    wait.unlink()
    status, said = job.at("[2/4]", whole_group=True)
    assert status == 130
    assert "to score: pruned, int8; scores of 1 row are reused" in said
    assert "missing: pruned, int8 to time; asv's record of this commit" in said
    assert all(row["accuracy_share"] for row in broken_off()["variants"])  # type: ignore[attr-defined]

    # A baseline by itself has no pairs.
    status, said = job.at("Benchmarking", "baseline", whole_group=False)
    assert status == 130
    assert "missing: asv's record of this commit" in said
    (baseline,) = broken_off()["variants"]  # type: ignore[misc]
    assert baseline["errors"] == ["the run was interrupted before baseline was timed"]  # type: ignore[has-type]

    status, said = job.at("[3/4]", "baseline", whole_group=True)
    assert status == 130
    assert "missing: the judgement of the budgets by pytest" in said
    assert _report(project)["exit_status"] == 0
    assert not interrupted.exists()


def test_budgets_without_results_say_which_command_makes_them(project: Path) -> None:
    """Once, and before any test: status 4 is not that of a broken budget."""
    command = [sys.executable, "-m", "pytest", "-n", "2", "tests/thresholds", "--suite", SUITE]
    _asv(project, "machine", "--yes")
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)

    assert done.returncode == 4
    assert done.stderr.count("`tox -e bench` measures it") == 1
    assert "Traceback" not in done.stdout + done.stderr


def test_two_builds_at_once_share_the_work(project: Path, tmp_path: Path) -> None:
    """One trains, the other waits and reuses; both succeed."""
    builds = [_build(project, tmp_path) for _ in range(2)]
    said = [build.communicate()[1] for build in builds]

    assert [build.returncode for build in builds] == [0, 0]
    assert sum("training baseline" in each for each in said) == 1
    assert all("int8: ready from the weights" in each for each in said)


def test_build_killed_while_training_is_as_if_it_had_not_been(project: Path, tmp_path: Path, bench_models: Run) -> None:
    """The next one trains from the start and finishes."""
    # Enough epochs that training is certainly under way when the signal comes.
    _edit(project, TRAINING, "FineTune(learning_rate=1e-2, max_epochs=2000, batch_size=1)")
    build = _build(project, tmp_path)
    assert build.stderr is not None
    deadline = time.monotonic() + 600
    while not list((tmp_path / "home" / "weights").glob(".*.partial/*/checkpoint-*")):
        assert time.monotonic() < deadline
        assert build.poll() is None
        time.sleep(0.05)
    build.send_signal(signal.SIGKILL)
    build.communicate()
    assert list((tmp_path / "home" / "weights").glob(".*.partial"))

    done = bench_models("build", SUITE, cwd=project)
    assert done.returncode == 0, done.stderr
    assert not list((tmp_path / "home" / "weights").glob(".*.partial"))


def test_full_disk_is_one_sentence_and_loses_nothing(project: Path, tmp_path: Path, bench_models: Run) -> None:
    """A disk of 100 kB fills up while the weights are written; with more room the build goes on."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=100k", "tmpfs", str(disk)], check=False)
    if mounted.returncode != 0:
        pytest.skip("mounting a small disk needs root")
    try:
        done = bench_models("build", SUITE, cwd=project, BENCH_MODELS_HOME=str(disk))
        assert done.returncode == 2
        assert f"the disk that holds {disk}" in done.stderr.splitlines()[-1], done.stderr
        assert "Traceback" not in done.stderr
        subprocess.run(["mount", "-o", "remount,size=100m", str(disk)], check=True)
        assert bench_models("build", SUITE, cwd=project, BENCH_MODELS_HOME=str(disk)).returncode == 0
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def _build(project: Path, tmp_path: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "bench_models", "build", SUITE],
        cwd=project,
        env=os.environ | {"BENCH_MODELS_HOME": str(tmp_path / "home"), "PYTHONSAFEPATH": "1"},
        stderr=subprocess.PIPE,
        text=True,
    )


def test_baseline_at_chance_is_status_2_before_anything_is_timed(bench_models: Run, project: Path) -> None:
    """One sentence: budgets against it would mean nothing."""
    _edit(project, f"steps=({TRAINING},)", "steps=()")
    done = bench_models("run", SUITE, cwd=project)

    assert done.returncode == 2
    assert "bench-models: the baseline of tiny answers" in done.stderr.strip().splitlines()[-1]
    assert "[2/4]" not in done.stderr
