"""Observes what a figure can depend on: the code that runs, and the files that it reads. Standard library only.

Only the side's own folders are observed: what both sides share, such as installed libraries, cannot differ. What cannot
be followed, such as another process, is named, so that it counts as changed.
"""

from __future__ import annotations

import _thread
import contextlib
import os
import resource
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import digests

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType, FrameType

    from .protocol import Message

# A module that reads Python files for their syntax trees only, so that comments and docstrings make no difference to
# it, says so under this name.
READS_SYNTAX = "__reads_syntax__"

# How the import system reads a module and lists a folder: these functions, called by these.
_IMPORTER = "<frozen importlib._bootstrap_external>"
_IMPORTING = frozenset({("get_data", "get_code"), ("_fill_cache", "find_spec")})
_LISTS = frozenset({"os.listdir", "os.scandir"})
_OTHER_PROCESSES = ("subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.system", "pty.spawn")
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Places:
    """Folders by a name that both sides share, and their files."""

    def __init__(self, folders: dict[str, str]) -> None:
        """Begin with some folders."""
        self._folders: list[tuple[str, str]] = []
        for name, folder in folders.items():
            self.add(name, folder)

    def add(self, name: str, folder: str) -> None:
        """Add a folder."""
        for path in dict.fromkeys((folder, os.path.realpath(folder))):
            place = name, path.rstrip(os.sep) + os.sep
            if place not in self._folders:
                self._folders.append(place)

    def path(self, file: object) -> str | None:
        """Return the path of a file in one of the folders, or None."""
        if not isinstance(file, str | bytes | os.PathLike):  # a number is a file that was opened before
            return None
        path = os.path.abspath(os.fsdecode(file))  # noqa: PTH100  # links stay
        return next((each for each in (path, os.path.realpath(path)) if self.name(each)), None)

    def name(self, path: str) -> str | None:
        """Return what both sides call a path, or None outside the folders."""
        for name, folder in self._folders:
            if path.startswith(folder) or path == folder.rstrip(os.sep):
                return f"{name}/{path[len(folder) :]}"
        return None


