"""Which kernels PyTorch runs for one call, from its own trace of the operators that it executes.

A trace nests operators in those that call them. A product of matrices is the innermost of those that multiply, so that
what is called INT8 counts as floating point where floats are multiplied: LLM.int8 does that on a CPU without AVX-512.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from msgspec import Struct, json

from bench_models.errors import BenchModelsError
from bench_models.runtimes.kernels import Kernel, multiplies
from bench_models.runtimes.session import silent

# Products, and which of their inputs is the left matrix, over whose last dimension they sum.
_LEFT = {
    "aten::_addmm_activation": 1,
    "aten::_int_mm": 0,
    "aten::addmm": 1,
    "aten::baddbmm": 1,
    "aten::bmm": 0,
    "aten::mm": 0,
    # Weights of 4 bits, which are unpacked while they are multiplied, on a CPU with bf16.
    "bitsandbytes::gemm_4bit": 0,
    "bitsandbytes::gemv_4bit": 0,
    "mkldnn::_linear_pointwise": 0,
    "quantized::linear_dynamic": 0,
}
# Its activations are quantized within; of all others the type of the left matrix tells the arithmetic.
_INTEGER = frozenset({"quantized::linear_dynamic"})
_INTEGER_TYPES = frozenset(
    f"Tensor({name})" for name in ("int", "long int", "short int", "signed char", "unsigned char")
)
# Queries with keys, and what comes of that with values.
_ATTENTION = "aten::_scaled_dot_product_flash_attention_for_cpu"
# Over its second input, the weights.
_CONVOLUTIONS = frozenset({"aten::_slow_conv2d_forward", "aten::mkldnn_convolution"})
_KNOWN = frozenset({*_LEFT, _ATTENTION, *_CONVOLUTIONS})
# They have names of products: one scales what was multiplied before, and compiled kernels tell what they are made for.
_NO_PRODUCT = re.compile(r"bitsandbytes::int8_mm_dequant|graph_\d+_cpp_fused")
# They ask for memory or look at it in another way, and compute nothing.
_NO_KERNEL = re.compile(
    r"\[|aten::(_has_compatible_shallow_copy_type|_reshape_alias|_unsafe_view|alias|as_strided_?|chunk|contiguous|detach_?|"
    r"dropout|empty\w*|expand|expand_as|flatten|lift_fresh|mT|narrow|numpy_T|permute|reshape|resolve_\w+|select|slice|"
    r"split\w*|squeeze_?|t|to|transpose|type_as|unbind|unflatten|unsqueeze_?|view|view_as)$"
)


class _Tensors(Struct, frozen=True):
    shapes: list[Any]  # of a tensor its sizes, and of a list of tensors a list of these
    types: list[Any]


class _Operator(Struct, frozen=True):
    """An operator that was executed, inside of the one with the id ``ctrl_deps``."""

    id: int
    name: str
    ctrl_deps: int
    inputs: _Tensors
    outputs: _Tensors


class _Trace(Struct, frozen=True):
    nodes: list[_Operator]


def kernels(call: Callable[[], object]) -> tuple[Kernel, ...]:
    """Return the kernels of one call, by the names of their operators, without PyTorch's own prefix.

    Raises ``BenchModelsError`` for a kernel whose products cannot be counted.
    """
    counts: Counter[str] = Counter()
    integer: Counter[str] = Counter()
    floating: Counter[str] = Counter()
    for operator in operators(call):
        counts[operator.name] += 1
        (integer if _is_integer(operator) else floating)[operator.name] += _macs(operator)
    return tuple(
        Kernel(
            operator=name.removeprefix("aten::"),
            count=counts[name],
            integer_macs=integer[name],
            float_macs=floating[name],
        )
        for name in sorted(counts)
    )


def operators(call: Callable[[], object]) -> Iterator["_Operator"]:
    """Yield the operators that compute in a call, and call no other that does, in the order of the trace."""
    return _innermost(_traced(call))


def _traced(call: Callable[[], object]) -> list[_Operator]:
    """Return all operators that a call executes in this thread."""
    from torch.profiler import ExecutionTraceObserver

    with TemporaryDirectory() as folder:
        file = Path(folder) / "trace.json"
        observer = ExecutionTraceObserver().register_callback(str(file))
        try:
            with silent():
                observer.start()
            call()
        finally:
            with silent():
                observer.stop()
            observer.unregister_callback()
        return json.decode(file.read_bytes(), type=_Trace).nodes


def _innermost(operators: Iterable[_Operator]) -> Iterator[_Operator]:
    """Yield the operators that compute, and call no other that does; of products, the innermost that multiplies."""
    inside: dict[int, list[_Operator]] = defaultdict(list)
    for operator in operators:
        if operator.ctrl_deps != operator.id:  # as the process's own is
            inside[operator.ctrl_deps].append(operator)
    known = {operator.id for operator in operators}

    def computing(operator: _Operator) -> list[_Operator]:
        found = [each for called in inside[operator.id] for each in computing(called)]
        if _multiplies(operator):
            return found if any(map(_multiplies, found)) else [operator]
        return found or ([] if _NO_KERNEL.match(operator.name) else [operator])

    for operator in operators:
        if operator.ctrl_deps == operator.id or operator.ctrl_deps not in known:
            yield from computing(operator)


def _multiplies(operator: _Operator) -> bool:
    return operator.name in _KNOWN or (multiplies(operator.name) and not _NO_PRODUCT.match(operator.name))


def _is_integer(operator: _Operator) -> bool:
    if operator.name in _INTEGER:
        return True
    return operator.name in _LEFT and operator.inputs.types[_LEFT[operator.name]] in _INTEGER_TYPES


def _macs(operator: _Operator) -> int:
    """Return the multiply-accumulates of the product of matrices that an operator is."""
    if not _multiplies(operator):
        return 0
    name, inputs = operator.name, operator.inputs.shapes
    output: list[int] = operator.outputs.shapes[0] if operator.outputs.shapes else []
    if name == _ATTENTION:
        query: list[int] = inputs[0]
        key: list[int] = inputs[1]
        return 2 * math.prod(query) * key[-2]
    if name in _CONVOLUTIONS:
        weights: list[int] = inputs[1]
        return math.prod(output) * math.prod(weights[1:])
    if name in _LEFT:
        left: list[int] = inputs[_LEFT[name]]
        return math.prod(output) * left[-1]
    raise BenchModelsError(
        f"PyTorch ran {name} on shapes {inputs}, whose products are not counted: add it to {__name__}"
    )
