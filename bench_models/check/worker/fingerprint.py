"""Tells what a process is: what decides how fast it computes, and imports that are not of its side's own commit.

Standard library only.
"""

from __future__ import annotations

import json
import os
import platform
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote

# Variables that choose kernels, threads or devices.
_FLAGS: tuple[str, ...] = (
    "ATEN_",
    "CUDA_",
    "DNNL_",
    "GOMP_",
    "KMP_",
    "LD_PRELOAD",
    "MALLOC_",
    "MKL_",
    "OMP_",
    "ONEDNN_",
    "NUMEXPR_",
    "OPENBLAS_",
    "PYTORCH_",
    "TORCH_",
    "VECLIB_",
)


def count_threads() -> int:
    """Return how many threads this process has, or 1 where that cannot be seen."""
    tasks = Path("/proc/self/task")
    return len(list(tasks.iterdir())) if tasks.is_dir() else 1


def facts() -> dict[str, Any]:
    """Return the Python of this side, its environment and its libraries."""
    from importlib.metadata import distributions

    found = [_name_and_version(each) for each in distributions()]
    libraries = {name: version for name, version in found if name and version}
    return {"python": platform.python_version(), "prefix": sys.prefix, "libraries": libraries}


def _name_and_version(distribution: Any) -> tuple[str | None, str | None]:  # noqa: ANN401  # its type lacks get
    """Return what a distribution is, None for what a broken installation left behind lacks."""
    try:
        metadata = distribution.metadata or {}
    except OSError:  # so says the backport, importlib_metadata, once a suite has imported it
        metadata = {}
    return metadata.get("Name"), metadata.get("Version")


def of_this_process() -> dict[str, str]:
    """Return what decides how fast this process computes, besides the code and the libraries."""
    found = {name: value for name, value in sorted(os.environ.items()) if name.startswith(_FLAGS)}
    found["machine"] = f"{platform.system()} {platform.machine()}"
    if "torch" in sys.modules:
        import torch

        found |= {
            "torch threads": str(torch.get_num_threads()),
            "device": torch.cuda.get_device_name() if torch.cuda.is_initialized() else "cpu",
            "torch matmul precision": torch.get_float32_matmul_precision(),
            "torch mkldnn": str(torch.backends.mkldnn.enabled),
            "torch deterministic": str(torch.are_deterministic_algorithms_enabled()),
        }
    return found


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
        installed = _installed_from(self._root, besides=self._code) if self._root else set()
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


def _installed_from(folders: tuple[str, ...], *, besides: tuple[str, ...]) -> set[str]:
    """Return the modules that are installed here from one of these folders or below it.

    What lies ``besides`` is not read: the observer would take it for something that the suite depends on, and pip notes
    there from where the side's package was installed, which differs between the sides.
    """
    from importlib.metadata import distributions

    found = set()
    path = [each for each in sys.path if not _below(each, besides, itself=True)]
    for each in distributions(path=path):
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
