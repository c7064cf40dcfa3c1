"""The kernels that a runtime runs for one call, as its own profile or the graph that it compiled tells them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from bench_models.errors import BenchModelsError

# The words of their names that PyTorch's products have, and what is made of them.
_PRODUCT = re.compile(r"(b?add)?b?mm|(add)?mv|matmul\w*|q?linear|gem[mv]|attention|conv\w*|einsum|dot|lstm|gru|rnn")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kernel:
    """How often the kernel of an operator ran, and what it multiplied.

    ``integer_macs`` and ``float_macs`` are the multiply-accumulates of its matrix products, by the arithmetic that they
    were computed in. Both are 0 for what multiplies no matrices.
    """

    operator: str
    count: int
    integer_macs: int = 0
    float_macs: int = 0


def multiplies(operator: str) -> bool:
    """Say by its name whether an operator of PyTorch multiplies matrices."""
    return any(map(_PRODUCT.fullmatch, re.split(r"[^A-Za-z0-9]+", operator)))


def int8_share(kernels: Iterable[Kernel]) -> float:
    """Return the share of multiply-accumulates of matrix products that ran in integer arithmetic, from 0 to 1."""
    kernels = tuple(kernels)
    integer = sum(kernel.integer_macs for kernel in kernels)
    total = integer + sum(kernel.float_macs for kernel in kernels)
    if not total:
        ran = ", ".join(kernel.operator for kernel in kernels) or "nothing"
        raise BenchModelsError(f"a profile shows no product of matrices, where a model has some: it shows {ran}")
    return integer / total
