"""A stand-in for GitHub's API on this machine: it answers from a table and remembers what it was asked."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from msgspec import convert

from bench_models.github.actions import PullRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request."""

    method: str
    path: str
    query: dict[str, str]
    body: Any
    token: str


@dataclass(kw_only=True)
class GitHub:
    """One repository: issues' comments, files to download, and answers that stand in front of all others.

    ``first`` holds statuses (with headers) that the next requests whose method and path begin so are refused with.
    """

    url: str = ""
    repository: str = "owner/project"
    answers: dict[str, Any] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    comments: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    first: dict[str, list[tuple[int, dict[str, str]]]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    @property
    def changed(self) -> list[Asked]:
        """The requests that were not only questions."""
        return [each for each in self.asked if each.method != "GET"]


class _Server(ThreadingHTTPServer):
    def __init__(self, github: GitHub) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.github = github


class _Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        self._handle()

    def do_PATCH(self) -> None:
        self._handle()

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _handle(self) -> None:
        assert isinstance(self.server, _Server)
        github = self.server.github
        asked = self._asked(github)
        github.asked.append(asked)
        begin = f"{asked.method} {asked.path}"
        for start, refusals in github.first.items():
            if begin.startswith(start) and refusals:
                status, headers = refusals.pop(0)
                self._send(status, {"message": "not now"}, headers)
                return
        if begin in github.answers:
            self._send(200, github.answers[begin])
        elif asked.path in github.files and asked.method == "GET":
            self._bytes(200, github.files[asked.path], {"Content-Type": "application/zip"})
        elif "/comments" in asked.path and asked.path.startswith("issues/"):
            self._comments(github, asked)
        else:
            self._send(404, {"message": "Not Found"})

    def _asked(self, github: GitHub) -> Asked:
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        return Asked(
            method=self.command,
            path=parts.path.removeprefix(f"/repos/{github.repository}/"),
            query={key: values[0] for key, values in parse_qs(parts.query).items()},
            body=json.loads(self.rfile.read(length)) if length else None,
            token=self.headers.get("Authorization", "").removeprefix("Bearer "),
        )

    def _comments(self, github: GitHub, asked: Asked) -> None:
        """List, add and change comments, as the API does."""
        _, second, *rest = asked.path.split("/")
        if second == "comments":  # issues/comments/ID
            comment = next(each for them in github.comments.values() for each in them if each["id"] == int(rest[0]))
            comment["body"] = asked.body["body"]
            self._send(200, comment)
            return
        comments = github.comments.setdefault(int(second), [])
        if asked.method == "GET":
            page, size = int(asked.query.get("page", 1)), int(asked.query.get("per_page", 30))
            self._send(200, comments[(page - 1) * size : page * size])
            return
        number = 1000 + sum(len(them) for them in github.comments.values())
        comments.append(
            {"id": number, "body": asked.body["body"], "user": {"login": "github-actions[bot]", "type": "Bot"}}
        )
        self._send(201, comments[-1])

    def _send(self, status: int, content: object, headers: dict[str, str] | None = None) -> None:
        self._bytes(status, json.dumps(content).encode(), headers or {})

    def _bytes(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for key, text in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(key, text)
        self.end_headers()
        self.wfile.write(content)


def pull_request(**others: object) -> PullRequest:
    """Return a pull request as GitHub describes it."""
    return convert({"number": 7, "base": {"sha": "a" * 40}, "head": {"sha": "b" * 40}, **others}, PullRequest)


@contextmanager
def serving(github: GitHub) -> Iterator[GitHub]:
    """Serve a repository on this machine until the block ends."""
    server = _Server(github)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    github.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield github
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
