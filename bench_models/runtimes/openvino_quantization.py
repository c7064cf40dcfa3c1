"""What NNCF, OpenVINO's own tool, makes of a graph: weights, embeddings and activations of 8 bits."""

from collections.abc import Sequence
from contextlib import redirect_stdout
from io import StringIO
from typing import TYPE_CHECKING, Any

from bench_models.errors import BenchModelsError
from bench_models.runtimes import openvino_file  # noqa: F401  # first: it keeps both libraries from sending telemetry
from bench_models.tokenizer import Batch

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def quantize_statically(graph: Any, calibration: Sequence[Batch], *, reduce_range: bool) -> Any:  # noqa: ANN401  # OpenVINO has no types
    """Return a graph whose products of weights are INT8, with scales of activations that ``calibration`` asks for.

    Each spans the mean, over sentences, of the least and of the largest value, which NNCF takes for such models.
    Activations and weights are scaled against each other first, so that both round well (SmoothQuant, Xiao et al.
    2023), and biases make up for the mean error. ``reduce_range`` takes 7 bits for weights, for CPUs on which sums of
    products of 8 bits overflow. Raises ``BenchModelsError`` without calibration.
    """
    if not calibration:
        raise BenchModelsError("static quantization takes scales from sentences, and none are given")
    import nncf

    def inputs(batch: Batch) -> "dict[str, NDArray[np.int64]]":
        return {"input_ids": batch.input_ids, "attention_mask": batch.attention_mask}

    with redirect_stdout(StringIO()):  # where it draws bars of its progress
        return nncf.quantize(
            graph,
            nncf.Dataset(calibration, inputs),
            subset_size=len(calibration),
            model_type=nncf.ModelType.TRANSFORMER,
            advanced_parameters=nncf.AdvancedQuantizationParameters(
                overflow_fix=nncf.OverflowFix.ENABLE if reduce_range else nncf.OverflowFix.DISABLE
            ),
        )
