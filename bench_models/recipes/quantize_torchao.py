"""Weights of two to eight bits by torchao, with and without training for it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from bench_models.errors import BenchModelsError
from bench_models.recipes.finetune import FineTune
from bench_models.recipes.step import Context, Format, Step, require_counts

if TYPE_CHECKING:
    from torch import nn

# torchao quantizes activations to 8 bits whatever the weights have; one bit cannot be trained for.
_BITS = range(2, 9)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantizeIntx(Step):
    """INT8 activations, quantized when a layer runs, and weights of ``bits`` that share a scale in groups of ``group``.

    The classifier head stays as it is. A weight takes a whole byte, however few its bits: it is for accelerators that
    pack them; here it shows what the bits cost in accuracy.
    """

    libraries: ClassVar[tuple[str, ...]] = ("torch", "torchao")
    rounds_activations: ClassVar[bool] = True

    bits: int
    group: int = 32

    def __post_init__(self) -> None:
        """Refuse unsupported numbers of bits and sizes of groups."""
        _require_bits(self)

    def unsupported_reason(self, target: Format) -> str | None:
        """Its tensors cannot be traced, and its operators are torchao's, but ONNX has some of the same kind."""
        return None if target == "onnx" else "only torchao has its operators, and the file would not load by itself"

    def apply(self, model: "nn.Module", context: Context) -> "nn.Module":
        """Return the model with quantized linear layers."""
        _require_groups(model, self, context)
        with _quiet():
            from torchao.quantization import quantize_
        quantize_(model, _config(self.bits, self.group), filter_fn=_is_quantized)
        return model


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantizationAware(FineTune):
    """Train on with the rounding of ``QuantizeIntx`` in place, so that the weights learn to bear it.

    What comes out is floating-point again: the next step is ``QuantizeIntx`` with the same bits and group, which
    rounds as training did. Gradients pass the rounding as if it were not there.

    Source: Jacob et al., Quantization and training of neural networks for efficient integer-arithmetic-only
    inference (2018).
    """

    libraries: ClassVar[tuple[str, ...]] = (*FineTune.libraries, "torchao")

    bits: int
    group: int = 32

    def __post_init__(self) -> None:
        """Refuse unsupported numbers of bits and sizes of groups."""
        # Named, because a slotted dataclass is another class than the one that super() without names sees.
        super(QuantizationAware, self).__post_init__()
        _require_bits(self)

    def apply(self, model: "nn.Module", context: Context) -> "nn.Module":
        """Return the model, in floating point, with the weights that are best when rounded."""
        from bench_models.recipes.training import train

        _require_groups(model, self, context)
        with _quiet():
            from torchao.quantization import quantize_
            from torchao.quantization.qat import QATConfig
        quantize_(model, QATConfig(_config(self.bits, self.group), step="prepare"), filter_fn=_is_quantized)
        train(model, context, self.schedule())
        quantize_(model, QATConfig(step="convert"), filter_fn=_is_quantized)
        return model


def _config(bits: int, group: int) -> Any:  # noqa: ANN401  # torchao is untyped
    import torch
    from torchao.quantization import Int8DynamicActivationIntxWeightConfig
    from torchao.quantization.granularity import PerGroup

    return Int8DynamicActivationIntxWeightConfig(
        weight_dtype=getattr(torch, f"int{bits}"), weight_granularity=PerGroup(group)
    )


def _is_quantized(module: "nn.Module", name: str) -> bool:
    from torch import nn

    return isinstance(module, nn.Linear) and "classifier" not in name.split(".")


def _require_bits(step: QuantizeIntx | QuantizationAware) -> None:
    if type(step.bits) is not int or step.bits not in _BITS:
        raise BenchModelsError(f"{type(step).__name__}(bits={step.bits}): weights have {_BITS[0]} to {_BITS[-1]} bits")
    require_counts(step, least=1, group="the weights of a group are")


def _require_groups(model: "nn.Module", step: QuantizeIntx | QuantizationAware, context: Context) -> None:
    from bench_models.recipes.modules import linears_of

    linears = linears_of(model, step, context)
    widths = {name: linear.in_features for name, linear in linears.items() if _is_quantized(linear, name)}
    if not widths:
        raise BenchModelsError(f"{context.variant}: {type(step).__name__} leaves the head as it is, and all is head")
    for name, width in widths.items():
        if width % step.group:
            raise BenchModelsError(
                f"{context.variant}: {name} has {width} inputs, which {step.group} does not divide: choose a "
                f"group that divides {' and '.join(map(str, sorted(set(widths.values()))))}"
            )


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence torchao's warnings, at import, about GPU kernels that a CPU lacks."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)
