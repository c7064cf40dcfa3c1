"""The user's cache folder, which keeps downloads and trained weights, and the errors of a full disk."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile

import platformdirs

from bench_models.errors import BenchModelsError, EnvironmentTroubleError

# The folder with a side's own figures, which a check tells the processes of that side.
FIGURES = "BENCH_MODELS_FIGURES"

_FULL = (errno.ENOSPC, errno.EDQUOT)
_UNWRITABLE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST, errno.ENOENT, errno.EISDIR)
_FULL_WORDS = (*(f"os error {number}" for number in _FULL), "No space left on device")


def home() -> Path:
    """Return the cache folder: ``BENCH_MODELS_HOME``, or the user's cache folder of the platform.

    Raises ``BenchModelsError`` for a relative path: asv runs benchmarks in other folders, where it
    would mean another place.
    """
    chosen = os.environ.get("BENCH_MODELS_HOME")
    if not chosen:
        return platformdirs.user_cache_path("bench_models")
    folder = Path(chosen).expanduser()
    if not folder.is_absolute():
        message = f"BENCH_MODELS_HOME={chosen} is a relative path: give an absolute one, such as {folder.absolute()}"
        raise BenchModelsError(message)
    return folder


def figures() -> Path | None:
    """Return the folder that a check wants this process's figures in, or None outside a check."""
    chosen = os.environ.get(FIGURES)
    return Path(chosen) if chosen else None


def require_writable(folder: Path) -> None:
    """Find out now, and not after the work, that a folder cannot be made or written to."""
    with writing_to(folder):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with TemporaryFile(dir=folder):
                pass
        except OSError as error:
            # Of the folder, not of a file that nobody asked for.
            raise OSError(error.errno, error.strerror, str(folder)) from error


@contextmanager
def writing_to(path: Path) -> Iterator[None]:
    """Turn errors that mean "there is no room" or "you may not" into one sentence about ``path``."""
    try:
        yield
    except Exception as error:
        if _means_full_disk(error):
            message = (
                f"the disk that holds {path} is full: free some space there (weights, downloads and scorecards need "
                "about 1 GB, and go where BENCH_MODELS_HOME says); nothing that was finished is lost"
            )
        elif isinstance(error, OSError) and error.errno in _UNWRITABLE and _concerns(error, path):
            message = f"{path} cannot be written to ({error}): {_advice(path)}"
        else:
            raise
        raise EnvironmentTroubleError(message) from error


def _advice(path: Path) -> str:
    if path.absolute().is_relative_to(home()):
        return "weights and scorecards go where BENCH_MODELS_HOME says"
    return "name a place where you may write"


def _concerns(error: OSError, path: Path) -> bool:
    """Say whether the file that an error names is below ``path``, or a folder that ``path`` is in."""
    file = Path(str(error.filename))
    if error.errno == errno.ENOENT:  # as /proc answers; a file that is missing further down is another matter
        return path.is_relative_to(file)
    return file.is_relative_to(path) or path.is_relative_to(file)


def _means_full_disk(error: Exception) -> bool:
    # Libraries written in Rust and C++ (safetensors, torch) report ENOSPC only in their message.
    if isinstance(error, OSError) and error.errno in _FULL:
        return True
    return any(words in str(error) for words in _FULL_WORDS)
