"""OpenVINO on the CPU: a graph that is compiled when it is loaded, computed in fp32 or, in part, in INT8."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, ClassVar, Literal, get_args

from bench_models.errors import BenchModelsError
from bench_models.machine import saturates_int8, this_machine
from bench_models.runtimes import onnx_file, openvino_file, openvino_graph, openvino_quantization
from bench_models.runtimes.artifact import ArtifactRuntime, Tolerance
from bench_models.runtimes.kernels import Kernel
from bench_models.runtimes.session import Session
from bench_models.tokenizer import Batch

if TYPE_CHECKING:
    from torch import nn

    from bench_models.recipes.step import Format

FILENAME = "model.xml"
BESIDE = ("model.bin",)  # which has the weights

_Weights = Literal["float16", "float32"]
_Quantization = Literal["none", "int8-static"]

# Of logits of a few units each. As in ONNX Runtime, sums in another order move those of MiniLM by 0.00003 at most;
# weights that were rounded to 16 bits move them by 0.015 at most, and no answer. INT8 moves them by 0.6 (three layers)
# to 2.1 (six) at most, and 0.9 to 1.2 % of answers, with weights of 7 bits.
_TOLERANCES: dict[_Weights, Tolerance] = {
    "float32": Tolerance(logit_difference=0.01, other_answers_pct=1.0),
    "float16": Tolerance(logit_difference=0.1, other_answers_pct=1.0),
}
_INT8 = Tolerance(logit_difference=5.0, other_answers_pct=3.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenVino(ArtifactRuntime):
    """OpenVINO with its CPU plugin; ``model.xml`` and ``model.bin`` are what is shipped.

    ``weights`` is the type that they are stored in; float16 is what OpenVINO's own tools choose. They are widened when
    the file is loaded. With ``quantization`` ``int8-static``, NNCF makes weights and embeddings INT8, and takes scales
    for activations from some train sentences. All else is computed in fp32, which is fixed, as some CPUs would get
    bf16. ``allowed`` is how differently it may answer than eager PyTorch, if that is to be other than usual.
    """

    name: ClassVar[str] = "OpenVINO"
    format: ClassVar[str] = "openvino"
    made_of: ClassVar["Format"] = "onnx"
    extra: ClassVar[str] = "openvino"

    weights: _Weights = "float16"
    quantization: _Quantization = "none"
    allowed: Tolerance | None = None

    def __post_init__(self) -> None:
        """Refuse other types and quantizations."""
        for name, kinds in (("weights", _Weights), ("quantization", _Quantization)):
            if (value := getattr(self, name)) not in get_args(kinds):
                known = " or ".join(map(repr, get_args(kinds)))
                raise BenchModelsError(f"OpenVino({name}={value!r}): choose {known}")
        if self.calibrated and self.weights != "float16":
            raise BenchModelsError(
                f"OpenVino(quantization='int8-static', weights={self.weights!r}): what is not INT8 is stored in "
                "float16; drop the argument weights"
            )

    def __str__(self) -> str:
        """Return it as tables show it."""
        return f"{self.name}, {'static INT8' if self.calibrated else f'{self.weights} weights'}"

    @property
    def libraries(self) -> tuple[str, ...]:
        """What it needs: it reads an ONNX file, which the first three write, and NNCF quantizes."""
        return "onnx", "onnxscript", "onnx_ir", "openvino", *(("nncf",) if self.calibrated else ())

    @property
    def tolerance(self) -> Tolerance:
        """How differently it may answer than eager PyTorch."""
        return self.allowed or (_INT8 if self.calibrated else _TOLERANCES[self.weights])

    @property
    def of_machine(self) -> tuple[str, ...]:
        """The CPU's flags, where weights have fewer bits if it needs that."""
        return this_machine().cpu_flags if self.calibrated else ()

    @property
    def calibrated(self) -> bool:
        """Whether activations have scales that were taken from sentences."""
        return self.quantization == "int8-static"

    def write(self, model: "nn.Module", folder: Path) -> None:
        """Write ``model.xml`` and ``model.bin``; static quantization takes ``write_calibrated``."""
        self.write_calibrated(model, folder, ())

    def write_calibrated(self, model: "nn.Module", folder: Path, calibration: Sequence[Batch]) -> None:
        """Write ``model.xml`` and ``model.bin``, with scales of activations that the batches ask for."""
        import openvino

        from bench_models.runtimes.exporters import quiet

        with TemporaryDirectory() as scratch, quiet():
            file = Path(scratch) / "model.onnx"
            onnx_file.write(model, file)
            graph = openvino.Core().read_model(file)
            if self.calibrated:
                graph = openvino_quantization.quantize_statically(graph, calibration, reduce_range=saturates_int8())
            openvino.save_model(graph, folder / FILENAME, compress_to_fp16=self.weights == "float16")
        if self.calibrated:
            openvino_graph.require_int8(self.kernels(folder, calibration[0]))

    def load(self, folder: Path, *, threads: int) -> Session:
        """Return a session of ``model.xml``."""
        request = openvino_file.compiled(folder / FILENAME, threads=threads).create_infer_request()
        return lambda batch: openvino_file.answer(request, batch)

    def kernels(self, folder: Path, batch: Batch) -> tuple[Kernel, ...]:
        """Return the kernels that one call of ``model.xml`` runs."""
        return openvino_graph.kernels(folder / FILENAME, batch)
