"""A process of one side: requests, replies and failures, as the check sees them."""

import contextlib
import os
import signal
from collections.abc import Iterator, Mapping
from pathlib import Path

from bench_models.check.worker.protocol import Channel, ChannelClosedError, GarbageError, Message
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
        with self._as_failure(timeout_s):
            received = self._channel.receive(timeout_s)
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

    @contextlib.contextmanager
    def asleep(self) -> Iterator[None]:
        """Stop the process and all it started meanwhile, so that none of its threads disturbs another process."""
        self._signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._signal(signal.SIGCONT)

    def end(self) -> None:
        """End the process and all it started, so that its ports and its core are free for what follows."""
        self._signal(signal.SIGKILL)
        self._channel.await_end(_DEATH_S)
        self._channel.close()

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._pid, number)

    @contextlib.contextmanager
    def _as_failure(self, timeout_s: float) -> Iterator[None]:
        try:
            yield
        except TimeoutError as error:
            raise WorkerSpoiltError(f"no answer within the benchmark's timeout of {timeout_s:g} s") from error
        except GarbageError as error:
            raise WorkerSpoiltError(f"the worker answered with garbage: {error}") from error
        except ChannelClosedError as error:
            raise WorkerLostError(f"its worker died{self._last_words()}") from error

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
    with other.asleep():
        yield workers[side]


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
