"""A classifier as an ONNX file: its writer, and its opener in ONNX Runtime, which needs no torch."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bench_models.errors import BenchModelsError
from bench_models.machine import NO_TELEMETRY
from bench_models.runtimes.session import Session, errors_told
from bench_models.tokenizer import Batch

if TYPE_CHECKING:
    import onnxruntime
    from torch import nn

os.environ.setdefault(NO_TELEMETRY, "1")  # read when ONNX Runtime is imported

# One kernel that adds and normalizes took 62 microseconds for 26 tokens of MiniLM, where two took 18, on an EPYC with
# AVX2: without that fusion, one sentence takes 6 % less in fp32 and 12 % less in INT8 (docs/runtimes.md).
UNFUSED = ["SkipLayerNormFusion"]

# The newest that ONNX Runtime's fusion of attention and its quantization were written for.
_OPSET = 17


def write(model: "nn.Module", file: Path) -> None:
    """Write a classifier as one file; both sizes of its input stay free.

    Raises ``BenchModelsError`` where it has an operation that ONNX lacks.
    """
    from torch import nn

    # torchao's weights multiply by code of their own, which a trace does not follow and torch.export does. Of its
    # graphs ONNX Runtime fuses no attention, and its quantization refuses their shapes (seen with MiniLM).
    followed = all(type(parameter) is nn.Parameter for parameter in model.parameters())
    try:
        with _plain_attention(model):
            (_write_trace if followed else _write_program)(model, file)
    except RuntimeError as error:  # of the tracer, and of the exporter
        said = (str(error).strip().splitlines() or ["no reason is given"])[0]
        raise BenchModelsError(f"the model cannot be written as ONNX ({type(error).__name__}: {said})") from error


@contextmanager
def _plain_attention(model: "nn.Module") -> Iterator[None]:
    """Let a model compute attention by single operators meanwhile: ONNX Runtime recognizes these, and fuses them."""
    before = model.config._attn_implementation  # type: ignore[union-attr]  # noqa: SLF001  # no public name tells it
    model.set_attn_implementation("eager")  # type: ignore[operator]  # transformers' own
    try:
        yield
    finally:
        model.set_attn_implementation(before)  # type: ignore[operator]  # likewise


def _write_trace(model: "nn.Module", file: Path) -> None:
    import torch

    from bench_models.runtimes.exporters import INPUTS, Logits, example

    sizes = {0: "sentences", 1: "tokens"}
    torch.onnx.export(
        Logits(model).eval(),  # the exporter puts a wrapper that is in training back there, and the model with it
        example(),
        str(file),
        dynamo=False,
        opset_version=_OPSET,
        input_names=list(INPUTS),
        output_names=["logits"],
        dynamic_axes={**dict.fromkeys(INPUTS, sizes), "logits": {0: "sentences"}},
    )


def _write_program(model: "nn.Module", file: Path) -> None:
    import torch

    from bench_models.runtimes.exporters import INPUTS, Logits, example

    torch.onnx.export(
        Logits(model).eval(),
        example(),
        file,
        dynamo=True,
        input_names=list(INPUTS),
        output_names=["logits"],
        dynamic_shapes={name: {0: "sentences", 1: "tokens"} for name in INPUTS},
        external_data=False,
        verbose=False,
    )


def open_session(file: Path, threads: int) -> Session:
    """Return a session of a file on the CPU, with all optimizations of its graph but ``UNFUSED``.

    Raises ``BenchModelsError`` where ONNX Runtime cannot load it, for example as it lacks an operator.
    """
    loaded = load(file, session_options(threads))
    return lambda batch: answer(loaded, batch)


def load(file: Path, options: "onnxruntime.SessionOptions") -> "onnxruntime.InferenceSession":
    """Return ONNX Runtime's own session of a file; raises as ``open_session`` does."""
    import onnxruntime

    try:
        return onnxruntime.InferenceSession(
            file, options, providers=["CPUExecutionProvider"], disabled_optimizers=UNFUSED
        )
    except _errors() as error:
        said = " ".join(str(error).split())
        raise BenchModelsError(f"ONNX Runtime cannot load {file.name} ({type(error).__name__}: {said})") from error


def answer(session: "onnxruntime.InferenceSession", batch: Batch) -> NDArray[np.float32]:
    """Return the logits of a batch; raises ``BenchModelsError`` where the file cannot answer one of its size."""
    with errors_told(batch, *_errors()):
        (logits,) = session.run(None, {"input_ids": batch.input_ids, "attention_mask": batch.attention_mask})
    return np.asarray(logits, dtype=np.float32)


def _errors() -> tuple[type[Exception], ...]:
    """Return all that ONNX Runtime raises; its errors have no class of their own in common."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    kinds = [each for each in vars(state).values() if isinstance(each, type) and issubclass(each, Exception)]
    return tuple(kinds)


def session_options(threads: int) -> "onnxruntime.SessionOptions":
    """Return how a session computes: in so many threads, which sleep while they wait for each other."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # By default they spin, which on shared cores keeps the thread that they wait for from running.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options
