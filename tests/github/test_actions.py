"""What a step is told, and how it answers."""

from pathlib import Path

import pytest

from bench_models.errors import BenchModelsError
from bench_models.github import actions


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of the files that a runner names in its variables."""
    for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_EVENT_PATH"):
        monkeypatch.setenv(name, str(tmp_path / name))
    return tmp_path


def test_output_cannot_set_another_output(files: Path) -> None:
    """Whatever lines it has: nobody knows the mark beforehand."""
    actions.set_output("first", "a\nEOF\nsecond=b")
    lines = (files / "GITHUB_OUTPUT").read_text(encoding="utf-8").split("\n")
    mark = lines[0].removeprefix("first<<")
    assert lines == [f"first<<{mark}", "a", "EOF", "second=b", mark, ""]
    assert len(mark) == 32


def test_summary_that_is_too_long_is_cut_at_a_line_and_says_so(files: Path) -> None:
    """GitHub would drop it whole."""
    actions.add_summary("ä" * 100 + "\n")
    actions.add_summary("line\n" * 300_000)
    text = (files / "GITHUB_STEP_SUMMARY").read_bytes()
    assert actions.SUMMARY_BYTES - 10 < len(text) <= actions.SUMMARY_BYTES
    assert text.endswith(b"the report in the artifact is whole.\n")
    assert b"\nline\n\nThe summary ends here" in text.replace(b"\n\n\n", b"\n\n")


@pytest.mark.parametrize("text", ["", "[1]", "{", "\x00"])
def test_event_that_is_none_is_one_sentence(files: Path, text: str) -> None:
    """And names its file."""
    (files / "GITHUB_EVENT_PATH").write_text(text, encoding="utf-8")
    with pytest.raises(BenchModelsError, match="GITHUB_EVENT_PATH="):
        actions.event()


def test_missing_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the command at a keyboard learns that it is a step of a workflow."""
    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)
    with pytest.raises(BenchModelsError, match="GITHUB_REPOSITORY is not set: this command is a step"):
        actions.variable("GITHUB_REPOSITORY")
