"""What the check makes of what its processes answer."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench_models.check.sides.process import BenchmarkFailedError, BenchmarkSkippedError, Process
from bench_models.check.worker.protocol import Channel

# A file's name in Latin-1, as Python reads it where names are in UTF-8.
ODD = os.fsdecode(b"caf\xe9")
WRITABLE = r"caf\udce9"


@pytest.fixture
def ends(tmp_path: Path) -> Iterator[tuple[Process, Channel]]:
    """Return a process as the check sees it, and the other end of its channel."""
    one, other = socket.socketpair()
    (tmp_path / "log").touch()
    # No process has this number: the other end is this test.
    yield Process(Channel(one), 2**31 - 1, "head", tmp_path / "log"), Channel(other)
    one.close()
    other.close()


def test_error_that_names_an_odd_file_can_be_written(ends: tuple[Process, Channel], tmp_path: Path) -> None:
    """To the log, the record and the report, all of which are in UTF-8."""
    process, worker = ends
    worker.send({"error": f"no {ODD}", "traceback": f"in {ODD}"})
    with pytest.raises(BenchmarkFailedError) as raised:
        process.reply(1)
    assert str(raised.value) == f"no {WRITABLE}"
    assert (tmp_path / "log").read_text(encoding="utf-8") == f"in {WRITABLE}"


def test_whatever_else_names_an_odd_file_can_be_written(ends: tuple[Process, Channel]) -> None:
    """Reasons, examples, modules; numbers stay as they are."""
    process, worker = ends
    worker.send({"answers": [[ODD, True]], "broken": {"a": ODD}, "seconds": 0.5})
    assert process.reply(1) == {"answers": [[WRITABLE, True]], "broken": {"a": WRITABLE}, "seconds": 0.5}
    worker.send({"skipped": ODD})
    with pytest.raises(BenchmarkSkippedError, match="udce9"):
        process.reply(1)
