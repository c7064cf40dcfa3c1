"""Finds imports that do not come from the side's own commit. Standard library only."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from urllib.parse import unquote


class OwnCode:
    """Where a side's own code lies, and which modules must be imported from there only.

    ``modules`` are those that either commit has, as a module that HEAD deleted may still be installed. ``root`` is the
    repository, below which an editable install finds the code that is checked out instead of a side's.
    """

    def __init__(self, code: str, suite: str, modules: list[str], root: str | None) -> None:
        """Find out what is installed here from the repository."""
        self._code = _names(code)
        self._root = () if root is None else _names(root)
        # A virtual environment may lie in the repository, and the suite is imported from the side's tree.
        self._besides = _names(code, suite, sys.prefix, sys.exec_prefix, sys.base_prefix)
        installed = _installed_from(self._root) if self._root else set()
        self._modules = {*modules, *installed} - {Path(suite).name}

    def foreign_imports(self) -> dict[str, str]:
        """Return the modules that this process imported from another copy, with their files."""
        # The script that runs is the check's own; multiprocessing knows it by a second name.
        script = sys.modules["__main__"]
        loaded = [(name, _file(module)) for name, module in list(sys.modules.items()) if module is not script]
        return {
            name: file
            for name, file in loaded
            if file
            and (
                (name in self._modules and not _below(os.path.realpath(file), self._code))
                or (_below(file, self._root) and not _below(file, self._besides))
            )
        }


def _installed_from(folders: tuple[str, ...]) -> set[str]:
    """Return the modules that are installed here from one of these folders or below it."""
    from importlib.metadata import distributions

    found = set()
    for each in distributions():
        url = json.loads(each.read_text("direct_url.json") or "{}").get("url", "")
        if url.startswith("file://") and _below(unquote(url.removeprefix("file://")), folders, itself=True):
            names = {file.parts[0].partition(".")[0] for file in each.files or () if "-info" not in file.parts[0]}
            found |= {name for name in names if name.isidentifier() and not name.startswith("__")}
    return found


def _names(*folders: str) -> tuple[str, ...]:
    """Return the paths of folders: as given, and with links resolved."""
    return tuple({name for folder in folders for name in (folder, os.path.realpath(folder))})


def _file(module: object) -> str | None:
    """Return a module's file, without triggering a lazy import."""
    file = getattr(module, "__dict__", {}).get("__file__")
    return file if isinstance(file, str) else None


def _below(file: str, folders: tuple[str, ...], *, itself: bool = False) -> bool:
    return any(file.startswith(folder.rstrip(os.sep) + os.sep) or (itself and file == folder) for folder in folders)
