"""Folders that are complete or absent: written aside, sealed with digests, then renamed.

Two processes that want the same folder take turns under a file lock. A process that dies while it
writes leaves a ``.partial`` folder, which the next one removes; a file that changes afterwards no
longer matches the seal, and the folder is made again.
"""

import hashlib
import json
import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from filelock import FileLock, Timeout

from bench_models.home import require_writable, writing_to

SEAL = "seal.json"

log = logging.getLogger(__name__)


def sha256_of(path: Path) -> str:
    """Return the hexadecimal SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sealed_folder(path: Path, fill: Callable[[Path], None], *, what: str) -> Path:
    """Return ``path``, filled by ``fill`` unless an intact folder is already there.

    ``what`` names the content in messages, for example ``"the trained weights of baseline"``.
    ``fill`` receives an empty folder and may take hours; other processes wait for it.
    """
    with writing_to(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        with _turn(path, what):
            if path.exists():
                damage = damage_of(path)
                if damage is None:
                    return path
                log.warning("%s is damaged (%s): making it again", path, damage)
                shutil.rmtree(path)
            _create(path, fill)
    return path


def damage_of(path: Path) -> str | None:
    """Say what is wrong with a sealed folder, or return None when it is intact."""
    try:
        digests = dict(json.loads((path / SEAL).read_text(encoding="utf-8"))["sha256"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        return f"no readable {SEAL}: {error!r}"
    for name, expected in digests.items():
        if not (path / name).is_file():
            return f"{name} is missing"
        if sha256_of(path / name) != expected:
            return f"{name} does not match its SHA-256"
    return None


def write_atomically(path: Path, text: str) -> None:
    """Write a small file so that a reader sees the old content or the new, never half of it."""
    write_bytes_atomically(path, text.encode())


def write_bytes_atomically(path: Path, content: bytes) -> None:
    """Write a small file as ``write_atomically`` does."""
    require_writable(path.parent)
    with writing_to(path.parent):
        # Not tempfile's: its files are for their owner alone, and stay so after the renaming.
        partial = path.with_name(f".{path.name}.{uuid4().hex}.partial")
        try:
            partial.write_bytes(content)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)


def _create(path: Path, fill: Callable[[Path], None]) -> None:
    for leftover in path.parent.glob(f".{path.name}.*.partial"):
        log.info("removing %s, left half-written by a process that was killed", leftover)
        shutil.rmtree(leftover)
    partial = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}.", suffix=".partial"))
    try:
        fill(partial)
        _seal(partial)
        partial.rename(path)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def _seal(folder: Path) -> None:
    digests = {file.name: sha256_of(file) for file in sorted(folder.iterdir())}
    text = json.dumps({"sha256": digests}, indent=2)
    with (folder / SEAL).open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def _turn(path: Path, what: str) -> Iterator[None]:
    """Hold the lock of ``path``; says so when another process has it first."""
    lock = FileLock(path.parent / f".{path.name}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        log.info("another process is at %s: waiting for it", what)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
