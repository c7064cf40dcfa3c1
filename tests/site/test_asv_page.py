"""Copies of scripts come from npm, and only what is pinned is used."""

import base64
import hashlib
import io
import os
import re
import tarfile
from pathlib import Path

import pytest

from bench_models.errors import BenchModelsError, EnvironmentTroubleError
from bench_models.site.asv_page import PACKAGES, PinnedPackage, change, copies, with_entry, with_local_scripts

# What npm carries in another build than the one that asv names; see asv_page.py.
_CDN = "https://cdnjs.cloudflare.com/ajax/libs"
OTHER_BUILDS = {f"{_CDN}/flot/0.8.3/jquery.flot.{name}min.js" for name in ("", "time.", "selection.", "categories.")}
OTHER_BUILDS |= {f"{_CDN}/stupidtable/1.0.1/stupidtable.min.js"}


def _archive(**members: bytes) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        for name, content in members.items():
            entry = tarfile.TarInfo(f"package/{name}.js")
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return stream.getvalue()


@pytest.fixture
def npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the archive that a made-up npm hands out; it notes how often it was asked."""
    folder = tmp_path / "bin"
    folder.mkdir()
    archive = tmp_path / "archive.tgz"
    archive.write_bytes(_archive(a=b"alert()"))
    script = f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\nfor last; do :; done\ncp {archive} "$last/it.tgz"\n'
    (folder / "npm").write_text(script, encoding="utf-8")
    (folder / "npm").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return archive


def _package(archive: Path) -> PinnedPackage:
    digest = hashlib.sha512(archive.read_bytes()).hexdigest()
    return PinnedPackage(requirement="it@1.0", sha512=digest, files=(("https://elsewhere/it.js", "a.js"),))


def test_a_package_is_downloaded_once(npm: Path, tmp_path: Path) -> None:
    """The second time it is read from the store."""
    package = _package(npm)
    (first,) = package.copies(tmp_path / "home")
    (second,) = package.copies(tmp_path / "home")

    assert first == second
    assert (first.name, first.content) == ("a.js", b"alert()")
    assert first.integrity.startswith("sha512-")
    assert len((tmp_path / "asked").read_text(encoding="utf-8").splitlines()) == 1


def test_another_archive_than_the_pinned_one_is_refused(npm: Path, tmp_path: Path) -> None:
    """A changed download leaves nothing behind."""
    package = _package(npm)
    npm.write_bytes(_archive(a=b"steal()"))

    with pytest.raises(EnvironmentTroubleError, match=r"SHA-512 .* is\s+pinned: it was changed on the way"):
        list(package.copies(tmp_path / "home"))
    assert [path for path in (tmp_path / "home" / "downloads").glob("*") if path.suffix != ".lock"] == []


def test_no_npm_is_one_line_and_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page_of_asv: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Asv's page keeps its addresses, and still leads to ours."""
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "index.html").write_text(page_of_asv, encoding="utf-8")

    change(tmp_path, "bench-models/index.html")

    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "https://code.jquery.com/jquery-3.3.1.min.js" in page
    assert 'href="bench-models/index.html"' in page
    (warning,) = [record for record in caplog.records if record.levelname == "WARNING"]
    assert warning.getMessage() == (
        "asv's page keeps the addresses of its scripts, and needs a network to be read: "
        "could not download jquery@3.3.1: npm is not installed"
    )


def test_every_address_of_asvs_page_has_a_copy(page_of_asv: str) -> None:
    """A newer asv that loads something else is noticed here first."""
    loaded = set(re.findall(r'<(?:script|link)\b[^>]*\b(?:src|href)="(https?://[^"]+)"', page_of_asv))

    assert {address for package in PACKAGES for address, _ in package.files} == loaded


def test_changed_page_of_asv_gets_no_link_and_a_sentence(page_of_asv: str) -> None:
    """A later asv may build its page otherwise."""
    with pytest.raises(BenchModelsError, match="no navigation where this package knows it"):
        with_entry(page_of_asv.replace("nav-li-graphdisplay", "other"), "x")


def test_unknown_address_keeps_all_addresses(page_of_asv: str) -> None:
    """Half a set of copies would be of no use without a network."""
    with pytest.raises(BenchModelsError, match=r"loads https://code\.jquery\.com/jquery-3\.3\.1\.min\.js, of which"):
        with_local_scripts(page_of_asv, [])


@pytest.mark.slow
def test_copies_are_the_very_files_that_asv_names(tmp_path: Path, page_of_asv: str) -> None:
    """Npm's files have asv's own digests, but for the two packages that it carries in another build."""
    wanted = dict(re.findall(r'(?:src|href)="(https?://[^"]+)" integrity="([^"]+)"', page_of_asv))
    found = copies(tmp_path)

    assert {copy.address for copy in found} == set(wanted)
    same = {copy.address for copy in found if _matches(copy.content, wanted[copy.address])}
    assert {address for address in wanted if address not in same} == OTHER_BUILDS


def _matches(content: bytes, integrity: str) -> bool:
    kind, _, digest = integrity.partition("-")
    return base64.b64encode(hashlib.new(kind, content).digest()).decode() == digest
