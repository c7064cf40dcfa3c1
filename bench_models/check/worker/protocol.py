"""The protocol between the check and its workers: lines of JSON over a socket. Standard library only."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import socket

Message = dict[str, Any]

_CHUNK = 65_536


class ChannelClosedError(Exception):
    """The other end is gone."""


class GarbageError(Exception):
    """The other end sent something that is not a message."""


class Channel:
    """One end of a conversation, apart from what the other end prints."""

    def __init__(self, connection: socket.socket) -> None:
        """Talk over a connected socket."""
        self._socket = connection
        self._lines = connection.makefile("rb")

    def send(self, message: Message) -> None:
        """Send one message; raises ``ChannelClosedError``."""
        try:
            self._socket.sendall(json.dumps(message).encode() + b"\n")
        except OSError as error:
            raise ChannelClosedError from error

    def receive(self, timeout_s: float | None = None) -> Message:
        """Return the next message.

        Raises ``ChannelClosedError``, ``GarbageError``, and ``TimeoutError`` after ``timeout_s`` seconds;
        after the latter two the channel cannot be used again.
        """
        self._socket.settimeout(timeout_s)
        try:
            line = self._lines.readline()
        except TimeoutError:
            raise
        except OSError as error:
            raise ChannelClosedError from error
        if not line:
            raise ChannelClosedError
        try:
            message = json.loads(line)
        except ValueError as error:
            raise GarbageError(repr(line[:200])) from error
        if not isinstance(message, dict):
            raise GarbageError(repr(line[:200]))
        return message

    def await_end(self, timeout_s: float) -> None:
        """Wait until the other end is gone, or until the timeout; what it still sends is dropped."""
        with contextlib.suppress(OSError):  # a timeout is one, and so is that this end was closed before
            self._socket.settimeout(timeout_s)
            while self._socket.recv(_CHUNK):
                pass

    def close(self) -> None:
        """Hang up."""
        self._lines.close()
        self._socket.close()
