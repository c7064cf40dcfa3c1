"""What an error says to a user needs no Python."""

import json
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from bench_models.text import fault_of


def _read(content: bytes) -> None:
    for each in json.loads(content.decode())["results"]:
        each.items()


@pytest.mark.parametrize(
    ("action", "said"),
    [
        (lambda: _read(b"{}"), "it lacks 'results'"),
        (lambda: _read(b"[]"), "a part of it is of another kind than expected, such as a number in place of a list"),
        (lambda: _read(b'{"results": 5}'), "a part of it is of another kind than expected"),
        (lambda: _read(b'{"results": [5]}'), "a part of it is of another kind than expected"),
        (lambda: _read(b"\xff"), "it is not text in UTF-8"),
        (lambda: _read(b"[" * 100_000), "it is nested too deeply"),
        (lambda: _read(b"{"), "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        (lambda: Path("nowhere").read_bytes(), "No such file or directory"),
        (lambda: socket.create_connection(("127.0.0.1", 9), timeout=1), "Connection refused"),
    ],
)
def test_fault_is_told_without_the_words_of_python(action: Callable[[], object], said: str) -> None:
    """No bare key, no name of a type, no number of an error."""
    with pytest.raises((OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError)) as caught:
        action()
    fault = fault_of(caught.value)
    assert fault.startswith(said)
    assert "Errno" not in fault
    assert "object" not in fault
