"""The formats of an export: each writes a classifier as one file, and opens such a file as a session again.

A file takes ``input_ids`` and ``attention_mask``, int64 of shape ``[sentences, tokens]``, and answers logits of
shape ``[sentences, labels]``; both sizes are free, but for the number of sentences in ExecuTorch's, which is limited.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import nn

from bench_models.errors import BenchModelsError
from bench_models.recipes.step import Format as Name
from bench_models.runtimes import aot_inductor, executorch_runtime, onnx_file, openvino_runtime
from bench_models.runtimes.aot_inductor import AotInductor
from bench_models.runtimes.executorch_runtime import ExecuTorch
from bench_models.runtimes.exporters import Logits, example, program, session_of
from bench_models.runtimes.onnx_runtime import OnnxRuntime
from bench_models.runtimes.openvino_runtime import OpenVino
from bench_models.runtimes.session import Session
from bench_models.text import installing


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One way to write a model to a file; ``needs`` are the libraries that this package does not install.

    ``made_of`` is the format that a step is asked about: its own, or that of the file which it is made of. ``beside``
    are files that ``filename`` cannot be read without. ``extra`` brings what it needs. ``loading`` is what a reader of
    the model card types to get ``logits(input_ids, attention_mask)``, from numpy arrays to a numpy array.
    """

    name: str
    made_of: Name
    filename: str
    write: Callable[[nn.Module, Path], None]
    open: Callable[[Path, int], Session]
    loading: str
    beside: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    extra: str = "models"

    def require_libraries(self) -> None:
        """Raise ``BenchModelsError`` when a library is missing."""
        missing = [name for name in self.needs if find_spec(name) is None]
        if missing:
            raise BenchModelsError(
                f"the format {self.name} needs {' and '.join(missing)}: run {installing(self.extra)}"
            )


def _write_program(model: nn.Module, file: Path) -> None:
    torch.export.save(program(model), file)


def _write_script(model: nn.Module, file: Path) -> None:
    with torch.inference_mode():
        traced = torch.jit.trace(Logits(model), example(), check_trace=False)
    traced.save(str(file))


_OF_TORCH = """\
def logits(input_ids, attention_mask):
    with torch.inference_mode():
        return model(torch.from_numpy(input_ids), torch.from_numpy(attention_mask)).float().numpy()
"""

_ALL = (
    Format(
        name="torch-export",
        made_of="torch-export",
        filename="model.pt2",
        write=_write_program,
        open=lambda file, threads: session_of(torch.export.load(file).module(), threads),
        loading=f'import torch\n\nmodel = torch.export.load("model.pt2").module()\n\n\n{_OF_TORCH}',
    ),
    Format(
        name="torchscript",
        made_of="torchscript",
        filename="model.pt",
        write=_write_script,
        open=lambda file, threads: session_of(torch.jit.load(str(file)), threads),
        loading=f'import torch\n\nmodel = torch.jit.load("model.pt")\n\n\n{_OF_TORCH}',
    ),
    Format(
        name="onnx",
        made_of="onnx",
        filename="model.onnx",
        write=onnx_file.write,
        open=onnx_file.open_session,
        loading=f"""\
import onnxruntime

session = onnxruntime.InferenceSession("model.onnx", disabled_optimizers={json.dumps(onnx_file.UNFUSED)})


def logits(input_ids, attention_mask):
    return session.run(None, {{"input_ids": input_ids, "attention_mask": attention_mask}})[0]
""",
        needs=("onnx", "onnxscript", "onnxruntime"),
        extra=OnnxRuntime.extra,
    ),
    Format(
        name="openvino",
        made_of="onnx",
        filename=openvino_runtime.FILENAME,
        beside=openvino_runtime.BESIDE,
        # What a row in OpenVINO ships is copied; any other is written as it is, without rounding its weights.
        write=lambda model, file: OpenVino(weights="float32").write(model, file.parent),
        open=lambda file, threads: OpenVino().load(file.parent, threads=threads),
        loading="""\
import openvino

model = openvino.compile_model("model.xml", "CPU", {"INFERENCE_PRECISION_HINT": "f32"})


def logits(input_ids, attention_mask):
    return model({"input_ids": input_ids, "attention_mask": attention_mask})[0]
""",
        needs=("onnx", "onnxscript", "openvino"),
        extra=OpenVino.extra,
    ),
    Format(
        name=AotInductor.format,
        made_of=AotInductor.made_of,
        filename=aot_inductor.FILENAME,
        write=lambda model, file: AotInductor().write(model, file.parent),
        open=lambda file, threads: AotInductor().load(file.parent, threads=threads),
        loading=f"""\
import torch

# Its kernels are compiled for the instructions of the CPU that it was made on.
model = torch._inductor.aoti_load_package("model.pt2")


{_OF_TORCH}""",
    ),
    Format(
        name=ExecuTorch.format,
        made_of=ExecuTorch.made_of,
        filename=executorch_runtime.FILENAME,
        write=lambda model, file: ExecuTorch().write(model, file.parent),
        open=lambda file, threads: ExecuTorch().load(file.parent, threads=threads),
        loading=f"""\
import torch
from executorch.runtime import Runtime  # before what it runs INT8 embeddings by
import executorch.kernels.quantized

# More than {executorch_runtime.SENTENCES} sentences a call, or {executorch_runtime.TOKENS} tokens a sentence, end with
# error 0x12. What it logs when it is loaded, of the CPU and of torchao, is harmless.
method = Runtime.get().load_program("model.pte").load_method("forward")


def logits(input_ids, attention_mask):
    return method.execute([torch.from_numpy(input_ids), torch.from_numpy(attention_mask)])[0].float().numpy()
""",
        needs=("executorch",),
        extra=ExecuTorch.extra,
    ),
)
FORMATS: dict[str, Format] = {each.name: each for each in _ALL}
