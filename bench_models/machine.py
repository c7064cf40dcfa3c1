"""The machine and the library versions that are recorded with every number."""

import os
import platform
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

from msgspec import Meta

# Flags that change which kernels run, and so both speed and the last digits of a result. CPUs
# without VNNI even saturate INT8 products, which changes answers.
_KERNEL_FLAGS = (
    "avx2",
    "avx512f",
    "avx512_vnni",
    "avx_vnni",
    "avx512_bf16",
    "avx512_fp16",
    "amx_bf16",
    "amx_int8",
    "asimd",
    "asimddp",
    "bf16",
    "i8mm",
    "sve",
)

# Each of them decides how OpenMP's threads wait, for one implementation or for all.
_WAITING = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME", "KMP_LIBRARY")

MEASURING_LIBRARIES = ("torch", "transformers", "tokenizers", "numpy", "asv", "asv_runner")


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """The machine that a number was measured on; unlike machines are never compared."""

    cpu: str
    cpu_flags: tuple[str, ...]
    cores: Annotated[int, Meta(ge=1)]
    memory_bytes: Annotated[int, Meta(ge=1)]
    system: str
    python: str


def this_machine() -> Machine:
    """Describe the machine that runs this process."""
    cpu, flags = _cpu()
    return Machine(
        cpu=cpu,
        cpu_flags=tuple(flag for flag in _KERNEL_FLAGS if flag in flags),
        cores=os.cpu_count() or 1,
        memory_bytes=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        system=f"{platform.system()} {platform.machine()}",
        python=platform.python_version(),
    )


def cpu_identity() -> tuple[str, ...]:
    """Return the CPU's name and all that it can do, of which a compiler may use anything."""
    name, flags = _cpu()
    return name, *sorted(flags)


# Where Linux says how much processor time a container may use: microseconds in a period, and the period, or "max".
_PROCESSOR_TIME = Path("/sys/fs/cgroup/cpu.max")


def available_cores() -> int:
    """Return how many cores this process may use, at least 1: those of its affinity, or its container's share."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    told = _PROCESSOR_TIME.read_text().split() if _PROCESSOR_TIME.is_file() else []
    quota = [int(each) for each in told if each.isdigit()]
    return max(1, min(cores, quota[0] // quota[1])) if len(quota) > 1 else cores


# Where Linux says how many bytes a container may use, in the second version of its control groups and in the first.
_MEMORY_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def available_memory() -> int:
    """Return the bytes of memory that this process and those it starts may use: the machine's, or a container's."""
    limits = [int(told) for file in _MEMORY_LIMITS if file.is_file() and (told := file.read_text().strip()).isdigit()]
    return min([this_machine().memory_bytes, *limits])


# Keeps ONNX Runtime from sending anything, and from starting a thread for that when it is imported.
NO_TELEMETRY = "ORT_DISABLE_TELEMETRY"


# The flags of which one says that a CPU has arithmetic of a 16-bit type, by PyTorch's name of the type.
_ARITHMETIC = {
    "bfloat16": frozenset({"avx512_bf16", "amx_bf16", "bf16"}),
    "float16": frozenset({"avx512_fp16", "amx_fp16", "asimdhp"}),
}


def emulated_types() -> tuple[str, ...]:
    """Return the 16-bit types that this CPU computes by others, which takes longer; none if its flags are unknown."""
    _, flags = _cpu()
    return tuple(name for name, native in _ARITHMETIC.items() if flags and native.isdisjoint(flags))


def saturates_int8() -> bool:
    """Say whether sums of INT8 products overflow on this CPU, as on x86 without VNNI, which gives wrong answers."""
    flags = {*this_machine().cpu_flags}
    return "avx2" in flags and flags.isdisjoint(("avx512_vnni", "avx_vnni", "amx_int8"))


def passive_waiting() -> dict[str, str]:
    """Return the variables that let threads sleep while they wait for each other, unless the user has chosen.

    OpenMP's threads spin by default. On cores that are shared, one that spins keeps the one it waits for from
    running: docs/performance.md has both measured. OpenMP reads the variables when torch is imported.
    """
    return {} if any(name in os.environ for name in _WAITING) else {"OMP_WAIT_POLICY": "PASSIVE"}


def return_freed_memory() -> None:
    """Let the C library give freed memory back to the system, where it can.

    glibc keeps what lies below memory that is still used: some 450 MiB after a training, and more after the next one.
    """
    import ctypes

    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def library_versions(names: tuple[str, ...] = MEASURING_LIBRARIES) -> dict[str, str]:
    """Return the installed version of each library; imports none of them."""
    return {name: version(name) for name in names}


@cache
def _cpu() -> tuple[str, frozenset[str]]:
    """Return the CPU's model name and flags, as far as the system tells them without root."""
    facts = Path("/proc/cpuinfo")
    if not facts.exists():
        return platform.processor() or platform.machine(), frozenset()
    lines = (line.partition(":") for line in facts.read_text(encoding="utf-8").splitlines())
    fields = {name.strip(): value.strip() for name, _, value in lines}
    name = fields.get("model name") or platform.processor() or platform.machine()
    return name, frozenset((fields.get("flags") or fields.get("Features") or "").split())
