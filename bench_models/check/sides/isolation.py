"""Isolates a check: from other checks, the caller's environment variables, and what the other side's code wrote."""

import hashlib
import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from filelock import FileLock, Timeout

from bench_models.errors import BenchModelsError
from bench_models.machine import NO_TELEMETRY, passive_waiting
from bench_models.storage import ARTIFACTS, figures, home, require_writable

log = logging.getLogger(__name__)


_PREFIX = "bm-"  # short, as sockets are made below it
# Longer than a check takes.
_PATIENCE_S = 45 * 60.0


@contextmanager
def one_check_at_a_time() -> Iterator[Path]:
    """Wait until no other check of this user runs, as two would disturb each other's times; yield a temporary folder.

    The folder of a check that was killed is removed by the next check. Raises ``BenchModelsError`` where
    another check runs for too long.
    """
    if figures() is not None:
        raise BenchModelsError(
            "a benchmark within a check cannot run another check, which would wait for this one: leave it out of "
            "checks with `check = False`"
        )
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


_THREADS = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)

# glibc decides by what happened before whether to hand a large buffer back after each call and to fault
# it in again at the next. That made equal processes differ by 20 %, far more than what a check looks for;
# docs/check.md shows it. Both sides keep their memory instead. Bytes; 32 MiB is the most that glibc takes.
_ALLOCATOR = {
    "MALLOC_MMAP_THRESHOLD_": str(32 * 2**20),
    "MALLOC_TRIM_THRESHOLD_": str(16 * 2**30),
    "MALLOC_TOP_PAD_": str(256 * 2**20),
}


def common_variables(threads: int) -> dict[str, str]:
    """Return the environment variables that are the same on both sides, whatever the caller's are."""
    return {
        **dict.fromkeys(_THREADS, str(threads)),
        **(passive_waiting() if threads > 1 else {}),
        **_ALLOCATOR,
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        NO_TELEMETRY: "1",  # of a process with more threads than one no worker can be forked
    }


# Each is some kilobytes for a model suite, and nothing for others. The artifacts of rows in a runtime are as large as
# models, and are written again in seconds.
_KEPT, _KEPT_ARTIFACTS = 16, 3


def own_folder(*owner: str) -> Path:
    """Return an owner's folder of scorecards, which need not exist.

    Content keys tell what a scorecard was made of as far as that can be known, and code can be reached in ways that no
    key follows. So a check reads back only what the same commit measured before, on the same side and with the same
    interpreter: that saves minutes where BASE stays the same. Trained weights, which cost hours, are shared.
    """
    folder = _folder() / hashlib.sha256("\0".join(owner).encode()).hexdigest()[:24]
    if folder.is_dir():
        os.utime(folder)  # the ones used last are kept
    return folder


def forget_old() -> None:
    """Remove all folders of scorecards but those that were used last, and of those all artifacts but of the newest."""
    folders = [each for each in _folder().iterdir() if each.is_dir()] if _folder().is_dir() else []
    newest = sorted(folders, key=lambda each: each.stat().st_mtime, reverse=True)
    for folder in newest[_KEPT:]:
        shutil.rmtree(folder, ignore_errors=True)
    for folder in newest[_KEPT_ARTIFACTS:_KEPT]:
        used = folder.stat()
        shutil.rmtree(folder / ARTIFACTS, ignore_errors=True)
        os.utime(folder, ns=(used.st_atime_ns, used.st_mtime_ns))


def _folder() -> Path:
    return home() / "figures"
