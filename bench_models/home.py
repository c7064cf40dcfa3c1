"""Where everything that is kept between runs lives, and what happens when its disk is full."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import platformdirs

from bench_models.errors import EnvironmentTroubleError

_FULL = (errno.ENOSPC, errno.EDQUOT)
_FULL_WORDS = (*(f"os error {number}" for number in _FULL), "No space left on device")


def home() -> Path:
    """Return the cache folder: ``BENCH_MODELS_HOME``, or the user's cache folder of the platform."""
    chosen = os.environ.get("BENCH_MODELS_HOME")
    return Path(chosen).absolute() if chosen else platformdirs.user_cache_path("bench_models")


@contextmanager
def writing_to(path: Path) -> Iterator[None]:
    """Turn any error that means "the disk is full" into one sentence about ``path``'s disk."""
    try:
        yield
    except Exception as error:
        if not _means_full_disk(error):
            raise
        message = (
            f"the disk that holds {path} is full: free some space there, or set BENCH_MODELS_HOME "
            "to a folder on a larger disk (about 1 GB is needed); nothing that was finished is lost"
        )
        raise EnvironmentTroubleError(message) from error


def _means_full_disk(error: Exception) -> bool:
    # Libraries written in Rust and C++ (safetensors, torch) report ENOSPC only in their message.
    if isinstance(error, OSError) and error.errno in _FULL:
        return True
    return any(words in str(error) for words in _FULL_WORDS)
