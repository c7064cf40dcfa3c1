"""ONNX Runtime on the CPU: a graph that is fused when it is loaded, in the model's precision or with fewer bits."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, get_args

from bench_models.errors import BenchModelsError
from bench_models.machine import saturates_int8, this_machine
from bench_models.runtimes import onnx_file, onnx_graph
from bench_models.runtimes.artifact import ArtifactRuntime, Tolerance
from bench_models.runtimes.kernels import Kernel
from bench_models.runtimes.session import Session
from bench_models.tokenizer import Batch

if TYPE_CHECKING:
    from torch import nn

    from bench_models.recipes.step import Format

FILENAME = "model.onnx"

_Quantization = Literal["none", "int8-dynamic", "int8-static", "int4"]

# Of logits of a few units each. Sums in another order move fp32 logits of MiniLM by 0.00003 at most, and no answer.
# INT8, whose activations have 256 steps, moves them by 1.1 (three layers) to 4.2 (six) at most, and 1.1 to 1.6 % of
# answers, with weights of 7 bits; with activations of fixed scales, too, by 1.3 to 6.2, and 1.7 to 4.7 %. INT4 weights
# move them by 1.3 at most, and 1.8 % of answers (three layers).
_TOLERANCES: dict[_Quantization, Tolerance] = {
    "none": Tolerance(logit_difference=0.01, other_answers_pct=1.0),
    "int8-dynamic": Tolerance(logit_difference=8.0, other_answers_pct=3.0),
    "int8-static": Tolerance(logit_difference=10.0, other_answers_pct=7.0),
    "int4": Tolerance(logit_difference=4.0, other_answers_pct=3.0),
}
_NAMES: dict[_Quantization, str] = {
    "int8-dynamic": ", dynamic INT8",
    "int8-static": ", static INT8",
    "int4": ", INT4 weights",
}
# Of the others, products would be taken apart again: weights that the fused operator holds cannot be INT4, and those
# that are to be multiplied with activations of fixed scales would be made floating point at each call.
_FUSED: tuple[_Quantization, ...] = ("none", "int8-dynamic")


@dataclass(frozen=True, slots=True, kw_only=True)
class OnnxRuntime(ArtifactRuntime):
    """ONNX Runtime with its CPU provider; ``model.onnx`` is what is shipped.

    ``quantization`` says what becomes of weights. ``none`` leaves the model's precision. ``int8-dynamic`` makes weights
    INT8, with a scale for each channel, and embeddings, with one for each matrix, and quantizes activations when they
    are multiplied. ``int8-static`` takes scales for activations from some train sentences, and makes products of
    attention INT8, too. ``int4`` makes weights and embeddings INT4 in blocks of 32 numbers, and leaves activations in
    floating point. With ``int4_embeddings`` those of words are INT4 whatever the weights are.
    ``fused_attention`` makes one operator of each attention layer before that, with no quantization or a dynamic one.
    ``allowed`` is how differently it may answer than eager PyTorch, if that is to be other than usual.
    """

    name: ClassVar[str] = "ONNX Runtime"
    format: ClassVar[str] = "onnx"
    made_of: ClassVar["Format"] = "onnx"
    extra: ClassVar[str] = "onnx"

    quantization: _Quantization = "none"
    int4_embeddings: bool = False
    fused_attention: bool = True
    allowed: Tolerance | None = None

    def __post_init__(self) -> None:
        """Refuse other quantizations, and embeddings of 4 bits with those that cannot have them."""
        if self.quantization not in get_args(_Quantization):
            known = ", ".join(map(repr, get_args(_Quantization)))
            raise BenchModelsError(f"OnnxRuntime(quantization={self.quantization!r}): choose one of {known}")
        if self.quantization == "int4" and self.int4_embeddings:
            raise BenchModelsError("quantization='int4' makes embeddings INT4 as well: leave int4_embeddings out")
        if self.quantization == "int8-static" and self.int4_embeddings:
            # Its tool does not know the type of what they are looked up as, and leaves products after them as they are.
            raise BenchModelsError("quantization='int8-static' makes embeddings INT8: leave int4_embeddings out")

    def __str__(self) -> str:
        """Return it as tables show it."""
        embeddings = ", INT4 embeddings" if self.int4_embeddings else ""
        return f"{self.name}{_NAMES.get(self.quantization, '')}{embeddings}"

    @property
    def libraries(self) -> tuple[str, ...]:
        """What it needs; the third is what onnxscript writes files with."""
        return "onnx", "onnxscript", "onnx_ir", "onnxruntime"

    @property
    def tolerance(self) -> Tolerance:
        """How differently it may answer than eager PyTorch."""
        rounded = "int4" if self.int4_embeddings and self.quantization == "none" else self.quantization
        return self.allowed or _TOLERANCES[rounded]

    @property
    def of_machine(self) -> tuple[str, ...]:
        """The CPU's flags, where weights have fewer bits if it needs that."""
        return this_machine().cpu_flags if self.quantization in {"int8-dynamic", "int8-static"} else ()

    @property
    def calibrated(self) -> bool:
        """Whether activations have scales that were taken from sentences."""
        return self.quantization == "int8-static"

    def write(self, model: "nn.Module", folder: Path) -> None:
        """Write ``model.onnx``; static quantization takes ``write_calibrated``."""
        self.write_calibrated(model, folder, ())

    def write_calibrated(self, model: "nn.Module", folder: Path, calibration: Sequence[Batch]) -> None:
        """Write ``model.onnx``, with scales of activations that the batches ask for."""
        from bench_models.runtimes.exporters import quiet

        file = folder / FILENAME
        with quiet():
            onnx_file.write(model, file)
            int4 = self.quantization == "int4"
            if self.fused_attention and self.quantization in _FUSED:
                config: Any = model.config
                onnx_graph.fuse_attention(
                    file,
                    heads=config.num_attention_heads,
                    width=config.hidden_size,
                    embeddings=not self.int4_embeddings,
                )
            if int4 or self.int4_embeddings:
                onnx_graph.quantize_to_int4(file, weights=int4)
            if self.quantization == "int8-dynamic":
                onnx_graph.quantize(file, reduce_range=saturates_int8())
            if self.quantization == "int8-static":
                onnx_graph.quantize_statically(file, calibration, reduce_range=saturates_int8())

    def load(self, folder: Path, *, threads: int) -> Session:
        """Return a session of ``model.onnx``."""
        return onnx_file.open_session(folder / FILENAME, threads)

    def kernels(self, folder: Path, batch: Batch) -> tuple[Kernel, ...]:
        """Return the kernels that one call of ``model.onnx`` runs."""
        from bench_models.runtimes import onnx_profile

        return onnx_profile.kernels(folder / FILENAME, batch)
