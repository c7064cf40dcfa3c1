"""A sealed folder is whole or not there, whoever writes it and however that ends."""

import multiprocessing
import os
import signal
import time
from pathlib import Path

import pytest
from support.filling import fill, fill_slowly, fill_until_killed

from bench_models.storage import SEAL, damage_of, sealed_folder, write_atomically


def _refuse(folder: Path) -> None:
    raise AssertionError(f"{folder} was filled again")


def test_intact_folder_is_reused(tmp_path: Path) -> None:
    """The second request finds the first one's work."""
    first = sealed_folder(tmp_path / "entry", fill, what="it")

    assert first == sealed_folder(tmp_path / "entry", _refuse, what="it")
    assert damage_of(first) is None


def test_damaged_folder_is_made_again(tmp_path: Path) -> None:
    """A file that no longer matches its digest costs the whole entry."""
    entry = sealed_folder(tmp_path / "entry", fill, what="it")
    (entry / "weights").write_text("trainee", encoding="utf-8")

    assert damage_of(entry) == "weights does not match its SHA-256"
    sealed_folder(entry, fill, what="it")
    assert (entry / "weights").read_text(encoding="utf-8") == "trained"


def test_folder_that_lost_a_file_or_its_seal_is_damaged(tmp_path: Path) -> None:
    """What is missing is named."""
    entry = sealed_folder(tmp_path / "entry", fill, what="it")
    (entry / "weights").unlink()
    assert damage_of(entry) == "weights is missing"
    for damage in ("{}", "null", '{"sha256": 1}', "cut sho"):
        (entry / SEAL).write_text(damage, encoding="utf-8")
        assert SEAL in str(damage_of(entry))
    (entry / SEAL).unlink()
    assert SEAL in str(damage_of(entry))


def test_failure_leaves_nothing_behind(tmp_path: Path) -> None:
    """An exception while filling is not mistaken for an entry."""

    def break_down(folder: Path) -> None:
        fill(folder)
        raise RuntimeError("out of luck")

    with pytest.raises(RuntimeError, match="out of luck"):
        sealed_folder(tmp_path / "entry", break_down, what="it")
    assert [path.name for path in tmp_path.iterdir()] == [".entry.lock"]


def test_killed_process_leaves_an_entry_that_the_next_one_ignores(tmp_path: Path) -> None:
    """SIGKILL in the middle of the work: the lock is free again and the half is removed."""
    process = multiprocessing.get_context("spawn").Process(
        target=sealed_folder, args=(tmp_path / "entry", fill_until_killed), kwargs={"what": "it"}
    )
    process.start()
    _wait_for(tmp_path / "started")
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()

    assert list(tmp_path.glob(".entry.*.partial"))
    sealed_folder(tmp_path / "entry", fill, what="it")
    assert not list(tmp_path.glob(".entry.*.partial"))
    assert damage_of(tmp_path / "entry") is None


def test_of_two_processes_one_works_and_the_other_waits(tmp_path: Path) -> None:
    """Both get the entry, and it was filled once."""
    spawn = multiprocessing.get_context("spawn")
    processes = [
        spawn.Process(target=sealed_folder, args=(tmp_path / "entry", fill_slowly), kwargs={"what": "it"})
        for _ in range(2)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()

    assert [process.exitcode for process in processes] == [0, 0]
    assert (tmp_path / "fills").read_text(encoding="utf-8") == "x"


def test_written_file_has_the_users_own_permissions(tmp_path: Path) -> None:
    """Reports are read by others, too."""
    write_atomically(tmp_path / "record", "text")
    (tmp_path / "plain").write_text("text", encoding="utf-8")

    assert (tmp_path / "record").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_atomic_write_keeps_the_old_content_when_it_fails(tmp_path: Path) -> None:
    """What cannot be encoded is not half-written."""
    write_atomically(tmp_path / "record", "old")
    with pytest.raises(UnicodeEncodeError):
        write_atomically(tmp_path / "record", "new \ud800")
    assert (tmp_path / "record").read_text(encoding="utf-8") == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["record"]


def _wait_for(path: Path) -> None:
    deadline = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} did not appear"
        time.sleep(0.01)
