"""A record is used again where it is whole and answers the very question; in doubt it is measured anew."""

from pathlib import Path

import pytest
from support.observing import exact, recorded

from bench_models.check.record import FILE, Ending, Recorder
from bench_models.github import check_job

OPTIONS = {"base": "a" * 40, "head": "b" * 40, "bench": "", "shard": "1/2", "threads": 1, "python": "same"}


def measured(folder: Path, ending: Ending = "complete", **others: object) -> bool:
    """Write the record of a question and a note of it; say whether it is whole."""
    found = recorded(exact(1, 1))
    with Recorder(folder, found.header, found.measurements) as recorder:
        recorder.end(ending, 1.0, 1.0)
    return check_job.note(folder, check_job.question(OPTIONS | others))


def test_whole_record_answers_its_own_question(tmp_path: Path) -> None:
    """Wherever it goes."""
    assert measured(tmp_path, output=Path("there"))
    assert check_job.answered(
        tmp_path, check_job.question(OPTIONS | {"output": Path("here"), "again": True, "strict": True})
    )


@pytest.mark.parametrize("ending", ["crashed", "interrupted"])
def test_record_that_broke_off_answers_nothing(tmp_path: Path, ending: Ending) -> None:
    """Nor does one that lies where a whole one lay."""
    assert not measured(tmp_path, ending)
    assert not check_job.answered(tmp_path, check_job.question(OPTIONS))
    measured(tmp_path)
    measured(tmp_path, ending)
    assert not check_job.answered(tmp_path, check_job.question(OPTIONS))


@pytest.mark.parametrize(
    "others", [{"bench": "x"}, {"shard": "1/3"}, {"threads": 2}, {"base": "c" * 40}, {"new_option": True}]
)
def test_other_question_has_no_answer(tmp_path: Path, others: dict[str, object]) -> None:
    """Also with an option that nobody has thought of yet."""
    measured(tmp_path)
    assert not check_job.answered(tmp_path, check_job.question(OPTIONS | others))


def test_other_code_gives_another_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That of a newer bench-models."""
    measured(tmp_path)
    monkeypatch.setattr(check_job, "_code", lambda: "newer")
    assert not check_job.answered(tmp_path, check_job.question(OPTIONS))


def test_branch_may_have_moved(tmp_path: Path) -> None:
    """So its name asks for nothing in particular."""
    measured(tmp_path, base="main")
    assert not check_job.answered(tmp_path, check_job.question(OPTIONS | {"base": "main"}))


@pytest.mark.parametrize("name", [FILE, check_job.ASKED])
@pytest.mark.parametrize("content", [None, "", "[]", "[" * 100_000])
def test_damage_is_measured_anew(tmp_path: Path, name: str, content: str | None) -> None:
    """And makes room for it."""
    measured(tmp_path)
    (tmp_path / name).unlink()
    if content is not None:
        (tmp_path / name).write_text(content, encoding="utf-8")
    assert not check_job.answered(tmp_path, check_job.question(OPTIONS))
    check_job.forget(tmp_path)
    assert not (tmp_path / FILE).exists()
