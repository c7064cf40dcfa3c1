"""Processes of a side: starts them, and sends them requests."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from bench_models.check.worker.protocol import Channel, ChannelClosedError, GarbageError, Message
from bench_models.errors import BenchModelsError
from bench_models.verdict.measurements import SideName

# How much of what a process printed is shown, in characters.
LOG_TAIL = 300

# How long a killed process may take to end, in seconds.
_DEATH_S = 5.0
# How long a reply may take that involves no benchmark, in seconds.
REPLY_S = 60.0


class BenchmarkFailedError(Exception):
    """A benchmark raised, hung or answered garbage; says which and why."""


class WorkerSpoiltError(BenchmarkFailedError):
    """A worker hung or answered garbage, and cannot be asked again."""


class WorkerLostError(WorkerSpoiltError):
    """A worker died, which may not have been the benchmark's fault."""


class BenchmarkSkippedError(Exception):
    """A benchmark skips itself; says why."""


class Process:
    """A parent or worker at the other end of a channel."""

    def __init__(self, channel: Channel, pid: int, side: SideName, log: Path) -> None:
        """Represent the process with this id, which leads a process group."""
        self._channel, self._pid, self.side, self._log = channel, pid, side, log
        self._logged = log.stat().st_size

    def ask(self, timeout_s: float, **request: object) -> Message:
        """Send a request and return the reply."""
        self.post(**request)
        return self.reply(timeout_s)

    def post(self, **request: object) -> None:
        """Send a request; a failure to send it shows when the reply is fetched."""
        with contextlib.suppress(ChannelClosedError):
            self._channel.send(request)

    def reply(self, timeout_s: float) -> Message:
        """Return the reply to the last request, or raise the benchmark's failure or skip."""
        try:
            received = self._channel.receive(timeout_s)
        except TimeoutError as error:
            raise WorkerSpoiltError(f"no answer within the benchmark's timeout of {timeout_s:g} s") from error
        except GarbageError as error:
            raise WorkerSpoiltError(f"the worker answered with garbage: {error}") from error
        except ChannelClosedError as error:
            raise WorkerLostError(f"its worker died{self._last_words()}") from error
        message: Message = {key: _writable(value) for key, value in received.items()}
        if "skipped" in message:
            raise BenchmarkSkippedError(message["skipped"])
        if "error" in message:
            with self._log.open("a", encoding="utf-8", errors="backslashreplace") as log:
                log.write(message.get("traceback", ""))
            raise BenchmarkFailedError(message["error"])
        return message

    def imported(self) -> list[str]:
        """Return the modules that the process has imported, in order."""
        names: list[str] = self.ask(REPLY_S, do="imported")["modules"]
        return names

    def end(self) -> None:
        """End the process and all it started, so that its ports and its core are free for what follows."""
        self.send_signal(signal.SIGKILL)
        self._channel.await_end(_DEATH_S)
        self._channel.close()

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal to the process and all it started."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._pid, number)

    def _last_words(self) -> str:
        printed = self._log.read_bytes()[self._logged :].decode(errors="replace").strip()
        return f"; it printed last: {printed[-LOG_TAIL:]}" if printed else ""


def _writable(value: object) -> object:
    """Return a part of a message with lone surrogates escaped: odd file names hold them, and UTF-8 cannot."""
    match value:
        case str():
            return value.encode(errors="backslashreplace").decode()
        case list():
            return [_writable(each) for each in value]
        case dict():
            return {key: _writable(each) for key, each in value.items()}
    return value


@contextlib.contextmanager
def awake_alone(workers: Mapping[SideName, Process], side: SideName) -> Iterator[Process]:
    """Yield the process of a side while the other one is stopped, whose threads would disturb this one."""
    (other,) = (worker for name, worker in workers.items() if name != side)
    other.send_signal(signal.SIGSTOP)
    try:
        yield workers[side]
    finally:
        other.send_signal(signal.SIGCONT)


@contextlib.contextmanager
def on_one_core(workers: Mapping[SideName, Process]) -> Iterator[None]:
    """Put the workers on one core, where they meet the same neighbours; they never compute at once."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []

    def pin(chosen: list[int]) -> None:
        for worker in workers.values() if chosen else ():
            with contextlib.suppress(BenchmarkFailedError):  # the next request meets it again, and says so
                worker.ask(REPLY_S, do="pin", cores=chosen)

    pin(cores[-1:])
    try:
        yield
    finally:
        pin(cores)


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
