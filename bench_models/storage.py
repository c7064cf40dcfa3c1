"""What this project keeps on disk: the user's cache folder, folders that are complete or absent, and the store.

A folder is written aside, sealed with digests, then renamed. Two processes that want the same folder take turns under a
file lock. A process that dies while it writes leaves a ``.partial`` folder, which the next one removes; a file that
changes afterwards does not match the seal, and the folder is made again.
"""

import errno
import hashlib
import json
import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import TypeVar
from uuid import uuid4

import msgspec
import platformdirs
from filelock import FileLock, Timeout

from bench_models.errors import BenchModelsError, EnvironmentTroubleError

log = logging.getLogger(__name__)

Record = TypeVar("Record")

# The variable that tells the processes of one side of a check in which folder that side's own scorecards lie.
FIGURES = "BENCH_MODELS_FIGURES"
# Names the cache folder.
HOME = "BENCH_MODELS_HOME"
ARTIFACTS = "artifacts"
SEAL = "seal.json"

_FULL = (errno.ENOSPC, errno.EDQUOT)
_UNWRITABLE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST, errno.ENOENT, errno.EISDIR)
_FULL_WORDS = (*(f"os error {number}" for number in _FULL), "No space left on device")


def home() -> Path:
    """Return the cache folder: ``BENCH_MODELS_HOME``, or the user's cache folder of the platform.

    Raises ``BenchModelsError`` for a relative path: asv runs benchmarks in other folders, where it
    would mean another place.
    """
    chosen = os.environ.get(HOME)
    if not chosen:
        return platformdirs.user_cache_path("bench_models")
    folder = Path(chosen).expanduser()
    if not folder.is_absolute():
        raise BenchModelsError(
            f"BENCH_MODELS_HOME={chosen} is a relative path: give an absolute one, such as {folder.absolute()}"
        )
    return folder


def figures() -> Path | None:
    """Return the folder for this process's scorecards within a check, or None outside of one."""
    chosen = os.environ.get(FIGURES)
    return Path(chosen) if chosen else None


def require_writable(folder: Path) -> None:
    """Raise now, and not after the work, where a folder cannot be made or written to."""
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
            below = path.absolute().is_relative_to(home())
            kept = "weights and scorecards go where BENCH_MODELS_HOME says"
            message = f"{path} cannot be written to ({error}): {kept if below else 'name a place where you may write'}"
        else:
            raise
        raise EnvironmentTroubleError(message) from error


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
        held = lock.acquire(timeout=0)
    except Timeout:
        log.info("another process is at %s: waiting for it", what)
        held = lock.acquire()
    with held:
        yield


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """A folder of trained weights, artifacts and records, which are added and never changed; times may be removed.

    Artifacts and records lie in a folder of their own where ``records`` names one.
    """

    root: Path
    records: Path | None = None

    @classmethod
    def default(cls) -> "Store":
        """Return the store in the user's cache folder, or in ``BENCH_MODELS_HOME``.

        Within a check its records are those of one side alone: no key can cover all that makes a figure, and a
        figure that the other side wrote would hide the change that is looked for.
        """
        return cls(root=home(), records=figures())

    def trained(self, key: str, train: Callable[[Path], None], *, what: str) -> Path:
        """Return the folder of trained weights, calling ``train`` to fill it when it is not there."""
        return sealed_folder(self._weights(key), train, what=what)

    def has_trained(self, key: str) -> bool:
        """Say whether trained weights are there, whole or damaged."""
        return self._weights(key).is_dir()

    def artifact(self, key: str, write: Callable[[Path], None], *, what: str) -> Path:
        """Return the folder of what a runtime ships, calling ``write`` to fill it when it is not there.

        It lies beside the records: figures are made of it, so that each side of a check writes its own.
        """
        return sealed_folder((self.records or self.root) / ARTIFACTS / key, write, what=what)

    def put_record(self, kind: str, key: str, record: object) -> None:
        """Keep a small record, a dataclass of finite numbers."""
        write_bytes_atomically(self._record(kind, key), msgspec.json.encode(record))

    def remove_record(self, kind: str, key: str) -> None:
        """Remove a record, if it is there."""
        with writing_to(self._record(kind, key)):
            self._record(kind, key).unlink(missing_ok=True)

    def get_record(self, kind: str, key: str, of: type[Record]) -> Record | None:
        """Return a record of the type ``of``, or None when it is missing or damaged."""
        try:
            return msgspec.json.decode(self._record(kind, key).read_bytes(), type=of)
        except FileNotFoundError:
            return None
        except (msgspec.DecodeError, ValueError) as error:
            log.warning("%s is damaged (%s): measuring again", self._record(kind, key), error)
            return None

    def _weights(self, key: str) -> Path:
        return self.root / "weights" / key

    def _record(self, kind: str, key: str) -> Path:
        return (self.records or self.root) / kind / f"{key}.json"
