"""A model that OpenVINO has written: its opener, which needs no torch, and its answers."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench_models.errors import BenchModelsError
from bench_models.runtimes.session import errors_told
from bench_models.tokenizer import Batch

# Importing OpenVINO sends an event over the network, by a thread that keeps a process from being forked. It does
# without where its telemetry cannot be imported, which this decides unless something has imported OpenVINO before.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # so says the import system


def compiled(file: Path, *, threads: int) -> Any:  # noqa: ANN401  # OpenVINO has no types
    """Return a file compiled for this CPU, to be computed by ``threads`` threads that are not pinned to cores.

    What is not quantized is computed in fp32. Raises ``BenchModelsError`` where OpenVINO cannot load it, or would
    compute it otherwise.
    """
    import openvino

    asked = {
        "INFERENCE_PRECISION_HINT": openvino.Type.f32,
        "DYNAMIC_QUANTIZATION_GROUP_SIZE": 0,  # activations stay in fp32 where weights are whole numbers
        "INFERENCE_NUM_THREADS": threads,
        "NUM_STREAMS": 1,
        "ENABLE_CPU_PINNING": False,
    }
    try:
        model = openvino.Core().compile_model(file, "CPU", asked)
        settings = {name: model.get_property(name) for name in asked}
    except RuntimeError as error:
        said = " ".join(str(error).split())
        raise BenchModelsError(f"OpenVINO cannot load {file.name} ({said})") from error
    for name, taken in settings.items():
        if taken != (value := asked[name]):
            raise BenchModelsError(
                f"OpenVINO would compute {file.name} with {name} {taken}, and {value} was asked for: this CPU, or this "
                "version, cannot do that"
            )
    return model


def answer(request: Any, batch: Batch) -> NDArray[np.float32]:  # noqa: ANN401  # likewise
    """Return the logits of a batch; raises ``BenchModelsError`` where the file cannot answer one of its size."""
    with errors_told(batch, RuntimeError):
        outputs = request.infer({"input_ids": batch.input_ids, "attention_mask": batch.attention_mask})
        if len(outputs[0]) != len(batch):  # more tokens than it has positions give no answer, and no error
            raise RuntimeError(f"it answers {len(outputs[0])} sentences")
    return np.array(outputs[0], dtype=np.float32)
