"""The kernels that ONNX Runtime ran, and in which arithmetic they multiplied: exact, whatever the clock says."""

from pathlib import Path

import onnx
import pytest
from onnxruntime import quantization
from support.runtimes import FEED_FORWARD, LINEAR, TOKENS, TOTAL, batch_of, sentence
from torch import nn

from bench_models.errors import BenchModelsError
from bench_models.runtimes import onnx_profile
from bench_models.runtimes.kernels import Kernel, int8_share
from bench_models.runtimes.onnx_runtime import FILENAME, OnnxRuntime


def _kernels(model: nn.Module, folder: Path, runtime: OnnxRuntime) -> tuple[Kernel, ...]:
    folder.mkdir()
    if runtime.calibrated:
        runtime.write_calibrated(model, folder, [batch_of(1, tokens) for tokens in (3, TOKENS)])
    else:
        runtime.write(model, folder)
    return runtime.kernels(folder, sentence())


def _macs(kernels: tuple[Kernel, ...]) -> tuple[int, int]:
    return sum(each.integer_macs for each in kernels), sum(each.float_macs for each in kernels)


@pytest.mark.parametrize("fused", [True, False])
def test_products_are_counted_in_the_arithmetic_that_they_ran_in(
    model: nn.Module,
    tmp_path: Path,
    fused: bool,  # noqa: FBT001  # a parameter
) -> None:
    """As many as the model's sizes say. In INT8 all but those of attention, whose both sides are activations."""
    plain = _kernels(model, tmp_path / "plain", OnnxRuntime(fused_attention=fused))
    small = _kernels(model, tmp_path / "small", OnnxRuntime(quantization="int8-dynamic", fused_attention=fused))

    assert _macs(plain) == (0, TOTAL)
    assert int8_share(plain) == 0
    integer, floating = _macs(small)
    assert integer + floating == TOTAL
    # Unfused, products of two activations are quantized as well where ONNX Runtime has a kernel for it.
    assert integer == LINEAR or (not fused and integer == TOTAL)


def test_all_products_of_a_calibrated_file_are_in_integers(model: nn.Module, tmp_path: Path) -> None:
    """Those of attention, too: the scales of both sides are fixed."""
    kernels = _kernels(model, tmp_path / "static", OnnxRuntime(quantization="int8-static"))
    assert _macs(kernels) == (TOTAL, 0)
    assert {each.operator: each.count for each in kernels}["QLinearMatMul"] == 16


def test_int4_weights_are_multiplied_in_floating_point(model: nn.Module, tmp_path: Path) -> None:
    """They are smaller, and no cheaper to multiply: a share of INT8 would be a lie."""
    kernels = _kernels(model, tmp_path / "int4", OnnxRuntime(quantization="int4"))
    assert _macs(kernels) == (0, TOTAL)
    assert {each.operator: each.count for each in kernels}["MatMulNBits"] == 14


def test_kernels_are_the_same_each_time(model: nn.Module, tmp_path: Path) -> None:
    """A check is red where they become more."""
    runtime = OnnxRuntime(quantization="int8-dynamic")
    folders = [tmp_path / str(place) for place in range(5)]
    assert len({_kernels(model, folder, runtime) for folder in folders}) == 1


def test_attention_that_is_not_fused_runs_more_kernels(model: nn.Module, tmp_path: Path) -> None:
    """Planted by its switch: the same products, in many more kernels."""
    fused, plain = (_kernels(model, tmp_path / str(each), OnnxRuntime(fused_attention=each)) for each in (True, False))

    counts = {each.operator: each.count for each in fused}
    assert (counts["Attention"], "Softmax" in counts) == (2, False)
    assert sum(each.count for each in plain) > sum(counts.values()) + 10


def test_layer_that_is_left_out_of_quantization_is_seen(
    model: nn.Module, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted: its products run in floating point, and no others."""
    int8 = OnnxRuntime(quantization="int8-dynamic")
    whole = _kernels(model, tmp_path / "whole", int8)
    quantize = quantization.quantize_dynamic

    def leaving_out(plain: Path, *others: Path, **named: object) -> None:
        nodes = onnx.load(plain).graph.node
        left_out = next(node.name for node in nodes if node.op_type == "MatMul" and "intermediate" in node.name)
        quantize(plain, *others, nodes_to_exclude=[left_out], **named)

    monkeypatch.setattr(quantization, "quantize_dynamic", leaving_out)
    planted = _kernels(model, tmp_path / "planted", int8)

    integer, floating = _macs(whole)
    assert _macs(planted) == (integer - FEED_FORWARD, floating + FEED_FORWARD)
    assert int8_share(planted) < int8_share(whole)
    assert (tmp_path / "planted" / FILENAME).is_file()


@pytest.mark.parametrize(
    ("operator", "shape"),
    [("MultiHeadAttention", [1, 11, 32]), ("Attention", [1, 2, 11, 16]), ("QLinearConv", [11, 32])],
)
def test_kernel_whose_products_are_not_known_is_named(operator: str, shape: list[int]) -> None:
    """Whatever is not counted would make the share of integers wrong."""
    with pytest.raises(BenchModelsError, match=rf"ONNX Runtime ran {operator} on shapes .* add it to bench_models"):
        onnx_profile._macs(operator, [shape], [shape])


def test_profile_without_products_is_no_census() -> None:
    """A model has some, so what is read is not its profile."""
    with pytest.raises(BenchModelsError, match="shows no product of matrices, where a model has some: it shows Tanh"):
        int8_share([Kernel(operator="Tanh", count=1)])
    assert (
        int8_share([Kernel(operator="MatMul", count=1, float_macs=1), Kernel(operator="Q", count=1, integer_macs=3)])
        == 0.75
    )
