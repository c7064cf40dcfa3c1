"""Pretrained weights: always safetensors, a config and a tokenizer, in one folder."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from bench_models.errors import BenchModelsError
from bench_models.sources.archives import PinnedArchive, read_member
from bench_models.storage import sealed_folder, sha256_of

CHECKPOINT_FILES = ("config.json", "model.safetensors", "tokenizer.json")


# What older versions of save_pretrained wrote.
_PICKLE = "pytorch_model.bin"


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
    """A checkpoint that a package carries in ``inside``, a folder of its archive.

    ``license`` is the identifier of the weights' own, where they come with one: a model card states it.
    """

    archive: PinnedArchive
    inside: str
    license: str | None = None

    def __str__(self) -> str:
        """Return the package and the folder inside it."""
        return f"{self.archive.requirement}/{self.inside}"

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

    def __post_init__(self) -> None:
        """Take a path as text, too."""
        object.__setattr__(self, "path", Path(self.path))

    def __str__(self) -> str:
        """Return the folder."""
        return str(self.path)

    def digest(self) -> str:
        """Return the digests of the files themselves."""
        folder = self.folder(Path())
        return "/".join(sha256_of(folder / name) for name in CHECKPOINT_FILES)

    def folder(self, home: Path) -> Path:  # noqa: ARG002  # the protocol's signature; a local folder needs no cache
        """Return the folder itself, once all files are known to be there."""
        missing = [name for name in CHECKPOINT_FILES if not (self.path / name).is_file()]
        if missing:
            raise BenchModelsError(
                f"the checkpoint {self.path} lacks {', '.join(missing)}: it must be a folder with "
                f"{', '.join(CHECKPOINT_FILES)}, as save_pretrained writes it{self._pickled()}"
            )
        return self.path

    def _pickled(self) -> str:
        """Return a clause that says what to do with weights that lie there as a pickle."""
        if not (self.path / _PICKLE).is_file() or (self.path / "model.safetensors").is_file():
            return ""
        return (
            f"; {_PICKLE} was seen, but it is a pickle, which can run anything and is never loaded: where you trust "
            "it, load it with transformers and write it again by save_pretrained(folder, safe_serialization=True)"
        )
