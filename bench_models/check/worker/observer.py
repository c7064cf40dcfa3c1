"""Observes what a figure can depend on: the code that runs, and the files that it reads. Standard library only.

Only the side's own folders are observed: what both sides share, such as installed libraries, cannot differ. What cannot
be followed, such as another process, is named, so that it counts as changed.
"""

from __future__ import annotations

import _thread
import contextlib
import functools
import platform
import resource
import sys
import threading
from pathlib import Path
from types import FunctionType
from typing import TYPE_CHECKING, Any

from . import digests
from .reads import Places, Reads

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType, FrameType, ModuleType

    from .protocol import Message

_LISTS = {"os.listdir": False, "os.scandir": True}  # whether the entries can tell their sizes
_OTHER_PROCESSES = ("subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.system", "pty.spawn")
# What makes Python call functions that the profiler is not told of, or that displaces the profiler.
_UNFOLLOWED = ("sys.settrace", "sys.addaudithook", "sys.monitoring", "sys.setprofile")
# Who runs code of a file as the module that it is.
_IMPORTERS = "<frozen importlib."
# Libraries that read docstrings as data.
_READ_DOCSTRINGS = frozenset({"docopt", "doctest", "ply"})
_QUALIFIED_NAMES = (3, 11)  # before this version, code does not tell which class it is of


class Observer:
    """Notes which code of some folders this process runs, and which of their files it reads.

    ``places`` are the folders, by a name that both sides share. Make one observer a process, as Python keeps its audit
    hook for good; a forked process goes on with it.
    """

    def __init__(self, places: dict[str, str]) -> None:
        """Observe nothing yet; ``watching`` begins."""
        self.places = Places(places)
        self._reads = Reads(self.places)
        self._met: dict[int, tuple[CodeType, str | None]] = {}  # the code is kept, so that no identity is used twice
        self._libraries: dict[int, dict[str, Any]] = {}  # globals, which are kept for the same reason
        self._digests: dict[int, str] = {}
        self._whole: dict[str, str] = {}
        self._unseen: dict[str, None] = {}
        self._reads_docstrings = False
        self._watching = False
        if sys.version_info < _QUALIFIED_NAMES:
            self._unseen["it runs in a Python before 3.11"] = None
        _ask_for_platform()
        self._add_modules(_modules_in(self.places))  # imported before: what they run is not seen
        sys.addaudithook(self._on_event)
        self._reads.watch_looks(lambda: self._watching)
        # threading took its own reference when it was imported; no audit event tells of the others before Python 3.12.
        self._start_thread = _thread.start_new_thread
        _thread.start_new_thread = _thread.start_new = self._on_thread  # its old name

    @contextlib.contextmanager
    def watching(self, *, imports_count: bool = False) -> Iterator[None]:
        """Observe this thread meanwhile, and the threads that it starts.

        ``imports_count`` says that importing is part of what is measured, so that modules count with all their text.
        """
        children, modules, hook = _children(), _modules_in(self.places), self._on_call
        threading.setprofile(hook)
        sys.setprofile(hook)
        self._watching = True
        try:
            yield
        finally:
            self._watching = False
            sys.setprofile(None)
            if threading.getprofile() is not hook:
                self._unseen["it sets a profiler of its own"] = None
            threading.setprofile(None)
            if _children() != children:
                self._unseen["it starts another process"] = None
            if imports_count:
                known = {id(module) for module in modules}
                self._add_modules([module for module in _modules_in(self.places) if id(module) not in known])
            # Forked workers inherit what is known of the code that importing runs.
            self._take_digests()

    def count_modules(self) -> None:
        """Let all modules count with their whole text, as for the memory of a process."""
        self._add_modules(_modules_in(self.places))

    def report(self) -> Message:
        """Return what was seen so far: code and files by the names of their places, and what could not be followed."""
        if self._reads_docstrings or not _READ_DOCSTRINGS.isdisjoint(sys.modules):
            self.count_modules()
        code = sorted(f"{self._met[key][1]} {digest}" for key, digest in self._digests.items())
        loaded = {f"{name}, loaded": digests.of_file(path) for path in _mapped() if (name := self.places.name(path))}
        unseen = [*self._unseen, *self._reads.written]
        return {"code": code, "files": {**self._reads.digests(), **self._whole, **loaded}, "unseen": unseen}

    def _take_digests(self) -> None:
        for key, (code, where) in list(self._met.items()):
            if where is not None and key not in self._digests:
                self._digests[key] = digests.of_code(code)
                self._reads_docstrings |= digests.loads_docstring(code)

    def _add_modules(self, modules: list[ModuleType]) -> None:
        for module in modules:
            self._whole[f"{self.places.name(str(module.__file__))}, as a whole"] = digests.of_file(str(module.__file__))

    def _on_call(self, frame: FrameType, event: str, argument: object) -> None:  # noqa: ARG002  # Python's signature
        """Note code that is entered for the first time; runs at every call and return, of C functions, too."""
        if event == "call" and id(names := frame.f_globals) not in self._libraries:
            code = frame.f_code  # once, as reading it is an event by itself
            if id(code) not in self._met:
                self._met[id(code)] = code, self.places.code(code, names)
                if self.places.is_library(code, names):
                    self._libraries[id(names)] = names

    def _on_event(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Note files that are opened, folders that are listed, and what begins where it cannot be seen."""
        if not self._watching or event == "sys._getframe":  # which follows, and is announced, too
            return
        # Of these there are millions: one whenever the profiler above reads the code of a frame.
        if event == "object.__getattr__" and arguments[1] != "__code__":
            return
        frame = sys._getframe(1)  # noqa: SLF001  # documented
        if event == "open":
            self._reads.open(arguments[0], arguments[1], arguments[2], frame)
        elif event in _LISTS:
            self._reads.list(arguments[0], frame, with_sizes=_LISTS[event])
        elif event == "object.__getattr__":
            self._on_code_read(arguments[0], frame)
        elif event == "exec" and not frame.f_code.co_filename.startswith(_IMPORTERS):
            self._reads.code(arguments[0], frame)  # in whose globals, it does not tell
        elif event.startswith(_UNFOLLOWED) and frame.f_globals.get("__name__") != threading.__name__:
            self._unseen[f"it calls {event}"] = None
        elif event.startswith(_OTHER_PROCESSES):
            self._unseen["it starts another process"] = None

    def _on_code_read(self, function: object, frame: FrameType) -> None:
        """Note code that is read and not entered, as compilers, inspect and pickles do."""
        if isinstance(function, FunctionType):
            self._watching = False  # as reading it here is no part of the benchmark
            self._reads.code(function.__code__, frame)
            self._watching = True

    def _on_thread(self, *arguments: Any) -> int:  # noqa: ANN401  # as those of the function
        """Start a thread, which nothing observes: only those of threading are told to call a profiler."""
        self._unseen["it starts a thread without threading"] = None
        return self._start_thread(*arguments)


def _ask_for_platform() -> None:
    """Let platform ask other programs now what this interpreter and its machine are, and keep the answers.

    Libraries ask for that when they are imported. It is the same on both sides, as they share the interpreter.
    """
    ask = getattr(platform, "_syscmd_file", None)  # no public function keeps its answer
    if ask is not None:
        platform._syscmd_file = functools.cache(ask)  # type: ignore[attr-defined]  # noqa: SLF001  # likewise
    platform.architecture()
    platform.processor()


def _modules_in(places: Places) -> list[ModuleType]:
    modules = list(sys.modules.values())
    return [module for module in modules if places.path(getattr(module, "__file__", None))]


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
