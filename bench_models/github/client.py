"""A client of GitHub's REST API: waits for a busy server, and explains a refusal."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx2
from msgspec import ValidationError, convert

from bench_models.errors import BenchModelsError
from bench_models.github.actions import variable
from bench_models.text import fault_of

_Item = TypeVar("_Item")

_TRIES = 4
_LONGEST_WAIT_S = 60.0
_PAGE = 100
_TIMEOUT_S = 30.0
_TOO_MANY, _UNAVAILABLE, _ERROR = 429, 503, 500
# What a refusal means and what to do about it; GitHub's own message stands beside it.
_ADVICE = {
    401: "the token is not valid: give the step `GITHUB_TOKEN: ${{ github.token }}`",
    403: "the token may not do this: widen the job's `permissions`",
    404: "there is no such thing, or the token may not see it: look at the job's `permissions`",
    410: "this repository has it switched off: look at its settings",
    422: "GitHub cannot make sense of the request",
    429: "GitHub asks to slow down: run the job again later",
}


class ApiError(BenchModelsError):
    """The API refused, or did not answer; ``status`` is 0 where there was no answer."""

    def __init__(self, sentence: str, status: int) -> None:
        """Keep the status, for callers that can go on."""
        super().__init__(sentence)
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """One repository's part of the API; paths are below ``/repos/OWNER/NAME``."""

    url: str
    repository: str
    token: str
    sleep: Callable[[float], None] = time.sleep

    @classmethod
    def here(cls) -> "Api":
        """Return the API of the repository that this step runs for."""
        return cls(
            url=variable("GITHUB_API_URL"), repository=variable("GITHUB_REPOSITORY"), token=variable("GITHUB_TOKEN")
        )

    def get(self, path: str, **query: str | int) -> Any:  # noqa: ANN401  # JSON
        """Return what is at a path."""
        return self._ask("GET", path, params=query).json()

    def pages(self, path: str, kind: type[_Item], key: str | None = None, **query: str | int) -> Iterator[_Item]:
        """Yield the items of all pages of a list, which may lie under a key."""
        page = 1
        while True:
            found = self.get(path, **query, per_page=_PAGE, page=page)
            try:
                items = convert(found[key] if key else found, list[kind])  # type: ignore[valid-type]  # a variable
            except (ValidationError, KeyError, TypeError) as error:
                raise ApiError(f"GitHub's answer to GET {path} is not as documented ({fault_of(error)})", 0) from error
            yield from items
            if len(items) < _PAGE:
                return
            page += 1

    def post(self, path: str, body: Mapping[str, Any]) -> Any:  # noqa: ANN401  # JSON
        """Make something. An error that may have come after it was made is not tried again: nothing is made twice."""
        return self._ask("POST", path, json=body).json()

    def patch(self, path: str, body: Mapping[str, Any]) -> Any:  # noqa: ANN401  # JSON
        """Change something."""
        return self._ask("PATCH", path, json=body).json()

    def download(self, path: str, limit_bytes: int) -> bytes:
        """Return a file, unless it is larger than allowed; a redirect to another host is not shown the token."""
        content = bytearray()
        try:
            with self._client() as client, client.stream("GET", self._path(path), follow_redirects=True) as response:
                if not response.is_success:
                    response.read()
                    raise _refusal("GET", path, response)
                for chunk in response.iter_bytes():
                    content += chunk
                    if len(content) > limit_bytes:
                        raise BenchModelsError(f"{path} has more than the {limit_bytes:,} bytes that are allowed")
        except httpx2.HTTPError as error:
            raise _silence("GET", path, error) from error
        return bytes(content)

    def _ask(self, method: str, path: str, **sent: Any) -> httpx2.Response:  # noqa: ANN401  # what httpx2 takes
        """Ask up to four times, as long as asking again can help and cannot do anything twice."""
        for last in (*(False,) * (_TRIES - 1), True):
            try:
                with self._client() as client:
                    response = client.request(method, self._path(path), **sent)
            except httpx2.ConnectError as error:
                if last:
                    raise _silence(method, path, error) from error
                self.sleep(1.0)
                continue
            except httpx2.HTTPError as error:
                raise _silence(method, path, error) from error
            if response.is_success:
                return response
            if last or not _worth_again(method, response):
                raise _refusal(method, path, response)
            self.sleep(_wait_s(response))
        raise AssertionError("the last try returns or raises")

    def _client(self) -> httpx2.Client:
        headers = {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {self.token}",
            "User-Agent": "bench-models",
            "X-GitHub-Api-Version": "2022-11-28",
        }
        return httpx2.Client(base_url=self.url, headers=headers, timeout=_TIMEOUT_S)

    def _path(self, path: str) -> str:
        return f"/repos/{self.repository}/{path}"


def _worth_again(method: str, response: httpx2.Response) -> bool:
    """Say whether to try again: the server is busy, and did nothing yet or would do the same again."""
    if response.status_code == httpx2.codes.FORBIDDEN:
        return "retry-after" in response.headers or response.headers.get("x-ratelimit-remaining") == "0"
    if response.status_code in {_TOO_MANY, _UNAVAILABLE}:
        return True
    return response.status_code >= _ERROR and method != "POST"


def _wait_s(response: httpx2.Response) -> float:
    asked = response.headers.get("retry-after", "")
    return min(float(asked), _LONGEST_WAIT_S) if asked.isdecimal() else 2.0


def _refusal(method: str, path: str, response: httpx2.Response) -> ApiError:
    status = response.status_code
    advice = _ADVICE.get(status, "GitHub itself is in trouble: run the job again later" if status >= _ERROR else "")
    said = _message(response)
    return ApiError(f"GitHub answers {method} {path} with {status}{said}{': ' if advice else ''}{advice}", status)


def _message(response: httpx2.Response) -> str:
    try:
        message = response.json()["message"]
    except (ValueError, KeyError, TypeError):
        return ""
    return f" ({str(message)[:200]})"


def _silence(method: str, path: str, error: httpx2.HTTPError) -> ApiError:
    return ApiError(f"GitHub does not answer {method} {path} ({fault_of(error)}): run the job again later", 0)
