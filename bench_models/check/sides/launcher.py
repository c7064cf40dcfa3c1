"""Starts the processes of a side, and connects to those that join the check."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

from bench_models.check.sides.process import LOG_TAIL, BenchmarkFailedError, Process
from bench_models.check.worker.protocol import Channel, ChannelClosedError, GarbageError
from bench_models.errors import BenchModelsError
from bench_models.verdict.measurements import SideName

# A process that imports nothing of the project must join at once; importing has its own time limit.
JOIN_S = 60.0
_WORKER = Path(__file__).parents[1] / "worker" / "__main__.py"
# The variables that tell a program where to keep temporary files.
_TEMPORARY = ("TMPDIR", "TEMP", "TMP")


class Launcher:
    """Starts processes with a side's interpreter in a folder of its own, and accepts those that join there."""

    def __init__(self, side: SideName, python: Path, folder: Path, environment: dict[str, str]) -> None:
        """Make the folder, and listen in it."""
        self._side, self._python, self._folder = side, python, folder
        folder.mkdir()
        self._log = folder / "log"
        # The sides share no temporary files.
        temporary = folder / "tmp"
        temporary.mkdir()
        self._environment = environment | dict.fromkeys(_TEMPORARY, str(temporary))
        self._address = folder / "s"
        self._listener = socket.socket(socket.AF_UNIX)
        try:
            self._listener.bind(str(self._address))
        except OSError as error:
            raise BenchModelsError(
                f"no socket can be made at {self._address} ({error}): set TMPDIR to a short path"
            ) from error
        self._listener.listen()
        self._started: list[subprocess.Popen[bytes]] = []
        self._count = 0

    def next_name(self) -> str:
        """Return a name for one more process."""
        self._count += 1
        return f"{self._side}-{self._count}"

    def spawn(self) -> Process:
        """Start a process from nothing, and wait until it joins."""
        self._started = [each for each in self._started if each.poll() is None]
        name = self.next_name()
        with self._log.open("ab") as log:
            command = [str(self._python), str(_WORKER), str(self._address), name]
            self._started.append(
                subprocess.Popen(
                    command,
                    cwd=self._folder,
                    env=self._environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            )
        return self.joined(name)

    def joined(self, name: str) -> Process:
        """Wait until the process of a name joins; a parent may have forked it."""
        try:
            channel = Channel(self._accepted())
            hello = channel.receive(JOIN_S)
        except (TimeoutError, ChannelClosedError, GarbageError) as error:
            said = self._log.read_text(encoding="utf-8", errors="replace").strip()[-LOG_TAIL:]
            raise BenchModelsError(
                f"no process of {self._side.upper()} joined with {self._python}: {said or 'it said nothing'}"
            ) from error
        if hello.get("name") != name:
            raise BenchmarkFailedError(f"{name} was to join, and {hello.get('name')} did")
        return Process(channel, int(hello["pid"]), self._side, self._log)

    def end(self) -> None:
        """End everything that was started here."""
        for started in self._started:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(started.pid, signal.SIGKILL)
            started.wait()
        self._listener.close()

    def _accepted(self) -> socket.socket:
        """Wait for a process to join, as long as the process that was started last, or the parent, lives."""
        self._listener.settimeout(1.0)
        end = time.monotonic() + JOIN_S
        while True:
            try:
                return self._listener.accept()[0]
            except TimeoutError:
                if time.monotonic() > end or self._started[-1].poll() is not None:
                    raise
