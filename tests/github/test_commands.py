"""The commands of workflows teach like all others, and answer bad input with a sentence."""

from pathlib import Path

import pytest
from support.checking import Run
from support.reporting import report

from bench_models.cli import main
from bench_models.cli.contents import COMMANDS


@pytest.mark.parametrize("name", [command.name for command in COMMANDS if command.name.startswith("ci-")])
def test_every_command_of_a_workflow_has_help_with_an_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What it does, what it takes, and how it looks."""
    with pytest.raises(SystemExit) as caught:
        main([name, "--help"])
    assert caught.value.code == 0
    assert f"example:  bench-models {name}" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["ci-plan", "ci-comment"])
def test_command_outside_a_workflow_is_one_sentence(bench_models: Run, tmp_path: Path, name: str) -> None:
    """It names the variable that a runner would set."""
    done = bench_models(name, cwd=tmp_path, GITHUB_EVENT_PATH="")
    assert done.returncode == 2
    assert "GITHUB_EVENT_PATH is not set: this command is a step of a GitHub workflow" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_record_of_an_earlier_check_is_not_taken_for_this_one(bench_models: Run, tmp_path: Path) -> None:
    """A check that broke off before it wrote one would look as if it had."""
    (tmp_path / "record.jsonl").write_text(str(report()), encoding="utf-8")
    done = bench_models("ci-check", "main", "--output", str(tmp_path), cwd=tmp_path)
    assert done.returncode == 2
    assert "has a record already: give --output a folder that is new or empty" in done.stderr


def test_verdict_without_records_says_where_to_look(bench_models: Run, tmp_path: Path) -> None:
    """In the summary, too."""
    (tmp_path / "event.json").write_text("{}", encoding="utf-8")
    names = {"EVENT_PATH": "event.json", "STEP_SUMMARY": "summary", "OUTPUT": "outputs"}
    files = {f"GITHUB_{name}": str(tmp_path / file) for name, file in names.items()}
    done = bench_models("ci-verdict", str(tmp_path / "shards"), cwd=tmp_path, **files)
    assert done.returncode == 2
    assert "no shard left a record" in done.stderr
    assert "**The check has no verdict:**" in (tmp_path / "summary").read_text(encoding="utf-8")
    assert "unmeasured" in (tmp_path / "outputs").read_text(encoding="utf-8")


def test_suite_to_visit_has_to_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    """The default one would train for half an hour."""
    with pytest.raises(SystemExit) as caught:
        main(["ci-hub"])
    assert caught.value.code == 2
    assert "required: SUITE" in capsys.readouterr().err
