"""OpenVINO on the CPU: a graph that is compiled when it is loaded, computed in fp32."""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, ClassVar, Literal, get_args

from bench_models.errors import BenchModelsError
from bench_models.runtimes import onnx_file, openvino_file, openvino_graph
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

# Of logits of a few units each. As in ONNX Runtime, sums in another order move those of MiniLM by 0.00003 at most;
# weights that were rounded to 16 bits move them by 0.015 at most, and no answer.
_TOLERANCES: dict[_Weights, Tolerance] = {
    "float32": Tolerance(logit_difference=0.01, other_answers_pct=1.0),
    "float16": Tolerance(logit_difference=0.1, other_answers_pct=1.0),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenVino(ArtifactRuntime):
    """OpenVINO with its CPU plugin; ``model.xml`` and ``model.bin`` are what is shipped.

    ``weights`` is the type that they are stored in; float16 is what OpenVINO's own tools choose. They are widened when
    the file is loaded: all is computed in fp32, which is fixed, as some CPUs would get bf16. ``allowed`` is how
    differently it may answer than eager PyTorch, if that is to be other than usual.
    """

    name: ClassVar[str] = "OpenVINO"
    format: ClassVar[str] = "openvino"
    made_of: ClassVar["Format"] = "onnx"
    extra: ClassVar[str] = "openvino"
    # It reads an ONNX file, which the others write.
    libraries: ClassVar[tuple[str, ...]] = ("onnx", "onnxscript", "onnx_ir", "openvino")

    weights: _Weights = "float16"
    allowed: Tolerance | None = None

    def __post_init__(self) -> None:
        """Refuse other types."""
        if self.weights not in get_args(_Weights):
            known = " or ".join(map(repr, get_args(_Weights)))
            raise BenchModelsError(f"OpenVino(weights={self.weights!r}): choose {known}")

    def __str__(self) -> str:
        """Return it as tables show it."""
        return f"{self.name}, {self.weights} weights"

    @property
    def tolerance(self) -> Tolerance:
        """How differently it may answer than eager PyTorch."""
        return self.allowed or _TOLERANCES[self.weights]

    def write(self, model: "nn.Module", folder: Path) -> None:
        """Write ``model.xml`` and ``model.bin``."""
        import openvino

        from bench_models.runtimes.exporters import quiet

        with TemporaryDirectory() as scratch, quiet():
            file = Path(scratch) / "model.onnx"
            onnx_file.write(model, file)
            graph = openvino.Core().read_model(file)
            openvino.save_model(graph, folder / FILENAME, compress_to_fp16=self.weights == "float16")

    def load(self, folder: Path, *, threads: int) -> Session:
        """Return a session of ``model.xml``."""
        request = openvino_file.compiled(folder / FILENAME, threads=threads).create_infer_request()
        return lambda batch: openvino_file.answer(request, batch)

    def kernels(self, folder: Path, batch: Batch) -> tuple[Kernel, ...]:
        """Return the kernels that one call of ``model.xml`` runs."""
        return openvino_graph.kernels(folder / FILENAME, batch)
