"""Who read a changed file is known by the file system, or else everybody has."""

import ctypes
import os
from pathlib import Path

import pytest

from bench_models.check.affected import Affected, Watched, notes_reading, told
from bench_models.verdict.measurements import Benchmark


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """Return two files by name."""
    found = {name: tmp_path / name for name in ("one", "two")}
    for file in found.values():
        file.write_text("text", encoding="utf-8")
    return found


@pytest.mark.parametrize("native", [False, True])
def test_file_that_is_read_is_told_from_one_that_is_not(
    tmp_path: Path, files: dict[str, Path], *, native: bool
) -> None:
    """Also if native code reads it, which Python does not see."""
    if not notes_reading(tmp_path):
        pytest.skip("this file system keeps no time of access")
    watched = Watched(files=files, is_noted=True)
    watched.forget()
    assert watched.read() == {}
    if native:
        libc = ctypes.CDLL(None)
        libc.read(libc.open(os.fsencode(files["one"]), os.O_RDONLY), ctypes.create_string_buffer(9), 9)
    else:
        files["one"].read_bytes()
    assert watched.read().keys() == {"one"}


def test_every_file_counts_as_read_where_the_file_system_does_not_say(files: dict[str, Path]) -> None:
    """As on one that is mounted without times of access."""
    watched = Watched(files=files, is_noted=False)
    watched.forget()
    assert watched.read().keys() == {"one", "two"}


def test_file_that_one_side_lacks_counts_as_read(tmp_path: Path) -> None:
    """A benchmark may have looked whether it is there."""
    watched = Watched(files={"gone": tmp_path / "gone"}, is_noted=True)
    watched.forget()
    assert watched.read() == {"gone": "absent"}


def test_log_says_how_many_are_left_out_and_why_others_are_measured() -> None:
    """The most frequent reasons."""
    names = [Benchmark(name=f"suite.time_{number}", kind="time", unit="seconds") for number in range(3)]
    found = Affected(unaffected={names[0]: "nothing changed"}, why=dict.fromkeys(names[1:], "code/a.py:work changed"))
    assert list(told(found)) == [
        "1 of 3 benchmarks depend on nothing that changed",
        "2 to measure, as code/a.py:work changed",
    ]
