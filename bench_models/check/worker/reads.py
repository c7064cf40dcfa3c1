"""Notes which files of some folders a process reads, lists and looks at. Standard library only.

Python announces that it opens or lists a file. That it asks for a file's size or whether it is there, it does not, so
these functions are replaced.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from . import digests

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType, FrameType

# A module that reads Python files for their syntax trees only, so that comments and docstrings make no difference to
# it, says so under this name.
READS_SYNTAX = "__reads_syntax__"

# How the import system reads a module and lists a folder: these functions, called by these.
_IMPORTER = "<frozen importlib._bootstrap_external>"
_IMPORTING = frozenset({("get_data", "get_code"), ("_fill_cache", "find_spec")})
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
# Who calls these asks what kind of file it is, if any, and not how large it is.
_ASK_FOR_KIND = frozenset(
    {"_joinrealpath", "exists", "is_dir", "is_file", "is_symlink", "isdir", "isfile", "islink", "ismount", "lexists"}
)


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
        return path if self.name(path) else None

    def name(self, path: str) -> str | None:
        """Return what both sides call a path, or None outside the folders."""
        for name, folder in self._folders:
            if path.startswith(folder) or path == folder.rstrip(os.sep):
                return f"{name}/{path[len(folder) :]}"
        return None

    def code(self, code: CodeType, names: dict[str, Any]) -> str | None:
        """Return file and name of code that runs with some globals, or None where it is not of these folders.

        Code that is generated is of the module's file whose globals these are.
        """
        file = names.get("__file__") if code.co_filename.startswith("<") else code.co_filename
        name = self.name(file) if isinstance(file, str) else None
        return name and f"{name}:{getattr(code, 'co_qualname', code.co_name)}"

    def is_library(self, code: CodeType, names: dict[str, Any]) -> bool:
        """Say whether code was loaded from elsewhere, with the module of these globals, so that all of that is shared.

        Code of these folders that runs with a library's globals is seen when it is read or handed to ``exec``.
        """
        files = names.get("__file__"), code.co_filename
        return all(isinstance(file, str) and not file.startswith("<") and not self.name(file) for file in files)


class Reads:
    """The files that a process read, listed and looked at, the code that it read, and the files it wrote to."""

    def __init__(self, places: Places) -> None:
        """Look at no function yet; ``watch_looks`` begins."""
        self._places = places
        self._read: dict[str, bool] = {}
        self._listed: dict[str, bool] = {}
        self._looked_at: dict[str, bool] = {}
        self._code: dict[str, str] = {}
        self.written: dict[str, None] = {}

    def watch_looks(self, is_on: Callable[[], bool]) -> None:
        """Replace the functions that tell whether a file is there and how large it is."""

        def watched(function: Callable[..., Any]) -> Callable[..., Any]:
            def look(path: Any, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401  # as the function's own
                if is_on():
                    self._look(path, sys._getframe(1))  # noqa: SLF001  # documented
                return function(path, *arguments, **named)

            return look

        for name in ("access", "lstat", "stat"):
            setattr(os, name, watched(getattr(os, name)))

    def open(self, file: object, mode: str | None, flags: int, frame: FrameType) -> None:
        """Take that a file is opened by the function of a frame."""
        path = self._places.path(file)
        if path is None or _imports(frame):
            return
        reader = self.reader(frame)
        if of_asv_runner(reader):  # for a benchmark's version, which the check compares by itself
            return
        if any(letter in (mode or "") for letter in "wax+") or (mode is None and flags & _WRITES):
            self.written[f"it writes to {self._places.name(path)}"] = None
        self._read[path] = self._read.get(path, True) and bool(reader.get(READS_SYNTAX))

    def list(self, folder: object, frame: FrameType, *, with_sizes: bool) -> None:
        """Take that a folder is listed; ``with_sizes`` says that the entries can tell their sizes."""
        path = self._places.path(folder or ".")
        if path is not None and not _imports(frame):
            self._listed[path] = self._listed.get(path, False) or with_sizes

    def code(self, code: CodeType, frame: FrameType) -> None:
        """Take that code is read by the function of a frame."""
        name = self._places.name(code.co_filename)
        if name is not None and not of_asv_runner(self.reader(frame)):
            self._code[f"{name}:{code.co_name}, as data"] = digests.of_code(code, whole=True)

    def reader(self, frame: FrameType | None) -> dict[str, Any]:
        """Return the globals of the module that acts: one of the folders, or asv_runner, and not a library."""
        while frame is not None:
            if of_asv_runner(frame.f_globals) or self._places.name(frame.f_code.co_filename):
                return frame.f_globals
            frame = frame.f_back
        return {}

    def digests(self) -> dict[str, str]:
        """Return a digest of what is in each file, listing, answer and code, by its name."""
        found = {
            path: digests.of_file(path, as_syntax=as_syntax, name=self._places.name(path) or "")
            for path, as_syntax in self._read.items()
        }
        found |= {f"{path}, listed": digests.of_listing(path, with_sizes=sizes) for path, sizes in self._listed.items()}
        found |= {f"{path}, looked at": digests.of_look(path, with_size=size) for path, size in self._looked_at.items()}
        return {**{str(self._places.name(path)): digest for path, digest in found.items()}, **self._code}

    def _look(self, file: object, frame: FrameType) -> None:
        path = self._places.path(file)
        if path is None or of_asv_runner(self.reader(frame)):
            return
        above = frame.f_back
        callers = {frame.f_code.co_name, above.f_code.co_name if above else ""}
        self._looked_at[path] = self._looked_at.get(path, False) or callers.isdisjoint(_ASK_FOR_KIND)


def of_asv_runner(names: dict[str, Any]) -> bool:
    """Say whether the globals of a module are those of one of asv_runner's."""
    return str(names.get("__name__")).partition(".")[0] == "asv_runner"


def _imports(frame: FrameType) -> bool:
    """Say whether the import system itself is what opens a file or lists a folder: what it runs is seen as code."""
    above = frame.f_back
    names = frame.f_code.co_name, above.f_code.co_name if above else ""
    return frame.f_code.co_filename == _IMPORTER and names in _IMPORTING
