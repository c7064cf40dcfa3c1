"""The products of matrices of a compiled program: their sizes from its graph, and what ran from torch's trace.

Compiled code tells the names of its kernels when it runs, and no shapes. Those are fixed by the model, so that they are
taken from the graph that was compiled; as many products have to run as it has, of each kind.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from bench_models.errors import BenchModelsError
from bench_models.runtimes.kernels import Kernel, multiplies

if TYPE_CHECKING:
    from torch.export import ExportedProgram

# What a product multiplies, as a sum of terms: [147456, 1, 1] is a factor, and the powers of sentences and tokens.
Product = tuple[str, list[tuple[int, int, int]]]

# Operators of a graph, and of kernels, by kind: a matmul of a matrix and weights may become a kernel of a linear layer.
# All of these multiply in floating point.
_OF_GRAPH = {
    "aten.addmm.default": "matrices",
    "aten.bmm.default": "batches",
    "aten.linear.default": "matrices",
    "aten.matmul.default": "matrices",
    "aten.scaled_dot_product_attention.default": "attention",
}
_OF_KERNELS = {
    "_linear_pointwise": "matrices",
    "_linear_pointwise_binary": "matrices",
    "_mkl_linear": "matrices",
    "addmm_out": "matrices",
    "baddbmm_out": "matrices",
    "bmm_out": "matrices",
    "mm_out": "matrices",
    "_scaled_dot_product_flash_attention_for_cpu": "attention",
}
# As ExecuTorch writes an operator that stands for one of torch's.
_OPERATOR = re.compile(r"<EdgeOpOverload: (?P<name>[\w.]+)>")
_KERNEL = re.compile(r"aoti_torch_cpu_(?P<name>\w+)")
# The kernels that were compiled have the names of all operators that they fuse.
_FUSED = re.compile(r"graph_\d+_cpp_fused_\w+")


def of(program: "ExportedProgram") -> list[Product]:
    """Return the products of a program of ``input_ids`` and ``attention_mask``.

    Raises ``BenchModelsError`` for an operator whose products cannot be counted.
    """
    return list(among(program.graph.nodes, *sizes_of(program)))


def sizes_of(program: "ExportedProgram") -> tuple[Any, Any]:
    """Return the symbols of a program for how many sentences it is asked, and of how many tokens."""
    ids = next(node for node in program.graph.nodes if node.name == "input_ids")
    sentences, tokens = ids.meta["val"].shape
    return sentences, tokens


def among(nodes: Iterable[Any], sentences: Any, tokens: Any) -> Iterator[Product]:  # noqa: ANN401  # torch's symbols
    """Yield the products among nodes of a program's graph, or of a part of it; raises as ``of`` does."""
    import sympy

    for node in nodes:
        operator = _operator(node.target)
        if node.op != "call_function" or not multiplies(operator):
            continue
        if operator not in _OF_GRAPH:
            raise BenchModelsError(f"the products of {operator} are not counted: add it to {__name__}")
        kind = _OF_GRAPH[operator]
        factors = node.args[1:] if operator == "aten.addmm.default" else node.args
        left, right = (each.meta["val"].shape for each in factors[:2])
        output = node.meta["val"].shape
        # Not by numel(), which would fix the sizes of the program to those of its example.
        macs = 2 * math.prod(left) * right[-2] if kind == "attention" else math.prod(output) * left[-1]
        if isinstance(macs, int):
            yield kind, [(macs, 0, 0)]
            continue
        sizes = [size.node.expr for size in (sentences, tokens)]
        try:
            terms = sympy.Poly(macs.node.expr, *sizes).terms()
        except sympy.PolynomialError as error:
            raise BenchModelsError(f"the products of {operator} are not counted: {macs} of them") from error
        yield kind, [(int(factor), *powers) for powers, factor in terms]


def _operator(target: Any) -> str:  # noqa: ANN401  # torch's operators, and ExecuTorch's that stand for them
    found = _OPERATOR.match(str(target))
    return found["name"] if found else str(target)


def multiplied(terms: Iterable[Iterable[int]], sentences: int, tokens: int) -> int:
    """Return the multiply-accumulates of a product, for so many sentences and tokens."""
    return sum(factor * sentences**first * tokens**second for factor, first, second in terms)


def counted(ran: Counter[str], products: list[Product], sentences: int, tokens: int) -> tuple[Kernel, ...]:
    """Return the kernels that ran, by their names, with what those of each kind multiplied.

    Raises ``BenchModelsError`` unless they are the products of the graph.
    """
    others: Counter[str] = Counter()
    names: dict[str, Counter[str]] = defaultdict(Counter)
    for full, count in ran.items():
        found = _KERNEL.fullmatch(full)
        name = found["name"] if found else "cpp_fused" if _FUSED.fullmatch(full) else full.removeprefix("aten::")
        if found and name in _OF_KERNELS:
            names[_OF_KERNELS[name]][name] += count
        elif found and multiplies(name):
            raise BenchModelsError(f"AOTInductor ran {full}, whose products are not counted: add it to {__name__}")
        else:
            others[name] += count
    macs: Counter[str] = Counter()
    for kind, terms in products:
        macs[kind] += multiplied(terms, sentences, tokens)
    in_graph = Counter(kind for kind, _ in products)
    in_run = Counter({kind: each.total() for kind, each in names.items()})
    if in_run != in_graph:
        raise BenchModelsError(f"the compiled graph has the products {dict(in_graph)}, and {dict(in_run)} ran")
    return tuple(
        sorted(
            [
                *(Kernel(operator=name, count=count) for name, count in others.items()),
                *(
                    Kernel(operator=" or ".join(sorted(each)), count=each.total(), float_macs=macs[kind])
                    for kind, each in names.items()
                ),
            ],
            key=lambda kernel: kernel.operator,
        )
    )
