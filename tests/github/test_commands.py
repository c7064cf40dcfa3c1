"""The commands of workflows teach like all others, and answer bad input with a sentence."""

from pathlib import Path

import pytest
from support.checking import Run
from support.reporting import report

from bench_models.cli import main
from bench_models.cli.ci import ci


@pytest.mark.parametrize("name", ci.commands)
def test_every_command_of_a_workflow_has_help_with_an_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What it does, what it takes, and how it looks."""
    assert main(["ci", name, "--help"]) == 0
    assert f"Example: bench-models ci {name}" in capsys.readouterr().out


@pytest.mark.parametrize("name", ci.commands)
def test_command_answers_to_the_name_that_it_had_before_the_group(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Copies of the workflows in other repositories say `ci-plan`; the help does not."""
    assert main([f"ci-{name}", "--help"]) == 0
    assert capsys.readouterr().out.startswith(f"Usage: bench-models ci-{name} ")
    assert main(["--help"]) == 0
    assert f"ci-{name}" not in capsys.readouterr().out


@pytest.mark.parametrize("name", ["plan", "comment"])
def test_command_outside_a_workflow_is_one_sentence(bench_models: Run, tmp_path: Path, name: str) -> None:
    """It names the variable that a runner would set."""
    done = bench_models("ci", name, cwd=tmp_path, GITHUB_EVENT_PATH="")
    assert done.returncode == 2
    assert "GITHUB_EVENT_PATH is not set: this command is a step of a GitHub workflow" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_record_of_an_earlier_check_is_not_taken_for_this_one(bench_models: Run, tmp_path: Path) -> None:
    """A check that broke off before it wrote one would look as if it had."""
    (tmp_path / "record.jsonl").write_text(str(report()), encoding="utf-8")
    done = bench_models("ci", "check", "main", "--output", str(tmp_path), cwd=tmp_path)
    assert done.returncode == 2
    assert "has a record already: give --output a folder that is new or empty" in done.stderr


def test_verdict_without_records_says_where_to_look(bench_models: Run, tmp_path: Path) -> None:
    """In the summary, too."""
    (tmp_path / "event.json").write_text("{}", encoding="utf-8")
    names = {"EVENT_PATH": "event.json", "STEP_SUMMARY": "summary", "OUTPUT": "outputs"}
    files = {f"GITHUB_{name}": str(tmp_path / file) for name, file in names.items()}
    done = bench_models("ci", "verdict", str(tmp_path / "shards"), cwd=tmp_path, **files)
    assert done.returncode == 2
    assert "no shard left a record" in done.stderr
    assert "**The check has no verdict:**" in (tmp_path / "summary").read_text(encoding="utf-8")
    assert "unmeasured" in (tmp_path / "outputs").read_text(encoding="utf-8")


def test_suite_to_visit_has_to_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    """The default one would train for half an hour."""
    assert main(["ci", "hub"]) == 2
    assert capsys.readouterr().err == "bench-models: Missing argument 'SUITE'. See `bench-models ci hub --help`.\n"
