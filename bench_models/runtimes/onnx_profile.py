"""Which kernels ONNX Runtime ran for one call, from its own profile of it.

A file says which operators are to run. What runs is decided when it is loaded: operators are fused, and those without
an integer kernel run in floating point, which changes no answer and can cost all that quantization had won.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench_models.errors import BenchModelsError
from bench_models.runtimes import onnx_file
from bench_models.runtimes.kernels import Kernel
from bench_models.tokenizer import Batch

# Matrix products, by their arithmetic.
_INTEGER = frozenset({"DynamicQuantizeMatMul", "MatMulInteger", "MatMulIntegerToFloat", "QGemm", "QLinearMatMul"})
# Those of weights of 4 bits are unpacked first, and multiplied with activations that are in floating point.
_FLOAT = frozenset({"FusedGemm", "FusedMatMul", "Gemm", "MatMul", "MatMulNBits"})
# Besides the products of queries, keys and values, which are in floating point in both, it projects to all three.
_ATTENTION, _INTEGER_ATTENTION = "Attention", "QAttention"
# What multiplies, and is in none of these.
_MULTIPLIES = re.compile("MatMul|Gemm|Attention|Conv|Einsum|LSTM|GRU|RNN")


def kernels(file: Path, batch: Batch) -> tuple[Kernel, ...]:
    """Return the kernels of one call of a file with a batch, by the names of their operators.

    Raises ``BenchModelsError`` for a kernel whose products cannot be counted.
    """
    with TemporaryDirectory() as folder:
        options = onnx_file.session_options(1)
        options.enable_profiling = True
        options.profile_file_prefix = str(Path(folder) / "profile")
        session = onnx_file.load(file, options)
        onnx_file.answer(session, batch)
        events = json.loads(Path(session.end_profiling()).read_text(encoding="utf-8"))
    counts: Counter[str] = Counter()
    integer: Counter[str] = Counter()
    floating: Counter[str] = Counter()
    for operator, inputs, outputs in _ran(events):
        counts[operator] += 1
        in_integers, in_floats = _macs(operator, inputs, outputs)
        integer[operator] += in_integers
        floating[operator] += in_floats
    return tuple(
        Kernel(operator=name, count=counts[name], integer_macs=integer[name], float_macs=floating[name])
        for name in sorted(counts)
    )


_Shapes = list[list[int]]


def _ran(events: list[dict[str, Any]]) -> Iterator[tuple[str, _Shapes, _Shapes]]:
    """Yield the operator of each kernel that ran, with the shapes of its inputs and outputs.

    Weights that ONNX Runtime has packed for a kernel are no longer among the inputs.
    """
    for event in events:
        told = event.get("args", {})
        if event.get("cat") == "Node" and str(event["name"]).endswith("_kernel_time"):
            inputs, outputs = (
                [shape for tensor in told[f"{side}_type_shape"] for shape in tensor.values()]
                for side in ("input", "output")
            )
            yield told["op_name"], inputs, outputs


def _macs(operator: str, inputs: _Shapes, outputs: _Shapes) -> tuple[int, int]:
    """Return the multiply-accumulates of a kernel's matrix products, in integers and in floating point."""
    if operator in {_ATTENTION, _INTEGER_ATTENTION} and len(inputs[0]) == 3:  # noqa: PLR2004  # of sentences
        sentences, tokens, width = inputs[0]
        own = outputs[0][-1]  # narrower where heads were pruned
        projected = sentences * tokens * width * 3 * own
        products = 2 * sentences * tokens * tokens * own
        return (projected, products) if operator == _INTEGER_ATTENTION else (0, projected + products)
    if operator in _INTEGER | _FLOAT:
        # Each number of the output is a sum over the last dimension of the left matrix: writers of BERT transpose the
        # right one only.
        macs = math.prod(outputs[0]) * inputs[0][-1]
        return (macs, 0) if operator in _INTEGER else (0, macs)
    if _MULTIPLIES.search(operator):
        raise BenchModelsError(
            f"ONNX Runtime ran {operator} on shapes {inputs}, whose products are not counted: add it to {__name__}"
        )
    return 0, 0
