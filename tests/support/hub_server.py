"""A hub of one's own: it speaks the protocol that the unmodified client asks."""

import hashlib
import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import PurePosixPath
from urllib.parse import parse_qs, unquote, urlsplit

COMMIT = "c0ffee" + "0" * 34


@dataclass(kw_only=True)
class Hub:
    """Repositories by kind and name, each with the files of its only commit; ``cut`` files end too early."""

    url: str = ""
    repositories: dict[str, dict[str, bytes]] = field(default_factory=dict)
    cut: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)


class _Server(ThreadingHTTPServer):
    def __init__(self, hub: Hub) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.hub = hub


class _Handler(BaseHTTPRequestHandler):
    """Answers requests for files."""

    protocol_version = "HTTP/1.1"

    @property
    def _hub(self) -> Hub:
        assert isinstance(self.server, _Server)
        return self.server.hub

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        if self.path.startswith("/api/"):
            self._describe(unquote(urlsplit(self.path).path).removeprefix("/api/"))
        else:
            self._answer(body=True)

    def do_POST(self) -> None:
        asked = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self._describe(unquote(urlsplit(self.path).path).removeprefix("/api/"), asked.get("paths", []))

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _answer(self, *, body: bool) -> None:
        path = unquote(urlsplit(self.path).path).lstrip("/")
        self._hub.asked.append(f"{self.command} {path}")
        repository, _, rest = path.partition("/resolve/")
        revision, _, name = rest.partition("/")
        files = self._hub.repositories.get(repository)
        if files is None:
            self._refuse("RepoNotFound", 401)
        elif revision not in {COMMIT, "main"}:
            self._refuse("RevisionNotFound", 404)
        elif name not in files:
            self._refuse("EntryNotFound", 404)
        else:
            self._send(files[name], body=body, cut=name in self._hub.cut)

    def _describe(self, path: str, paths: Sequence[str] = ()) -> None:
        """Say what a repository holds: all of it, below a folder, or some paths."""
        self._hub.asked.append(f"{self.command} api/{path}")
        repository, what, rest = _split(path)
        files = self._hub.repositories.get(repository)
        revision, _, folder = rest.partition("/")
        if files is None:
            self._refuse("RepoNotFound", 401)
        elif revision not in {COMMIT, "main"}:
            self._refuse("RevisionNotFound", 404)
        elif what == "revision":
            siblings = [{"rfilename": name} for name in files]
            self._send(json.dumps({"id": repository.partition("/")[2], "sha": COMMIT, "siblings": siblings}).encode())
        else:
            found = _entries(files)
            wanted = [each for path, each in found.items() if (path in paths if paths else path.startswith(folder))]
            self._send(json.dumps(wanted).encode())

    def _refuse(self, code: str, status: int) -> None:
        self.send_response(status)
        self.send_header("X-Error-Code", code)
        self.send_header("X-Error-Message", code)
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send(self, content: bytes, *, body: bool = True, cut: bool = False) -> None:
        start = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")[0] or 0)
        self.send_response(206 if start else 200)
        self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(len(content) - start))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        if body:
            # Said, too: a client that is not told asks its next question into a connection that closes.
            self.send_header("Connection", "close")
        self.end_headers()
        if body:
            self.wfile.write(content[start : start + (len(content) - start) // 2] if cut else content[start:])


def _split(path: str) -> tuple[str, str, str]:
    """Return the repository, what is asked about it, and the rest."""
    for what in ("revision", "tree", "paths-info"):
        repository, found, rest = path.partition(f"/{what}/")
        if found:
            return repository, what, rest
    return path, "", ""


def _entries(files: dict[str, bytes]) -> dict[str, dict[str, object]]:
    """Return what a listing says of each file, and of each folder."""
    found: dict[str, dict[str, object]] = {}
    for name, content in files.items():
        for folder in PurePosixPath(name).parents[:-1]:
            found[str(folder)] = {"type": "directory", "path": str(folder), "oid": "0" * 40, "size": 0}
        digest = hashlib.sha1(content, usedforsecurity=False).hexdigest()
        found[name] = {"type": "file", "path": name, "oid": digest, "size": len(content)}
    return found


@contextmanager
def serving(hub: Hub) -> Iterator[Hub]:
    """Serve on a free port of this machine."""
    server = _Server(hub)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    hub.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
