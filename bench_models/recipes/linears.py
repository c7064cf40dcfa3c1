"""Finds the linear layers of a model whose weights are not packed yet.

A step that finds none would be measured under its own name without having done anything.
"""

from typing import TYPE_CHECKING

from torch import nn

from bench_models.errors import BenchModelsError

if TYPE_CHECKING:
    from bench_models.recipes.step import Context, Step


def linears_of(model: nn.Module, step: "Step", context: "Context") -> dict[str, nn.Linear]:
    """Return a model's linear layers by their qualified names.

    Raises ``BenchModelsError`` when there is none, or one whose weights are not plain floating-point numbers.
    """
    named = [(name, module) for name, module in model.named_modules() if hasattr(module, "in_features")]
    what = f"{context.variant}: {type(step).__name__}"
    if not named:
        raise BenchModelsError(f"{what} changes linear layers, and {type(model).__name__} has none: leave the step out")
    plain = {name: module for name, module in named if isinstance(module, nn.Linear) and _is_plain(module)}
    packed = [(name, module) for name, module in named if name not in plain]
    if packed:
        name, module = packed[0]
        kind = f"{type(module).__module__}.{type(module).__qualname__}"
        raise BenchModelsError(
            f"{what} needs linear layers of floating-point weights, and {len(packed)} of {len(named)} are quantized "
            f"already, as {name} ({kind}): quantize once, and as the last step"
        )
    return plain


def _is_plain(linear: nn.Linear) -> bool:
    # Libraries that quantize keep their own kind of parameter in a layer, some of a type that claims to be a float.
    return type(linear.weight) is nn.Parameter and linear.weight.is_floating_point()
