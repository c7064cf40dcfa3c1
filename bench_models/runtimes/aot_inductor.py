"""AOTInductor: PyTorch's compiler ahead of time, which makes a model a library of C++ kernels for this CPU.

The weights are part of the library. What depends on them alone is computed when it is made (freezing), and elementwise
operators are fused; matrices are multiplied by the libraries that eager PyTorch has. Both sizes of the input are free.
"""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, ClassVar
from zipfile import ZipFile

import numpy as np
from numpy.typing import NDArray

from bench_models.errors import BenchModelsError
from bench_models.machine import cpu_identity
from bench_models.runtimes import compiled_products, torch_trace
from bench_models.runtimes.artifact import ArtifactRuntime, Tolerance
from bench_models.runtimes.kernels import Kernel
from bench_models.runtimes.session import THREADS, Session
from bench_models.tokenizer import Batch

if TYPE_CHECKING:
    from torch import nn

    from bench_models.recipes.step import Format

FILENAME = "model.pt2"

# Of logits of a few units each: sums in another order move those of MiniLM by 0.00001 at most, and no answer.
_TOLERANCE = Tolerance(logit_difference=0.01, other_answers_pct=1.0)
# As torch looks for it.
_COMPILER = os.environ.get("CXX", "g++")
# What a package tells of itself, as JSON.
_PRODUCTS, _LONGEST = "products", "longest"


@dataclass(frozen=True, slots=True, kw_only=True)
class AotInductor(ArtifactRuntime):
    """A package of AOTInductor; ``model.pt2`` is what is shipped, for CPUs like the one that it was made on.

    It computes in the precision that the model's steps leave it in. ``allowed`` is how differently it may answer than
    eager PyTorch, if that is to be other than usual.
    """

    name: ClassVar[str] = "AOTInductor"
    format: ClassVar[str] = "aot-inductor"
    made_of: ClassVar["Format"] = "torch-export"
    extra: ClassVar[str] = "models"
    takes_minutes: ClassVar[bool] = True

    allowed: Tolerance | None = None

    def __str__(self) -> str:
        """Return it as tables show it."""
        return self.name

    @property
    def libraries(self) -> tuple[str, ...]:
        """What it needs besides torch, which every row does: nothing that is a package."""
        return ()

    @property
    def tolerance(self) -> Tolerance:
        """How differently it may answer than eager PyTorch."""
        return self.allowed or _TOLERANCE

    @property
    def of_machine(self) -> tuple[str, ...]:
        """The CPU, the compiler and what torch's compiler is told, as kernels are compiled for this very CPU."""
        told = sorted(f"{name}={value}" for name, value in os.environ.items() if name.startswith("TORCHINDUCTOR_"))
        return *cpu_identity(), *_compiler(), *told

    def unavailable_reason(self) -> str | None:
        """Return why nothing can be compiled here, or None where there is a C++ compiler."""
        if sys.platform != "linux":
            return f"{self.name} needs Linux: elsewhere its kernels do not tell that they ran"
        if shutil.which(_COMPILER):
            return None
        missing = f"there is no program {_COMPILER!r}"
        return f"{self.name} needs a C++ compiler, and {missing}: install g++, or name another in CXX"

    def write(self, model: "nn.Module", folder: Path) -> None:
        """Write ``model.pt2``, which takes half a minute or so.

        Raises ``BenchModelsError`` where the model cannot be exported or its kernels not be compiled.
        """
        import torch
        from torch._inductor import aoti_compile_and_package
        from torch._inductor.utils import fresh_cache

        from bench_models.runtimes.exporters import longest, program, quiet

        # A cache would outlive the artifact, outside of the store.
        with TemporaryDirectory() as scratch, quiet(), fresh_cache(dir=scratch), torch.no_grad():
            try:
                exported = program(model)
                for node in exported.graph.nodes:
                    # Each kernel would take 15 microseconds to read its own at each call, and ship our folders' names.
                    node.meta.pop("stack_trace", None)
                options = {
                    "freezing": True,
                    "aot_inductor.precompile_headers": False,  # 280 MB, which are outside of any fresh cache
                    # How many threads share a kernel is decided when it is compiled.
                    "cpp.threads": THREADS,
                    # Each kernel tells that it ran.
                    "cpp.enable_kernel_profile": True,
                    "aot_inductor.metadata": {
                        _PRODUCTS: json.dumps(compiled_products.of(exported)),
                        _LONGEST: json.dumps(longest(exported)),
                    },
                }
                aoti_compile_and_package(exported, package_path=str(folder / FILENAME), inductor_configs=options)
            except (RuntimeError, subprocess.CalledProcessError) as error:
                lines = str(error).strip().splitlines() or ["no reason is given"]
                said = next((line for line in lines if "error: " in line), lines[0])  # as a compiler marks its own
                raise BenchModelsError(f"AOTInductor cannot compile it ({type(error).__name__}: {said})") from error

    def load(self, folder: Path, *, threads: int) -> Session:
        """Return a session of ``model.pt2``; ``threads`` are those of matrix products."""
        return _session(_loaded(folder / FILENAME), threads=threads)

    def kernels(self, folder: Path, batch: Batch) -> tuple[Kernel, ...]:
        """Return the kernels that one call of ``model.pt2`` runs."""
        loaded = _loaded(folder / FILENAME)
        session = _session(loaded, threads=THREADS)
        ran = Counter(each.name for each in torch_trace.operators(lambda: session(batch)))
        products = json.loads(loaded.get_metadata()[_PRODUCTS])
        return compiled_products.counted(ran, products, *batch.input_ids.shape)


@cache
def _compiler() -> tuple[str, str]:
    """Return where the compiler is, and the first line that it says of itself; nothing where there is none."""
    found = shutil.which(_COMPILER)
    if not found:
        return "", ""
    told = subprocess.run([_COMPILER, "--version"], capture_output=True, text=True, check=False)
    return found, told.stdout.partition("\n")[0]


def _loaded(file: Path) -> Any:  # noqa: ANN401  # torch's loader has no public type
    """Return a loaded package.

    torch's own opener leaves what it has unpacked in the folder of temporary files where a process ends abruptly, as a
    forked one does. What is unpacked here is removed at once: the library is in memory.
    """
    from torch import _C

    with TemporaryDirectory() as unpacked, ZipFile(file) as package:
        package.extractall(unpacked)
        return _C._aoti.AOTIModelPackageLoader(unpacked, "model", False, 1, -1)  # noqa: FBT003, SLF001  # torch's own


def _session(loaded: Any, *, threads: int) -> Session:  # noqa: ANN401  # likewise
    from bench_models.runtimes.exporters import session_of

    most = json.loads(loaded.get_metadata()[_LONGEST])
    session = session_of(lambda *inputs: loaded.run(list(inputs))[0], threads)

    def answer(batch: Batch) -> NDArray[np.float32]:
        sentences, tokens = batch.input_ids.shape
        if most is not None and tokens > most:  # the library would read what lies behind its positions
            raise BenchModelsError(f"the file cannot answer {sentences} sentences of {tokens} tokens: it takes {most}")
        return session(batch)

    return answer
