"""Weights of eight and four bits by bitsandbytes: techniques that save memory, not time, on a CPU."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from bench_models.errors import BenchModelsError
from bench_models.recipes.step import Context, Format, Step

if TYPE_CHECKING:
    from torch import nn
    from transformers import BitsAndBytesConfig

# Columns that the 4-bit CPU kernel takes at once, and weights that share a scale.
_KERNEL_ROWS = 32
_BLOCK = 64

Float = Literal["float32", "float16", "bfloat16"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _BitsAndBytes(Step):
    """Quantize the linear layers as transformers loads a model, but for those whose name ends as one of ``skip``.

    What is not quantized becomes ``dtype``. A head of few classes should be skipped: it is small, decides the
    answer, and does not fit the 4-bit kernels.
    """

    libraries: ClassVar[tuple[str, ...]] = ("torch", "transformers", "bitsandbytes")

    skip: tuple[str, ...] = ("classifier",)
    dtype: Float = "float16"

    def obstacle(self, target: Format) -> str | None:  # noqa: ARG002  # none of them
        """Its weights are multiplied by kernels of bitsandbytes, which no format knows."""
        return "only bitsandbytes can multiply its weights, so that the file would not load by itself"

    @abstractmethod
    def _config(self) -> "BitsAndBytesConfig": ...

    def apply(self, model: "nn.Module", context: Context) -> "nn.Module":
        """Return the model as transformers loads it with this quantization."""
        import torch

        from bench_models.recipes import classifier, units

        config: Any = model.config
        if hasattr(config, units.KEPT):
            raise BenchModelsError(
                f"{context.variant}: {type(self).__name__} has transformers load the model anew, which cannot make the "
                "shapes that pruned heads or neurons left: apply it to a model of full width"
            )
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
        """Refuse a threshold that is none."""
        if not self.threshold >= 0:
            raise BenchModelsError(f"LLMInt8(threshold={self.threshold}): an activation's size is 0 or greater")

    def _config(self) -> "BitsAndBytesConfig":
        from transformers import BitsAndBytesConfig

        return BitsAndBytesConfig(
            load_in_8bit=True,
            llm_int8_threshold=self.threshold,
            llm_int8_skip_modules=list(self.skip),
            llm_int8_enable_fp32_cpu_offload=self.fp32_cpu_offload,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantize4Bit(_BitsAndBytes):
    """Weights of 4 bits, of the type NF4 (quantiles of the normal distribution) or FP4; computes in ``compute``.

    ``double`` quantizes the scales, too.

    Source: Dettmers et al., QLoRA: efficient finetuning of quantized LLMs (2023).
    """

    kind: Literal["nf4", "fp4"] = "nf4"
    compute: Float = "bfloat16"
    double: bool = True

    def _config(self) -> "BitsAndBytesConfig":
        import torch
        from transformers import BitsAndBytesConfig

        return BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type=self.kind,
            bnb_4bit_compute_dtype=getattr(torch, self.compute),
            bnb_4bit_use_double_quant=self.double,
            llm_int8_skip_modules=list(self.skip),
        )

    def apply(self, model: "nn.Module", context: Context) -> "nn.Module":
        """Return the model in 4 bits; raises ``BenchModelsError`` for shapes that some CPUs' kernels cannot take."""
        from torch import nn

        for name, module in model.named_modules():
            if not isinstance(module, nn.Linear) or name.endswith(self.skip) or set(self.skip) & set(name.split(".")):
                continue
            # The kernels of CPUs with bf16 arithmetic ask for it; what is built here should run there.
            if module.out_features % _KERNEL_ROWS or module.in_features % _BLOCK:
                raise BenchModelsError(
                    f"{context.variant}: {name} has {module.out_features} outputs of {module.in_features} inputs, and "
                    f"the 4-bit kernel takes multiples of {_KERNEL_ROWS} and {_BLOCK}: add {name.split('.')[-1]!r} to "
                    f"skip, which is {self.skip}"
                )
        # Named, because a slotted dataclass is another class than the one that super() without names sees.
        return super(Quantize4Bit, self).apply(model, context)
