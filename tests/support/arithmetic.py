"""The fast tests as on a CPU with bf16 arithmetic, and as on one that lacks it: ``tox -e bf16``.

What this package asks of the CPU is answered as told. Kernels are chosen by libraries: those of oneDNN and bitsandbytes
can be kept from using bf16 arithmetic, but not be given it where the CPU lacks it.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from unittest.mock import patch

from bench_models import machine

_FLAGS = frozenset({"avx512_bf16", "amx_bf16", "bf16"})

# Where bitsandbytes asks whether it may use kernels for it.
_ASKED = ("bitsandbytes.functional", "bitsandbytes.backends.cpu.ops", "bitsandbytes.nn.modules")


def keep_kernels_from_bf16() -> None:
    """Keep oneDNN from bf16 arithmetic, in this process and those that it starts; torch must not be imported yet."""
    os.environ["ONEDNN_MAX_CPU_ISA"] = "AVX512_CORE_VNNI"


@contextmanager
def cpu(*, with_bf16: bool) -> Iterator[None]:
    """Answer whoever asks for the CPU's flags that it has bf16 arithmetic, or that it lacks it."""
    with flags(with_bf16=with_bf16), nullcontext() if with_bf16 else _bitsandbytes_without():
        yield


@contextmanager
def flags(*, with_bf16: bool) -> Iterator[None]:
    """Answer whoever asks this package for the CPU's flags; imports no torch.

    A process that a test starts sees the true CPU, and its keys name other flags, unless it is told so too.
    """
    name, true = machine._cpu()
    told = true | {"avx512_bf16"} if with_bf16 else true - _FLAGS
    with patch.object(machine, "_cpu", lambda: (name, told)):
        yield


@contextmanager
def _bitsandbytes_without() -> Iterator[None]:
    import bitsandbytes  # noqa: F401  # its modules must be there to be patched

    patches = [patch(f"{module}.has_avx512bf16", lambda: False) for module in _ASKED]
    for each in patches:
        each.start()
    try:
        yield
    finally:
        for each in patches:
            each.stop()
