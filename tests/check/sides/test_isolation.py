"""One check runs at a time, and each side has folders that no other writes to."""

import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench_models.check.sides import isolation
from bench_models.check.sides.isolation import forget_old, one_check_at_a_time, own_folder
from bench_models.errors import BenchModelsError
from bench_models.storage import FIGURES

_CHECK = """
import time
from bench_models.check.sides.isolation import one_check_at_a_time
with one_check_at_a_time() as folder:
    print(folder, flush=True)
    time.sleep({seconds})
"""


@contextmanager
def another_check(seconds: float) -> Iterator[Path]:
    """Hold the machine from another process for some time; yields its folder."""
    with subprocess.Popen(
        [sys.executable, "-c", _CHECK.format(seconds=seconds)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield Path(process.stdout.readline().strip())
        finally:
            process.kill()


def test_second_check_waits_for_the_first(caplog: pytest.LogCaptureFixture) -> None:
    """It says so, and begins when the first one has ended."""
    caplog.set_level(logging.INFO, logger="bench_models")
    with another_check(2.0):
        asked = time.monotonic()
        with one_check_at_a_time():
            assert time.monotonic() - asked > 1
    assert "another check is running on this machine: waiting for it" in caplog.text


def test_check_that_never_ends_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as the one whose own benchmark asks for another."""
    monkeypatch.setattr(isolation, "_PATIENCE_S", 0.6)
    with (
        another_check(60.0),
        pytest.raises(BenchModelsError, match=r"has been running .* for 0\.01 minutes: .* end that one"),
        one_check_at_a_time(),
    ):
        pass


def test_benchmark_of_a_check_cannot_run_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """At once, and not after the time that a check may take."""
    monkeypatch.setenv(FIGURES, str(own_folder("base", "1" * 40)))
    with another_check(60.0), pytest.raises(BenchModelsError, match="leave it out of checks"), one_check_at_a_time():
        pass


def test_folder_of_a_killed_check_is_removed_by_the_next() -> None:
    """Its own, and not a folder that somebody else made."""
    with another_check(60.0) as left:
        pass
    assert left.is_dir()
    with one_check_at_a_time() as folder:
        assert folder.is_dir()
        assert not left.exists()


def test_every_owner_has_a_folder_of_its_own() -> None:
    """The same commit has another one on the other side, so that a commit against itself is measured twice."""
    owners = [("base", "1" * 40), ("head", "1" * 40), ("base", "2" * 40), ("base1", "1" * 39)]
    assert len({own_folder(*owner) for owner in owners}) == len(owners)
    assert own_folder("base", "1" * 40) == own_folder("base", "1" * 40)


def test_folders_that_were_not_used_for_long_go() -> None:
    """Those used last stay, however old what is in them."""
    folders = [own_folder("base", str(number)) for number in range(20)]
    for age, folder in enumerate(folders):
        folder.mkdir(parents=True)
        os.utime(folder, (1_000_000 - age, 1_000_000 - age))
    own_folder("base", "19")
    forget_old()
    assert [number for number, folder in enumerate(folders) if folder.is_dir()] == [*range(15), 19]


def test_artifacts_are_kept_in_the_newest_folders_only() -> None:
    """They are as large as models; the records beside them stay, and so does the order of use."""
    folders = [own_folder("base", str(number)) for number in range(5)]
    for age, folder in enumerate(folders):
        (folder / "artifacts" / "a").mkdir(parents=True)
        (folder / "scorecards").mkdir()
        os.utime(folder, (1_000_000 - age, 1_000_000 - age))
    for _ in range(2):
        forget_old()
        assert [(folder / "artifacts").is_dir() for folder in folders] == [True, True, True, False, False]
    assert all((folder / "scorecards").is_dir() for folder in folders)
