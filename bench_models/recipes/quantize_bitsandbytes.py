"""Quantization by bitsandbytes: LLM.int8, NF4 and FP4 weights, which save memory on a CPU, but no time."""

import logging
from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from bench_models.errors import BenchModelsError
from bench_models.recipes.step import Context, Format, Step, field_text, require_choices, require_names, require_numbers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import nn
    from transformers import BitsAndBytesConfig

# Outputs that the 4-bit CPU kernel takes at once, and inputs whose weights share a scale.
_OUTPUTS = 32
_INPUTS = 64

Float = Literal["float32", "float16", "bfloat16"]
Kind = Literal["nf4", "fp4"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _BitsAndBytes(Step):
    """Quantize the linear layers as transformers loads a model, but for those that ``skip`` names.

    A name stands for modules that are called so at their end or from their beginning, and for all inside them; it
    must belong to some linear layer. Names in ``may_lack`` need not: they are handed on as a published configuration
    has them. What is not quantized becomes ``dtype``. A head of few classes should be skipped: it is small, decides
    the answer, and does not fit the 4-bit kernels.
    """

    libraries: ClassVar[tuple[str, ...]] = ("torch", "transformers", "bitsandbytes")

    skip: tuple[str, ...] = ("classifier",)
    may_lack: tuple[str, ...] = ()
    dtype: Float = "float16"

    def __post_init__(self) -> None:
        """Refuse names of modules and types that are malformed."""
        require_names(self, "skip", "may_lack")
        require_choices(self, dtype=Float)

    def unsupported_reason(self, target: Format) -> str | None:  # noqa: ARG002  # none of them
        """Its weights are multiplied by kernels of bitsandbytes, which no format knows."""
        return "only bitsandbytes can multiply its weights, so that the file would not load by itself"

    @abstractmethod
    def _config(self) -> "BitsAndBytesConfig": ...

    def apply(self, model: "nn.Module", context: Context) -> "nn.Module":
        """Return the model as transformers loads it with this quantization."""
        import torch

        from bench_models.recipes import classifier, modules

        config: Any = model.config
        if hasattr(config, modules.KEPT):
            raise BenchModelsError(
                f"{context.variant}: {type(self).__name__} has transformers load the model anew, which cannot make the "
                "shapes that pruned heads or neurons left: apply it to a model of full width"
            )
        self.require_shapes(self._chosen(model, context), context)
        _import_quietly()
        folder = context.scratch / "full-precision"
        with classifier.quiet():
            model.save_pretrained(folder)  # type: ignore[operator]  # transformers' method, on torch's class
            loaded: nn.Module = type(model).from_pretrained(  # type: ignore[attr-defined]  # the same
                folder,
                dtype=getattr(torch, self.dtype),
                quantization_config=self._config(),
                # The object and not the word "cpu", which means what did not fit on the device and is offloaded.
                device_map={"": torch.device("cpu")},
                use_safetensors=True,
                local_files_only=True,
            )
        return loaded

    def require_shapes(self, chosen: "Mapping[str, nn.Linear]", context: Context) -> None:
        """Raise ``BenchModelsError`` where kernels cannot take the layers that are to be quantized."""

    def _chosen(self, model: "nn.Module", context: Context) -> "dict[str, nn.Linear]":
        """Return what will be quantized: something, and each name that is skipped says something."""
        from transformers.quantizers.quantizers_utils import should_convert_module

        from bench_models.recipes.modules import linears_of

        linears = linears_of(model, self, context)
        what = f"{context.variant}: {field_text(self, 'skip')}"
        for name in self.skip:
            if all(should_convert_module(each, [name]) for each in linears):
                ends = sorted({each.split(".")[-1] for each in linears})
                raise BenchModelsError(
                    f"{what}: {name!r} belongs to no linear layer of {type(model).__name__}, where they are called "
                    f"{', '.join(ends)}: leave it out, or move it to may_lack"
                )
        chosen = {name: each for name, each in linears.items() if should_convert_module(name, self._names)}
        if not chosen:
            raise BenchModelsError(f"{what} leaves none of {len(linears)} linear layers to quantize: skip fewer")
        return chosen

    @property
    def _names(self) -> list[str]:
        return [*self.skip, *self.may_lack]


def _import_quietly() -> None:
    """Import bitsandbytes without its advice to install what would fetch other kernels from a model hub."""
    adviser = logging.getLogger("bitsandbytes.backends.cpu.ops")
    level = adviser.level
    adviser.setLevel(logging.ERROR)
    try:
        import bitsandbytes  # noqa: F401  # importing it is what advises
    finally:
        adviser.setLevel(level)


@dataclass(frozen=True, slots=True, kw_only=True)
class LLMInt8(_BitsAndBytes):
    """INT8 weights and activations, but for columns whose activations reach ``threshold``: those stay 16-bit.

    ``fp32_cpu_offload`` lets modules that an accelerator has no room for stay on the CPU in fp32; on one device
    nothing is offloaded, and it changes nothing.

    Source: Dettmers et al., LLM.int8(): 8-bit matrix multiplication for transformers at scale (2022).
    """

    threshold: float = 6.0
    fp32_cpu_offload: bool = False

    def __post_init__(self) -> None:
        """Refuse a negative threshold."""
        # Named, because a slotted dataclass is another class than the one that super() without names sees.
        super(LLMInt8, self).__post_init__()
        require_numbers(self, "threshold")
        if not self.threshold >= 0:
            raise BenchModelsError(f"LLMInt8(threshold={self.threshold}): an activation's size is 0 or greater")

    def _config(self) -> "BitsAndBytesConfig":
        from transformers import BitsAndBytesConfig

        return BitsAndBytesConfig(
            load_in_8bit=True,
            llm_int8_threshold=self.threshold,
            llm_int8_skip_modules=self._names,
            llm_int8_enable_fp32_cpu_offload=self.fp32_cpu_offload,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantize4Bit(_BitsAndBytes):
    """Weights of 4 bits, of the type NF4 (quantiles of the normal distribution) or FP4; computes in ``compute``.

    ``double`` quantizes the scales, too.

    Source: Dettmers et al., QLoRA: efficient finetuning of quantized LLMs (2023).
    """

    kind: Kind = "nf4"
    compute: Float = "bfloat16"
    double: bool = True

    def __post_init__(self) -> None:
        """Refuse unknown types."""
        super(Quantize4Bit, self).__post_init__()
        require_choices(self, kind=Kind, compute=Float)

    def _config(self) -> "BitsAndBytesConfig":
        import torch
        from transformers import BitsAndBytesConfig

        return BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type=self.kind,
            bnb_4bit_compute_dtype=getattr(torch, self.compute),
            bnb_4bit_use_double_quant=self.double,
            llm_int8_skip_modules=self._names,
        )

    def require_shapes(self, chosen: "Mapping[str, nn.Linear]", context: Context) -> None:
        """Raise ``BenchModelsError`` for shapes that the kernels of CPUs with bf16 arithmetic cannot take.

        On every machine: what is built here should run there.
        """
        misfits = [name for name, each in chosen.items() if each.in_features % _INPUTS or each.out_features % _OUTPUTS]
        if not misfits:
            return
        first = chosen[misfits[0]]
        found = (
            f"{context.variant}: the 4-bit kernel takes multiples of {_INPUTS} inputs and of {_OUTPUTS} outputs, which "
            f"{len(misfits)} of {len(chosen)} linear layers do not have, as {misfits[0]} of {first.in_features} inputs "
            f"and {first.out_features} outputs"
        )
        if len(misfits) == len(chosen):
            raise BenchModelsError(f"{found}: the model is too narrow, choose another technique")
        skip = (*self.skip, *_endings(misfits, chosen))
        raise BenchModelsError(f"{found}: choose skip={skip!r}")


def _endings(misfits: "Sequence[str]", chosen: "Mapping[str, object]") -> list[str]:
    """Return names to skip: the end of each misfit's name, long enough to match no layer that fits."""
    fitting = [name for name in chosen if name not in misfits]
    found = []
    for name in misfits:
        parts = name.split(".")
        ends = [".".join(parts[-count:]) for count in range(1, len(parts) + 1)]
        found.append(next((end for end in ends if not any(each.endswith(end) for each in fitting)), name))
    return list(dict.fromkeys(found))
