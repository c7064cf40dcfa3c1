"""Collects what decides how fast a process computes, besides its code. Standard library only."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path
from typing import Any

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
