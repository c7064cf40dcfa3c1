"""How processes of a side begin, join the check and end with it. Standard library only."""

from __future__ import annotations

import os
import signal
import socket
import sys

_PR_SET_PDEATHSIG = 1  # of <linux/prctl.h>


def connect(address: str) -> socket.socket:
    """Return a connection to the check that listens at ``address``."""
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(address)
    return connection


def end_with(parent: int) -> None:
    """Let Linux kill this process when its parent ends: a process that is stopped cannot notice that itself.

    A forked process inherits no such request and has to make its own.
    """
    if not sys.platform.startswith("linux"):
        return
    try:
        import ctypes
    except ImportError:  # a Python built without libffi: what is stopped when the check is killed stays
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it had ended before
        os._exit(1)


def continue_in_child() -> None:
    """Continue in a forked child, whose peak of memory starts from zero: over exec, Linux keeps that of the check.

    The first process leads the group of both, waits, and ends as the child does.
    """
    parent, child = os.getpid(), os.fork()
    if child:
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        os._exit(code if code >= 0 else 128 - code)
    end_with(parent)


def flush() -> None:
    """Write out what was printed, before a fork would write it twice or an exit lose it."""
    sys.stdout.flush()
    sys.stderr.flush()
