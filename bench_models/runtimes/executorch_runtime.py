"""ExecuTorch on the CPU: a program whose memory is planned when it is written, most of which XNNPACK computes."""

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, ClassVar, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from bench_models.errors import BenchModelsError
from bench_models.runtimes import compiled_products, executorch_profile
from bench_models.runtimes.artifact import ArtifactRuntime, Tolerance
from bench_models.runtimes.compiled_products import Product
from bench_models.runtimes.kernels import Kernel
from bench_models.runtimes.session import THREADS, Session, errors_told, silent
from bench_models.text import listed
from bench_models.tokenizer import MAX_TOKENS, Batch

if TYPE_CHECKING:
    from torch import nn
    from torch.export import ExportedProgram

    from bench_models.recipes.step import Format

FILENAME = "model.pte"
# What memory is planned for, all of which a process takes at its first call: as many sentences as measuring asks at
# once, as long as it cuts them. For 512 tokens a small model would take 1.3 GB.
SENTENCES, TOKENS = 32, MAX_TOKENS
# A method of the file beside the model's own, which tells its products of matrices as JSON.
_PRODUCTS = "products"

_Quantization = Literal["none", "int8-dynamic"]

# Of logits of a few units each. Sums in another order move fp32 logits of MiniLM by 0.00002 at most; INT8 moves those
# of three layers by 0.28 at most, and 0.9 % of answers. Six layers move them four times as far in ONNX Runtime.
_TOLERANCES: dict[_Quantization, Tolerance] = {
    "none": Tolerance(logit_difference=0.01, other_answers_pct=1.0),
    "int8-dynamic": Tolerance(logit_difference=4.0, other_answers_pct=3.0),
}

# What this process has.
_threads: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecuTorch(ArtifactRuntime):
    """ExecuTorch with XNNPACK, and its portable kernels for what that lacks; ``model.pte`` is what is shipped.

    ``quantization`` says what becomes of weights. ``none`` leaves the model's precision. ``int8-dynamic`` makes weights
    INT8, with a scale for each channel, and embeddings, with one for each word piece, and quantizes activations when
    they are multiplied. A call answers 32 sentences of 128 tokens at most, as memory is planned for so many.
    ``allowed`` is how differently it may answer than eager PyTorch, if that is to be other than usual.
    """

    name: ClassVar[str] = "ExecuTorch"
    format: ClassVar[str] = "executorch"
    made_of: ClassVar["Format"] = "torch-export"
    extra: ClassVar[str] = "executorch"
    takes_minutes: ClassVar[bool] = True

    quantization: _Quantization = "none"
    allowed: Tolerance | None = None

    def __post_init__(self) -> None:
        """Refuse other quantizations."""
        if self.quantization not in get_args(_Quantization):
            known = " or ".join(map(repr, get_args(_Quantization)))
            raise BenchModelsError(f"ExecuTorch(quantization={self.quantization!r}): choose {known}")

    def __str__(self) -> str:
        """Return it as tables show it."""
        return f"{self.name}{', dynamic INT8' if self.quantization == 'int8-dynamic' else ''}"

    @property
    def libraries(self) -> tuple[str, ...]:
        """What it needs, besides torch; torchao quantizes."""
        return "executorch", *(("torchao",) if self.quantization == "int8-dynamic" else ())

    @property
    def tolerance(self) -> Tolerance:
        """How differently it may answer than eager PyTorch."""
        return self.allowed or _TOLERANCES[self.quantization]

    def write(self, model: "nn.Module", folder: Path) -> None:
        """Write ``model.pte``, which takes a minute or two.

        Raises ``BenchModelsError`` where ExecuTorch lacks an operator of the model, or INT8 is to follow 16 bits.
        """
        import torch

        from bench_models.runtimes.exporters import program, quiet

        int8 = self.quantization == "int8-dynamic"
        positions = getattr(model.config, "max_position_embeddings", TOKENS)
        with quiet(), silent(), torch.no_grad():
            from executorch.exir.error import ExportError, InternalError

            try:
                exported = program(
                    _in_int8(model) if int8 else model,
                    sentences=SENTENCES,
                    tokens=TOKENS if positions > TOKENS else None,
                )
                lowered = _lowered(exported, int8=int8)
                with (folder / FILENAME).open("wb") as file:
                    lowered.write_to_file(file)
            except (RuntimeError, AssertionError, ValueError, ExportError, InternalError) as error:
                said = " ".join(str(error).strip().splitlines()[:1]) or "no reason is given"
                raise BenchModelsError(f"ExecuTorch cannot lower it ({type(error).__name__}: {said})") from error

    def load(self, folder: Path, *, threads: int) -> Session:
        """Return a session of ``model.pte``; all sessions of a process have the same threads."""
        return _session(_loaded(folder / FILENAME, threads=threads))

    def kernels(self, folder: Path, batch: Batch) -> tuple[Kernel, ...]:
        """Return the kernels that one call of ``model.pte`` runs."""
        loaded = _loaded(folder / FILENAME, threads=_threads or THREADS, profiled=True)
        _session(loaded)(batch)
        with TemporaryDirectory() as scratch:
            file = Path(scratch) / "profile"
            loaded.write_etdump_result_to_file(str(file))
            profile = file.read_bytes()
        products = json.loads(loaded.run_method(_PRODUCTS, [])[0])
        return executorch_profile.kernels(profile, products, *batch.input_ids.shape)


