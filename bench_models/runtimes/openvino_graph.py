"""Which kernels OpenVINO runs for one call, from the graph that it has compiled, and what they multiply.

The graph tells the shapes of the last call. OpenVINO's profile of a call is no help: what took less than a microsecond
counts as not executed there, which changed the count of kernels in half of the calls (64 to 69 of student2). So nodes
that only make a view count, and those of constants: compare with another commit's count, not with another runtime's.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bench_models.errors import BenchModelsError
from bench_models.runtimes.kernels import Kernel
from bench_models.runtimes.openvino_file import answer, compiled
from bench_models.tokenizer import Batch

# What a graph has besides kernels.
_DATA = frozenset({"Const", "Input", "Output"})
# A product of a matrix with weights, or with another.
_OF_WEIGHTS = "FullyConnected"
_PRODUCTS = frozenset({_OF_WEIGHTS, "MatMul"})
# Operators that were fused into one kernel, of which the products of attention are some.
_FUSED = "Subgraph"
# What multiplies, and is in neither.
_MULTIPLIES = re.compile("MatMul|Gemm|FullyConnected|Attention|MHA|Convolution|LSTM|GRU|RNN")
# As ONNX's writers name them: products, and what tells attention where products have the names of what follows them.
_SOFTMAX = re.compile(r"(^|_)softmax(_\d+)?$", re.IGNORECASE)
_ORIGINAL = re.compile(r"(^|_)(matmul|gemm|softmax)(_\d+)?$", re.IGNORECASE)
# The end of a kernel's name is the type that it computes in.
_INTEGER = re.compile(r"_[iu]8$", re.IGNORECASE)
_FLOAT = re.compile(r"_(f32|f16|bf16)$", re.IGNORECASE)


def kernels(file: Path, batch: Batch) -> tuple[Kernel, ...]:
    """Return the kernels of one call of a file with a batch, by the types of their layers.

    Raises ``BenchModelsError`` for a kernel whose products cannot be counted.
    """
    model = compiled(file, threads=1)
    answer(model.create_infer_request(), batch)
    counts: Counter[str] = Counter()
    integer: Counter[str] = Counter()
    floating: Counter[str] = Counter()
    for node in model.get_runtime_model().get_ordered_ops():
        told = {key: str(value.astype(str)) for key, value in node.get_rt_info().items()}
        kind = told["layerType"]
        if kind in _DATA:
            continue
        counts[kind] += 1
        macs = _macs(node, kind, told, tokens=batch.input_ids.shape[1])
        if macs:
            (integer if _is_integer(kind, told["primitiveType"]) else floating)[kind] += macs
    return tuple(
        Kernel(operator=kind, count=counts[kind], integer_macs=integer[kind], float_macs=floating[kind])
        for kind in sorted(counts)
    )


def require_int8(ran: Iterable[Kernel]) -> None:
    """Raise ``BenchModelsError`` unless all products that OpenVINO makes of linear layers ran in integer arithmetic."""
    products = [kernel for kernel in ran if kernel.operator == _OF_WEIGHTS]
    left = sum(kernel.float_macs for kernel in products)
    if left or not products:
        what = f"{left / sum(each.float_macs + each.integer_macs for each in products):.0%}" if products else "all"
        raise BenchModelsError(f"OpenVINO computes {what} of products of weights in floating point, not in INT8")


def _is_integer(kind: str, name: str) -> bool:
    """Say in which arithmetic a kernel multiplied; raises ``BenchModelsError`` where its name does not tell."""
    if not _INTEGER.search(name) and not _FLOAT.search(name):
        raise BenchModelsError(f"OpenVINO ran {kind} as {name}, whose arithmetic is not known: add it to {__name__}")
    return bool(_INTEGER.search(name))


def _macs(node: Any, kind: str, told: dict[str, str], *, tokens: int) -> int:  # noqa: ANN401  # OpenVINO has no types
    """Return the multiply-accumulates of a kernel's matrix products, for sentences of so many tokens."""
    inputs: list[list[int]] = [list(each.get_shape()) for each in node.inputs()]
    output: list[int] = list(node.get_output_shape(0))
    if kind in _PRODUCTS:
        return math.prod(output) * inputs[0][-1]
    fused = [name.rsplit("/", 1)[-1] for name in told["originalLayersNames"].strip(" ,").split(",")]
    # A product that is scaled or masked has the name of that. Queries, keys and values are as large as what comes of
    # them, in whatever order their dimensions are: each number of both products is a sum, over a head's width and over
    # tokens.
    alike = sum(math.prod(shape) == math.prod(output) for shape in inputs)
    if kind == _FUSED and any(map(_SOFTMAX.search, fused)) and alike >= 3:  # noqa: PLR2004  # these three
        return 2 * math.prod(output) * tokens
    if kind == "Softmax" or not (_MULTIPLIES.search(kind) or any(map(_ORIGINAL.search, fused))):
        return 0
    raise BenchModelsError(
        f"OpenVINO ran {kind} on shapes {inputs} for {', '.join(fused)}, whose products are not counted: add it to "
        f"{__name__}"
    )
