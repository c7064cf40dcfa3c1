"""A classifier as an ONNX file: its writer, and its opener in ONNX Runtime, which needs no torch."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bench_models.runtimes.session import Session, errors_told
from bench_models.tokenizer import Batch

if TYPE_CHECKING:
    from torch import nn


def write(model: "nn.Module", file: Path) -> None:
    """Write a classifier as one file."""
    import torch

    from bench_models.runtimes.exporters import INPUTS, Logits, example

    sizes = {0: "sentences", 1: "tokens"}
    torch.onnx.export(
        Logits(model),
        example(),
        file,
        dynamo=True,
        input_names=list(INPUTS),
        output_names=["logits"],
        dynamic_shapes=dict.fromkeys(INPUTS, sizes),
        external_data=False,
        verbose=False,
    )


def open_session(file: Path, threads: int) -> Session:
    """Return a session of a file."""
    import onnxruntime
    from onnxruntime.capi import onnxruntime_pybind11_state as trouble

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])

    def answer(batch: Batch) -> NDArray[np.float32]:
        with errors_told(batch, trouble.Fail, trouble.InvalidArgument, trouble.RuntimeException):
            (logits,) = session.run(None, {"input_ids": batch.input_ids, "attention_mask": batch.attention_mask})
        return np.asarray(logits, dtype=np.float32)

    return answer