def _in_int8(model: "nn.Module") -> "nn.Module":
    """Return a copy whose linear layers and embeddings are INT8, as torchao writes them for ExecuTorch.

    Raises ``BenchModelsError`` for weights that are not in float32: such a file would be written, and not run.
    """
    import torch
    from torch import nn
    from torchao.quantization import Int8DynamicActivationIntxWeightConfig, IntxWeightOnlyConfig, quantize_
    from torchao.quantization.granularity import PerAxis

    def is_a(kind: type[nn.Module]) -> Callable[[nn.Module, str], bool]:
        return lambda module, _: isinstance(module, kind)

    kinds = {str(each.dtype).removeprefix("torch.") for each in model.parameters()}
    if kinds != {"float32"}:
        raise BenchModelsError(
            f"ExecuTorch quantizes weights in float32, and these are in {listed(sorted(kinds))}: leave out the "
            "step that casts them, or the quantization"
        )
    model = deepcopy(model)
    by_row = PerAxis(0)
    linear = Int8DynamicActivationIntxWeightConfig(weight_dtype=torch.int8, weight_granularity=by_row)
    quantize_(model, linear, filter_fn=is_a(nn.Linear))
    quantize_(model, IntxWeightOnlyConfig(weight_dtype=torch.int8, granularity=by_row), filter_fn=is_a(nn.Embedding))
    for module in model.modules():
        if isinstance(module, nn.Embedding):
            module.padding_idx = None  # which says something of training alone, and ExecuTorch would not recognize it
    return model


def _lowered(exported: "ExportedProgram", *, int8: bool) -> Any:  # noqa: ANN401  # its library has no public types
    """Return a program as ExecuTorch writes it, which tells its products, too."""
    from executorch.backends.xnnpack.partition.config.xnnpack_config import ConfigPrecisionType
    from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
    from executorch.exir import (
        EdgeCompileConfig,
        EdgeProgramManager,
        ExecutorchBackendConfig,
        to_edge_transform_and_lower,
    )
    from executorch.kernels import quantized  # noqa: F401  # registers the operator that an INT8 embedding becomes

    # Layers that quantize their activations are parts by themselves, as ExecuTorch's own exporters have them.
    dynamic = XnnpackPartitioner(config_precisions=ConfigPrecisionType.DYNAMIC_QUANT, per_op_mode=True)
    parts = [dynamic, XnnpackPartitioner()] if int8 else [XnnpackPartitioner()]
    config = EdgeCompileConfig(_check_ir_validity=not int8)  # which would refuse torchao's operators
    program = to_edge_transform_and_lower(exported, partitioner=parts, compile_config=config).exported_program()
    told = {_PRODUCTS: json.dumps(list(_products(program)))}
    edge = EdgeProgramManager(program, constant_methods=told, compile_config=config)
    return edge.to_executorch(ExecutorchBackendConfig(do_quant_fusion_and_const_prop=int8))


def _products(program: "ExportedProgram") -> Iterator[list[Product]]:
    """Yield the products of what is left to ExecuTorch's own kernels, then those of each part that XNNPACK computes."""
    from executorch.exir.delegate import executorch_call_delegate

    sizes = compiled_products.sizes_of(program)
    yield list(compiled_products.among(program.graph.nodes, *sizes))
    for node in program.graph.nodes:
        if node.op == "call_function" and node.target is executorch_call_delegate:
            part = getattr(program.graph_module, str(node.args[0]))
            yield list(compiled_products.among(part.original_module.graph.nodes, *sizes))


def _loaded(file: Path, *, threads: int, profiled: bool = False) -> Any:  # noqa: ANN401  # likewise
    """Return a loaded file; raises ``BenchModelsError`` where it is none, or of another version.

    The threads of a process cannot be changed after that: ExecuTorch would free what sessions hold.
    """
    global _threads  # noqa: PLW0603  # as its library has it
    import torch

    from bench_models.runtimes.exporters import quiet

    if _threads not in {None, threads}:
        raise BenchModelsError(
            f"ExecuTorch has {_threads} threads in this process, and {threads} are asked for: open that session in "
            "another process"
        )
    with quiet(), silent():
        from executorch.extension.pybindings import _C  # its public module imports all that writes files: 4 s
        from executorch.kernels import quantized  # noqa: F401  # registers the kernel of an INT8 embedding

        torch.set_num_threads(threads)
        if _threads is None:
            _C._unsafe_reset_threadpool(threads)  # noqa: SLF001  # it has no other way
            _threads = threads
        try:
            loaded = _C._load_for_executorch(str(file), enable_etdump=profiled)  # noqa: SLF001  # likewise
            loaded.method_meta("forward")  # which reads the file
        except RuntimeError as error:
            raise BenchModelsError(f"ExecuTorch cannot load {file.name} ({error})") from error
        return loaded


def _session(loaded: Any) -> Session:  # noqa: ANN401  # likewise
    import torch

    def answer(batch: Batch) -> NDArray[np.float32]:
        inputs = [torch.from_numpy(batch.input_ids), torch.from_numpy(batch.attention_mask)]
        with errors_told(batch, RuntimeError):
            return loaded.forward(inputs)[0].float().numpy()  # type: ignore[no-any-return]  # it has no types

    return answer
