"""The formats of an export: each writes a classifier as one file, and opens such a file as a session again.

A file takes ``input_ids`` and ``attention_mask``, int64 of shape ``[sentences, tokens]``, and answers logits of
shape ``[sentences, labels]``; both sizes are free.
"""

import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from bench_models.errors import BenchModelsError
from bench_models.recipes.step import Format as Name
from bench_models.runtimes.session import Session
from bench_models.text import installing
from bench_models.tokenizer import Batch

_INPUTS = ("input_ids", "attention_mask")


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One way to write a model to a file; ``needs`` are the libraries that this package does not install.

    ``loading`` is what a reader of the model card types to get ``logits(input_ids, attention_mask)``, from numpy
    arrays to a numpy array.
    """

    name: Name
    filename: str
    write: Callable[[nn.Module, Path], None]
    open: Callable[[Path, int], Session]
    loading: str
    needs: tuple[str, ...] = ()

    def require_libraries(self) -> None:
        """Raise ``BenchModelsError`` when a library is missing."""
        missing = [name for name in self.needs if find_spec(name) is None]
        if missing:
            raise BenchModelsError(f"the format {self.name} needs {' and '.join(missing)}: run {installing('onnx')}")


class _Logits(nn.Module):
    """A classifier that returns the tensor of logits instead of transformers' output record."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        logits: Tensor = self.model(input_ids=input_ids, attention_mask=attention_mask).logits
        return logits


def _example() -> tuple[Tensor, Tensor]:
    """Return two sentences of unlike length; neither size is 1, which an exporter would fix in the file."""
    mask = torch.ones(2, 8, dtype=torch.int64)
    mask[1, 5:] = 0
    return torch.arange(1, 17).reshape(2, 8) * mask, mask


def _write_program(model: nn.Module, file: Path) -> None:
    free = {0: torch.export.Dim.DYNAMIC, 1: torch.export.Dim.DYNAMIC}
    with torch.no_grad():
        program = torch.export.export(_Logits(model), _example(), dynamic_shapes=dict.fromkeys(_INPUTS, free))
    torch.export.save(program, file)


def _write_script(model: nn.Module, file: Path) -> None:
    with torch.inference_mode():
        traced = torch.jit.trace(_Logits(model), _example(), check_trace=False)
    traced.save(str(file))


@contextmanager
def _errors_told(batch: Batch, *errors: type[Exception]) -> Iterator[None]:
    """Turn errors of a file's runtime into a sentence: a file may have the size of the example fixed in it."""
    try:
        yield
    except errors as error:
        sentences, tokens = batch.input_ids.shape
        said = " ".join(str(error).strip().splitlines()[-1:])
        raise BenchModelsError(
            f"the file cannot answer {sentences} sentences of {tokens} tokens ({type(error).__name__}: {said}): it "
            "is not handed over; choose another format"
        ) from error


def _of_module(module: Any, threads: int) -> Session:  # noqa: ANN401  # torch's loaded modules have no common type
    torch.set_num_threads(threads)

    def answer(batch: Batch) -> NDArray[np.float32]:
        with torch.inference_mode(), _errors_told(batch, RuntimeError, IndexError, AssertionError):
            logits: NDArray[np.float32] = (
                module(torch.from_numpy(batch.input_ids), torch.from_numpy(batch.attention_mask)).float().numpy()
            )
        return logits

    return answer


def _write_onnx(model: nn.Module, file: Path) -> None:
    sizes = {0: "sentences", 1: "tokens"}
    torch.onnx.export(
        _Logits(model),
        _example(),
        file,
        dynamo=True,
        input_names=list(_INPUTS),
        output_names=["logits"],
        dynamic_shapes=dict.fromkeys(_INPUTS, sizes),
        external_data=False,
        verbose=False,
    )


def _open_onnx(file: Path, threads: int) -> Session:
    import onnxruntime
    from onnxruntime.capi import onnxruntime_pybind11_state as trouble

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])

    def answer(batch: Batch) -> NDArray[np.float32]:
        with _errors_told(batch, trouble.Fail, trouble.InvalidArgument, trouble.RuntimeException):
            (logits,) = session.run(None, {"input_ids": batch.input_ids, "attention_mask": batch.attention_mask})
        return np.asarray(logits, dtype=np.float32)

    return answer


@contextmanager
def quiet() -> Iterator[None]:
    """Silence the warnings of exporters; errors are still raised, and wrong answers found by export/verify."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


_OF_TORCH = """\
def logits(input_ids, attention_mask):
    with torch.inference_mode():
        return model(torch.from_numpy(input_ids), torch.from_numpy(attention_mask)).float().numpy()
"""

_ALL = (
    Format(
        name="torch-export",
        filename="model.pt2",
        write=_write_program,
        open=lambda file, threads: _of_module(torch.export.load(file).module(), threads),
        loading=f'import torch\n\nmodel = torch.export.load("model.pt2").module()\n\n\n{_OF_TORCH}',
    ),
    Format(
        name="torchscript",
        filename="model.pt",
        write=_write_script,
        open=lambda file, threads: _of_module(torch.jit.load(str(file)), threads),
        loading=f'import torch\n\nmodel = torch.jit.load("model.pt")\n\n\n{_OF_TORCH}',
    ),
    Format(
        name="onnx",
        filename="model.onnx",
        write=_write_onnx,
        open=_open_onnx,
        loading="""\
import onnxruntime

session = onnxruntime.InferenceSession("model.onnx")


def logits(input_ids, attention_mask):
    return session.run(None, {"input_ids": input_ids, "attention_mask": attention_mask})[0]
""",
        needs=("onnx", "onnxscript", "onnxruntime"),
    ),
)
FORMATS: dict[str, Format] = {each.name: each for each in _ALL}
