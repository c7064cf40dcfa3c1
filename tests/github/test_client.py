"""The API is asked again where that can help, and a refusal is one clear sentence."""

from collections.abc import Iterator

import pytest
from support.github_server import GitHub, serving

from bench_models.errors import BenchModelsError
from bench_models.github.actions import Numbered
from bench_models.github.client import Api, ApiError


@pytest.fixture
def github() -> Iterator[GitHub]:
    """Yield a repository that is served on this machine."""
    with serving(GitHub(answers={"GET pulls/1": {"number": 1}})) as served:
        yield served


def api(github: GitHub, waited: list[float] | None = None) -> Api:
    """Return the API of a served repository; it notes how long it would wait."""
    noted: list[float] = [] if waited is None else waited
    return Api(url=github.url, repository=github.repository, token="secret", sleep=noted.append)  # noqa: S106  # none


def test_answer_is_returned_and_the_token_sent(github: GitHub) -> None:
    """As a bearer."""
    assert api(github).get("pulls/1") == {"number": 1}
    assert [each.token for each in github.asked] == ["secret"]


@pytest.mark.parametrize(
    ("status", "headers"), [(429, {"Retry-After": "7"}), (503, {}), (500, {}), (403, {"X-RateLimit-Remaining": "0"})]
)
def test_busy_server_is_asked_again(github: GitHub, status: int, headers: dict[str, str]) -> None:
    """After as long as it says."""
    github.first["GET pulls/1"] = [(status, headers), (status, headers)]
    waited: list[float] = []
    assert api(github, waited).get("pulls/1") == {"number": 1}
    assert waited == [float(headers.get("Retry-After", 2))] * 2


@pytest.mark.parametrize(
    ("answer", "said"),
    [({}, "it lacks 'runs'"), ([], "a part of it is of another kind than expected"), ({"runs": 5}, "array")],
)
def test_answer_of_another_form_is_one_sentence(github: GitHub, answer: object, said: str) -> None:
    """Which needs no Python."""
    github.answers["GET actions/runs"] = answer
    with pytest.raises(ApiError, match=f"GitHub's answer to GET actions/runs is not as documented .*{said}"):
        list(api(github).pages("actions/runs", Numbered, "runs"))


def test_nobody_waits_for_an_hour(github: GitHub) -> None:
    """A job has a timeout."""
    github.first["GET pulls/1"] = [(429, {"Retry-After": "3600"})]
    waited: list[float] = []
    api(github, waited).get("pulls/1")
    assert waited == [60.0]


@pytest.mark.parametrize(
    ("status", "said"), [(401, "not valid"), (403, "`permissions`"), (404, "no such thing"), (418, "with 418")]
)
def test_refusal_is_a_sentence_and_not_asked_again(github: GitHub, status: int, said: str) -> None:
    """What was asked, what GitHub said, and what to do."""
    github.first["GET pulls/1"] = [(status, {})] * 9
    with pytest.raises(ApiError, match=said) as caught:
        api(github).get("pulls/1")
    assert caught.value.status == status
    assert "GET pulls/1" in str(caught.value)
    assert "not now" in str(caught.value)
    assert len(github.asked) == 1


def test_server_that_stays_busy_is_given_up(github: GitHub) -> None:
    """After four tries."""
    github.first["GET pulls/1"] = [(502, {})] * 9
    with pytest.raises(ApiError, match="run the job again later"):
        api(github).get("pulls/1")
    assert len(github.asked) == 4


def test_nothing_is_made_twice(github: GitHub) -> None:
    """An error 500 may have come after the comment was made; a 503 came before."""
    github.first["POST issues/1/comments"] = [(503, {}), (500, {})]
    with pytest.raises(ApiError, match="500"):
        api(github).post("issues/1/comments", {"body": "x"})
    assert [each.method for each in github.asked] == ["POST", "POST"]


def test_all_pages_of_a_list_are_read(github: GitHub) -> None:
    """A hundred at a time."""
    github.comments[1] = [{"number": number} for number in range(230)]
    assert [each.number for each in api(github).pages("issues/1/comments", Numbered)] == list(range(230))
    assert len(github.asked) == 3


def test_download_that_is_too_large_is_cut_off(github: GitHub) -> None:
    """Whatever the server says of its size."""
    github.files["file"] = b"x" * 1000
    assert api(github).download("file", 1000) == b"x" * 1000
    with pytest.raises(BenchModelsError, match="more than the 999 bytes"):
        api(github).download("file", 999)


def test_server_that_is_not_there_is_said_so() -> None:
    """After waiting for it."""
    waited: list[float] = []
    gone = Api(url="http://127.0.0.1:9", repository="a/b", token="x", sleep=waited.append)  # noqa: S106  # no password
    with pytest.raises(ApiError, match="does not answer GET pulls/1"):
        gone.get("pulls/1")
    assert len(waited) == 3
