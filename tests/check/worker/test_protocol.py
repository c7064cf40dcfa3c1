"""What one end of a conversation makes of the other."""

import socket
from collections.abc import Iterator

import pytest

from bench_models.check.worker.protocol import Channel, ChannelClosedError, GarbageError


@pytest.fixture
def ends() -> Iterator[tuple[Channel, socket.socket]]:
    """Return a channel, and the bare socket at its other end."""
    one, other = socket.socketpair()
    yield Channel(one), other
    other.close()


def test_message_arrives_as_it_was_sent(ends: tuple[Channel, socket.socket]) -> None:
    """Whatever letters are in it."""
    channel, other = ends
    Channel(other).send({"said": "ü\n\u2028"})
    assert channel.receive(1) == {"said": "ü\n\u2028"}


@pytest.mark.parametrize("garbage", [b"}{\n", b"[1]\n", b"\xff\xfe\n"])
def test_garbage_is_called_so(ends: tuple[Channel, socket.socket], garbage: bytes) -> None:
    """A benchmark may have written to the wrong file."""
    channel, other = ends
    other.sendall(garbage)
    with pytest.raises(GarbageError):
        channel.receive(1)


def test_silence_is_a_timeout(ends: tuple[Channel, socket.socket]) -> None:
    """Half a message is silence, too."""
    channel, other = ends
    other.sendall(b'{"half')
    with pytest.raises(TimeoutError):
        channel.receive(0.05)


def test_end_of_the_other_process_is_noticed(ends: tuple[Channel, socket.socket]) -> None:
    """When listening and when speaking."""
    channel, other = ends
    other.close()
    with pytest.raises(ChannelClosedError):
        channel.receive(1)
    with pytest.raises(ChannelClosedError):
        channel.send({})
