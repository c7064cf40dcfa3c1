"""A stand-in for GitHub's API on this machine: it answers from a table and remembers what it was asked."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from msgspec import convert
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

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

    def answer(self, request: Request) -> Response:
        """Answer one request."""
        asked = Asked(
            method=request.method,
            path=request.path.removeprefix(f"/repos/{self.repository}/"),
            query=request.args.to_dict(),
            body=json.loads(request.data) if request.data else None,
            token=request.headers.get("Authorization", "").removeprefix("Bearer "),
        )
        self.asked.append(asked)
        begin = f"{asked.method} {asked.path}"
        refusals = next((each for start, each in self.first.items() if begin.startswith(start) and each), None)
        if refusals:
            status, headers = refusals.pop(0)
            return _json({"message": "not now"}, status, headers)
        if begin in self.answers:
            return _json(self.answers[begin])
        if asked.path in self.files and asked.method == "GET":
            return Response(self.files[asked.path], content_type="application/zip")
        if "/comments" in asked.path and asked.path.startswith("issues/"):
            return self._comments(asked)
        return _json({"message": "Not Found"}, 404)

    def _comments(self, asked: Asked) -> Response:
        """List, add and change comments, as the API does."""
        _, second, *rest = asked.path.split("/")
        if second == "comments":  # issues/comments/ID
            comment = next(each for them in self.comments.values() for each in them if each["id"] == int(rest[0]))
            comment["body"] = asked.body["body"]
            return _json(comment)
        comments = self.comments.setdefault(int(second), [])
        if asked.method == "GET":
            page, size = int(asked.query.get("page", 1)), int(asked.query.get("per_page", 30))
            return _json(comments[(page - 1) * size : page * size])
        number = 1000 + sum(len(them) for them in self.comments.values())
        comments.append(
            {"id": number, "body": asked.body["body"], "user": {"login": "github-actions[bot]", "type": "Bot"}}
        )
        return _json(comments[-1], 201)


def pull_request(**others: object) -> PullRequest:
    """Return a pull request as GitHub describes it."""
    return convert({"number": 7, "base": {"sha": "a" * 40}, "head": {"sha": "b" * 40}, **others}, PullRequest)


@contextmanager
def serving(github: GitHub) -> Iterator[GitHub]:
    """Serve a repository on this machine until the block ends."""
    with _Server(host="127.0.0.1", port=0, threaded=True) as server:
        server.expect_request(re.compile(".*")).respond_with_handler(github.answer)
        github.url = server.url_for("/").rstrip("/")
        yield github


class _Server(HTTPServer):
    """A server that ends at once: the library's looks every half second whether it is to end."""

    def thread_target(self) -> None:
        assert self.server is not None
        self.server.serve_forever(poll_interval=0.01)


def _json(content: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(json.dumps(content), status, headers, content_type="application/json")