class Observer:
    """Notes which code of some folders this process runs, and which of their files it reads.

    ``places`` are the folders, by a name that both sides share. Make one observer a process, as Python keeps its audit
    hook for good; a forked process goes on with it.
    """

    def __init__(self, places: dict[str, str]) -> None:
        """Observe nothing yet; ``watching`` begins."""
        self.places = Places(places)
        self._met: dict[int, tuple[CodeType, str | None]] = {}  # the code is kept, so that no identity is used twice
        self._digests: dict[int, str] = {}
        self._read: dict[str, bool] = {}
        self._listed: set[str] = set()
        self._unseen: dict[str, None] = {}
        self._watching = False
        sys.addaudithook(self._on_event)
        # threading took its own reference when it was imported; no audit event tells of the others before Python 3.12.
        self._start_thread = _thread.start_new_thread
        _thread.start_new_thread = self._on_thread

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Observe this thread meanwhile, and the threads that it starts."""
        children = _children()
        threading.setprofile(self._on_call)
        sys.setprofile(self._on_call)
        self._watching = True
        try:
            yield
        finally:
            self._watching = False
            sys.setprofile(None)
            threading.setprofile(None)
            if _children() != children:
                self._unseen["it starts another process"] = None
            # Forked workers inherit what is known of the code that importing runs.
            self._digests |= {key: digests.of_code(code) for key, code in self._own() if key not in self._digests}

    def report(self) -> Message:
        """Return what was seen so far: code and files by the names of their places, and what could not be followed."""
        code = sorted(f"{self._met[key][1]} {digest}" for key, digest in self._digests.items())
        files = {
            self.places.name(path): digests.of_file(path, as_syntax=as_syntax) for path, as_syntax in self._read.items()
        }
        files |= {f"{self.places.name(path)}/": digests.of_listing(path) for path in self._listed}
        files |= {
            f"{self.places.name(path)}, loaded": digests.of_file(path) for path in _mapped() if self.places.name(path)
        }
        return {"code": code, "files": files, "unseen": list(self._unseen)}

    def _own(self) -> list[tuple[int, CodeType]]:
        return [(key, code) for key, (code, where) in list(self._met.items()) if where is not None]

    def _on_call(self, frame: FrameType, event: str, argument: object) -> None:  # noqa: ARG002  # Python's signature
        """Note code that is entered for the first time; runs at every call and return, of C functions, too."""
        if event == "call" and id(frame.f_code) not in self._met:
            self._met[id(frame.f_code)] = frame.f_code, self._where(frame)

    def _where(self, frame: FrameType) -> str | None:
        """Return file and name of code, or None where it is not the side's own; code that it generates is its own."""
        code, file = frame.f_code, frame.f_code.co_filename
        module = frame.f_globals.get("__file__") if file.startswith("<") else file
        name = self.places.name(module) if isinstance(module, str) else None
        return name and f"{name}:{getattr(code, 'co_qualname', code.co_name)}"

    def _on_event(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Note files that are opened, folders that are listed, and what begins where it cannot be seen."""
        if not self._watching:
            return
        if event == "open":
            self._opened(*arguments)
        elif event in _LISTS:
            path = self.places.path(arguments[0] or ".")
            if path is not None and not _imports(sys._getframe(1)):  # noqa: SLF001  # documented
                self._listed.add(path)
        elif event == "sys.setprofile" and sys._getframe(1).f_globals.get("__name__") != threading.__name__:  # noqa: SLF001
            self._unseen["it sets a profiler of its own"] = None
        elif event.startswith(_OTHER_PROCESSES):
            self._unseen["it starts another process"] = None

    def _on_thread(self, *arguments: Any) -> int:  # noqa: ANN401  # as those of the function
        """Start a thread, which nothing observes: only those of threading are told to call a profiler."""
        self._unseen["it starts a thread without threading"] = None
        return self._start_thread(*arguments)

    def _opened(self, file: object, mode: str | None, flags: int) -> None:
        path = self.places.path(file)
        frame = sys._getframe(2)  # noqa: SLF001  # documented
        reader = self._reader(frame)
        # asv_runner reads a benchmark's source for its version, which the check compares by itself.
        if path is None or _imports(frame) or _of_asv_runner(reader):
            return
        if any(letter in (mode or "") for letter in "wax+") or (mode is None and flags & _WRITES):
            self._unseen[f"it writes to {self.places.name(path)}"] = None
        self._read[path] = self._read.get(path, True) and bool(reader.get(READS_SYNTAX))

    def _reader(self, frame: FrameType | None) -> dict[str, Any]:
        """Return the globals of the module that reads a file: the side's own, or asv_runner, and not a library's."""
        while frame is not None:
            if _of_asv_runner(frame.f_globals) or self.places.name(frame.f_code.co_filename):
                return frame.f_globals
            frame = frame.f_back
        return {}


def _of_asv_runner(names: dict[str, Any]) -> bool:
    return str(names.get("__name__")).partition(".")[0] == "asv_runner"


def _imports(frame: FrameType) -> bool:
    """Say whether the import system itself is what opens a file or lists a folder: what it runs is seen as code."""
    above = frame.f_back
    names = frame.f_code.co_name, above.f_code.co_name if above else ""
    return frame.f_code.co_filename == _IMPORTER and names in _IMPORTING


def _mapped() -> list[str]:
    """Return the files that are mapped into this process: native libraries and data, which no audit event tells of."""
    with contextlib.suppress(FileNotFoundError):  # not Linux, where extension modules are still seen as modules
        lines = Path("/proc/self/maps").read_text(encoding="utf-8", errors="surrogateescape").splitlines()
        return sorted({fields[5] for line in lines if len(fields := line.split(maxsplit=5)) > 5})  # noqa: PLR2004
    files = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
    return sorted({file for file in files if isinstance(file, str) and not file.endswith(".py")})


def _children() -> tuple[int, int]:
    """Return what tells that a child was started: page faults of those that ended, and how many live."""
    living = 0
    for children in Path("/proc/self/task").glob("*/children"):
        with contextlib.suppress(FileNotFoundError):  # a thread that ended meanwhile
            living += len(children.read_text(encoding="ascii").split())
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_minflt, living
