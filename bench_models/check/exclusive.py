"""Lets one check run at a time, and removes its temporary folder afterwards."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from filelock import FileLock, Timeout

from bench_models.errors import BenchModelsError
from bench_models.home import home, require_writable

_PREFIX = "bm-"  # short, as sockets are made below it


@contextmanager
def alone() -> Iterator[Path]:
    """Keep other checks of this user off the machine, whose times they would disturb, and lend a folder.

    What a killed check could not remove is removed by the next one. Raises ``BenchModelsError`` while
    another check runs.
    """
    require_writable(home())
    lock, note = FileLock(home() / "check.lock"), home() / "check.folder"
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise BenchModelsError(
            "another check is running on this machine: wait for it, two would disturb each other"
        ) from error
    try:
        _remove_left_behind(note)
        with TemporaryDirectory(prefix=_PREFIX) as folder:
            note.write_text(folder, encoding="utf-8")
            yield Path(folder)
    finally:
        note.unlink(missing_ok=True)
        lock.release()


def _remove_left_behind(note: Path) -> None:
    if not note.is_file():
        return
    folder = Path(note.read_text(encoding="utf-8"))
    # Only what is named as this module names its folders: the note is a file like any other.
    if folder.name.startswith(_PREFIX):
        shutil.rmtree(folder, ignore_errors=True)
