"""Lets one check run at a time, and removes its temporary folder afterwards."""

import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from filelock import FileLock, Timeout

from bench_models.errors import BenchModelsError
from bench_models.storage import home, require_writable

log = logging.getLogger(__name__)

_PREFIX = "bm-"  # short, as sockets are made below it
# Longer than a check takes; a benchmark of a check that asks for one itself must not wait for ever.
_PATIENCE_S = 45 * 60.0


@contextmanager
def alone() -> Iterator[Path]:
    """Wait until no other check of this user runs, as two disturb each other's times, and lend a folder.

    What a killed check could not remove is removed by the next one. Raises ``BenchModelsError`` where
    another check runs for too long.
    """
    require_writable(home())
    lock, note = FileLock(home() / "check.lock"), home() / "check.folder"
    _acquire(lock)
    try:
        _remove_left_behind(note)
        with TemporaryDirectory(prefix=_PREFIX) as folder:
            note.write_text(folder, encoding="utf-8")
            yield Path(folder)
    finally:
        note.unlink(missing_ok=True)
        lock.release()


def _acquire(lock: FileLock) -> None:
    try:
        lock.acquire(timeout=0)
    except Timeout:
        log.info("another check is running on this machine: waiting for it, as two would disturb each other")
        try:
            lock.acquire(timeout=_PATIENCE_S, poll_interval=0.5)
        except Timeout as error:
            raise BenchModelsError(
                f"another check has been running on this machine for {_PATIENCE_S / 60:g} minutes: "
                "two would disturb each other's times, so end that one, or wait for it"
            ) from error


def _remove_left_behind(note: Path) -> None:
    if not note.is_file():
        return
    folder = Path(note.read_text(encoding="utf-8"))
    # Only what is named as this module names its folders: the note is a file like any other.
    if folder.name.startswith(_PREFIX):
        shutil.rmtree(folder, ignore_errors=True)
