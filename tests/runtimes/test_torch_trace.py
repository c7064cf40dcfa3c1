"""The kernels that PyTorch ran, and in which arithmetic they multiplied: exact, whatever the clock says."""

import copy
import sys
from collections.abc import Callable

import pytest
import torch
from support.runtimes import FEED_FORWARD, LINEAR, TOTAL, sentence
from torch import nn

from bench_models.errors import BenchModelsError
from bench_models.recipes.cast import Cast
from bench_models.recipes.quantize_bitsandbytes import LLMInt8, Quantize4Bit
from bench_models.recipes.quantize_dynamic import QuantizeDynamic
from bench_models.recipes.quantize_torchao import QuantizeIntx
from bench_models.recipes.step import Context, Step
from bench_models.runtimes import torch_trace
from bench_models.runtimes.eager import Eager
from bench_models.runtimes.kernels import Kernel

# The 4-bit kernel takes 64 inputs and more, which of the tiny model's layers the feed-forward ones' second has.
_NARROW = ("classifier", "query", "key", "value", "attention.output.dense", "intermediate.dense", "pooler.dense")


def _kernels(model: nn.Module) -> tuple[Kernel, ...]:
    session = Eager().open(model, threads=1)
    session(sentence())  # some libraries look at the type of what they are asked first
    return torch_trace.kernels(lambda: session(sentence()))


def _macs(kernels: tuple[Kernel, ...]) -> tuple[int, int]:
    return sum(each.integer_macs for each in kernels), sum(each.float_macs for each in kernels)


@pytest.mark.parametrize(
    "step",
    [Cast(dtype="bfloat16"), Quantize4Bit(skip=_NARROW), QuantizeIntx(bits=2)],
    ids=str,
)
def test_products_of_unpacked_weights_are_in_floating_point(model: nn.Module, context: Context, step: Step) -> None:
    """As many as the model's sizes say, however weights are stored."""
    assert _macs(_kernels(step.apply(model, context))) == (0, TOTAL)


def test_products_of_dynamic_int8_are_in_integers(model: nn.Module, context: Context) -> None:
    """All but those of attention, whose both sides are activations: packed weights tell no shape, outputs do."""
    plain, small = _kernels(model), _kernels(QuantizeDynamic().apply(model, context))

    assert _macs(plain) == (0, TOTAL)
    assert _macs(small) == (LINEAR, TOTAL - LINEAR)
    assert {each.operator: each.count for each in small}["quantized::linear_dynamic"] == 14


def test_llm_int8_multiplies_integers_where_the_cpu_has_avx512_alone(model: nn.Module, context: Context) -> None:
    """It is called INT8 everywhere, and multiplies floats that hold integers elsewhere."""
    integer, floating = _macs(_kernels(LLMInt8().apply(model, context)))

    assert integer + floating == TOTAL
    head = 32 * 2  # which stays as it is
    assert integer == (LINEAR - head if torch.backends.cpu.get_cpu_capability() == "AVX512" else 0)


def test_layer_that_is_left_out_of_quantization_is_seen(model: nn.Module, context: Context) -> None:
    """Planted: its products run in floating point, and no others."""
    left_out = "bert.encoder.layer.1.intermediate.dense"
    planted = QuantizeDynamic().apply(copy.deepcopy(model), context)
    planted.set_submodule(left_out, model.get_submodule(left_out))
    integer, floating = _macs(_kernels(planted))

    assert (integer, floating) == (LINEAR - FEED_FORWARD, TOTAL - LINEAR + FEED_FORWARD)


def test_attention_of_single_operators_is_counted_alike_and_is_more_kernels(model: nn.Module) -> None:
    """Planted by transformers' switch: the same products."""
    fused = _kernels(model)
    model.set_attn_implementation("eager")  # type: ignore[operator]
    plain = _kernels(model)

    assert _macs(plain) == _macs(fused) == (0, TOTAL)
    assert sum(each.count for each in plain) >= sum(each.count for each in fused) + 6
    assert {each.operator: each.count for each in fused}["_scaled_dot_product_flash_attention_for_cpu"] == 2


def test_kernels_are_the_same_each_time(model: nn.Module) -> None:
    """A check is red where they become more."""
    assert len({_kernels(model) for _ in range(5)}) == 1


@pytest.mark.parametrize(
    "call",
    [
        lambda: torch.mv(torch.ones(3, 3), torch.ones(3)),
        lambda: torch._weight_int8pack_mm(torch.ones(2, 32), torch.ones(32, 32, dtype=torch.int8), torch.ones(32)),
        lambda: torch.nn.LSTM(4, 4)(torch.ones(1, 1, 4)),
    ],
)
def test_operator_whose_products_are_not_known_is_named(call: Callable[[], object]) -> None:
    """Whatever is not counted would make the share of integers wrong."""
    with pytest.raises(BenchModelsError, match=r"PyTorch ran \w+::\w+ on shapes .* add it to bench_models"):
        torch_trace.kernels(call)


_MORE = {
    "fused with an activation": (
        lambda: torch._addmm_activation(torch.ones(5), torch.ones(2, 3), torch.ones(3, 5)),
        30,
    ),
    "of integers": (lambda: torch.mm(torch.ones(2, 3, dtype=torch.int32), torch.ones(3, 5, dtype=torch.int32)), 30),
    "convolution": (lambda: torch.conv1d(torch.ones(1, 2, 8), torch.ones(4, 2, 3)), 4 * 6 * 2 * 3),
}


@pytest.mark.parametrize(("call", "macs"), _MORE.values(), ids=_MORE)
def test_other_products_are_counted(call: Callable[[], object], macs: int) -> None:
    """Integers by the type of the left matrix."""
    kernels = torch_trace.kernels(call)
    assert sum(_macs(kernels)) == macs
    assert (_macs(kernels)[0] == macs) == any(each.operator == "mm" for each in kernels)


def test_views_are_no_kernels() -> None:
    """However a library writes them: it computes as much."""
    matrix = torch.ones(2, 3, 4)

    def look() -> None:
        matrix.permute(0, 2, 1).mT.flatten(1).unflatten(1, (3, 4)).narrow(0, 0, 1).expand_as(matrix).view_as(matrix)
        matrix.unbind(0)
        matrix.chunk(2)
        matrix.type_as(matrix).transpose(0, 1).unsqueeze(0).squeeze(0).select(0, 0)

    assert torch_trace.kernels(look) == ()


def test_trace_ends_when_the_call_fails_and_standard_error_is_kept(capfd: pytest.CaptureFixture[str]) -> None:
    """The next call is traced alone, and what the call itself prints is printed."""

    def fail() -> None:
        sys.stdout.write("told\n")
        raise ValueError("planted")

    with pytest.raises(ValueError, match="planted"):
        torch_trace.kernels(fail)
    assert torch_trace.kernels(torch.ones(2).tanh) == (Kernel(operator="tanh", count=1),)
    assert capfd.readouterr() == ("told\n", "")
