"""A model in ONNX Runtime: what is shipped, how it answers, and what is refused."""

import logging
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnxruntime import quantization
from onnxruntime.capi import onnxruntime_pybind11_state as trouble
from support.runtimes import SIZES, batch_of
from torch import nn

from bench_models.errors import BenchModelsError
from bench_models.recipes.modules import remove
from bench_models.runtimes import onnx_file, onnx_graph, onnx_runtime
from bench_models.runtimes.eager import Eager
from bench_models.runtimes.exporters import quiet
from bench_models.runtimes.onnx_runtime import FILENAME, OnnxRuntime

INT8 = OnnxRuntime(quantization="int8-dynamic")


@pytest.mark.parametrize("fused", [True, False])
@pytest.mark.parametrize(
    ("runtime", "apart"),
    [
        (OnnxRuntime(), 1e-4),
        (OnnxRuntime(int4_embeddings=True), 0.5),
        (OnnxRuntime(quantization="int8-dynamic"), 0.5),
        (OnnxRuntime(quantization="int8-dynamic", int4_embeddings=True), 0.5),
        (OnnxRuntime(quantization="int4"), 0.5),
    ],
    ids=str,
)
def test_answers_are_those_of_eager_at_any_size(
    model: nn.Module,
    fused: bool,  # noqa: FBT001  # a parameter
    runtime: OnnxRuntime,
    apart: float,
) -> None:
    """Both sizes of the input are free, also in fused and quantized graphs."""
    runtime = replace(runtime, fused_attention=fused)
    session, eager = runtime.open(model, threads=1), Eager().open(model, threads=1)
    for size in SIZES:
        batch = batch_of(*size)
        assert np.abs(session(batch) - eager(batch)).max() <= apart, size


def test_calibrated_file_answers_as_eager_does_at_any_size(model: nn.Module, tmp_path: Path) -> None:
    """Its scales were taken from other sentences; without any it is refused."""
    runtime = OnnxRuntime(quantization="int8-static")
    runtime.write_calibrated(model, tmp_path, [batch_of(1, tokens) for tokens in (3, 7, 12, 24)])
    session, eager = runtime.load(tmp_path, threads=1), Eager().open(model, threads=1)
    for size in SIZES:
        assert np.abs(session(batch_of(*size)) - eager(batch_of(*size))).max() <= 0.5, size
    with pytest.raises(BenchModelsError, match="takes scales from sentences, and none are given"):
        runtime.open(model, threads=1)


def test_product_that_is_left_in_floating_point_is_named(
    model: nn.Module, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted: a tool that passes over one kind of product."""
    quantize = quantization.quantize_static

    def lazy(*arguments: Any, **more: Any) -> None:  # noqa: ANN401  # the tool's own
        quantize(*arguments, **more | {"op_types_to_quantize": ["Gather", "MatMul"]})

    monkeypatch.setattr(quantization, "quantize_static", lazy)
    with pytest.raises(BenchModelsError, match=r"leaves .*Gemm.* in floating point, which was to be INT8"):
        OnnxRuntime(quantization="int8-static").write_calibrated(model, tmp_path, [batch_of(1, 7)])


@pytest.mark.parametrize("fused", [True, False])
def test_layer_that_has_lost_heads_answers_as_in_eager(
    model: nn.Module,
    fused: bool,  # noqa: FBT001  # a parameter
) -> None:
    """Its heads are as wide as before, and layers may have unlike numbers of them."""
    remove(model, "heads", [[1], [0, 1]])
    session = OnnxRuntime(fused_attention=fused).open(model, threads=1)
    eager = Eager().open(model, threads=1)
    for size in SIZES:
        assert np.abs(session(batch_of(*size)) - eager(batch_of(*size))).max() <= 1e-4, size


@pytest.mark.parametrize("planted", ["a weight that is made", "widths of their own"])
def test_heads_that_cannot_be_told_are_named(model: nn.Module, tmp_path: Path, planted: str) -> None:
    """Planted: an optimizer that writes attention in another way."""
    OnnxRuntime().write(model, tmp_path)
    graph = onnx.load(tmp_path / FILENAME).graph
    node = next(node for node in graph.node if node.op_type == "Attention")
    if planted == "a weight that is made":
        node.input[1] = "made"
    else:
        node.attribute.append(onnx.helper.make_attribute("qkv_hidden_sizes", [32, 32, 32]))
    with pytest.raises(
        BenchModelsError, match=r"the heads of .*, which are 16 wide, cannot be told .*fused_attention=F"
    ):
        onnx_graph._count_heads(graph, 16)


def test_model_is_as_before_when_it_was_written(model: nn.Module, tmp_path: Path) -> None:
    """In evaluation mode, and with its own kind of attention; it is what the file is compared with."""
    before = model.config._attn_implementation  # type: ignore[union-attr]
    OnnxRuntime().write(model, tmp_path)
    assert model.config._attn_implementation == before != "eager"  # type: ignore[union-attr]
    assert not any(module.training for module in model.modules())


def test_every_attention_layer_is_fused_where_that_is_asked_for(model: nn.Module, tmp_path: Path) -> None:
    """One operator a layer, which has no softmax of its own."""
    found = {}
    for fused in (True, False):
        folder = tmp_path / str(fused)
        folder.mkdir()
        OnnxRuntime(fused_attention=fused).write(model, folder)
        counted = onnx_graph.operators(folder / FILENAME)
        found[fused] = counted["Attention"], counted["Softmax"]
    assert found == {True: (2, 0), False: (0, 2)}


def test_attention_that_is_not_fused_is_named(
    model: nn.Module, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted: an exporter that leaves attention as PyTorch computes it, which ONNX Runtime does not recognize."""
    model.set_attn_implementation("sdpa")  # type: ignore[operator]
    monkeypatch.setattr(model, "set_attn_implementation", lambda _: None)
    with pytest.raises(BenchModelsError, match=r"ONNX Runtime fuses 0 of 2 attention layers: .*fused_attention=False"):
        OnnxRuntime().write(model, tmp_path)


def test_int8_file_is_smaller_and_a_layer_that_is_left_out_is_seen_by_size(
    model: nn.Module, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A weight takes one byte instead of four: the feed-forward layer that is planted out of quantization shows."""
    plain, small, planted = (tmp_path / name for name in ("plain", "small", "planted"))
    for folder in (plain, small, planted):
        folder.mkdir()
    OnnxRuntime().write(model, plain)
    INT8.write(model, small)
    left_out = next(
        node.name
        for node in onnx.load(plain / FILENAME).graph.node
        if node.op_type == "MatMul" and "intermediate" in node.name
    )
    from onnxruntime import quantization

    quantize = quantization.quantize_dynamic
    monkeypatch.setattr(
        quantization, "quantize_dynamic", lambda *a, **named: quantize(*a, nodes_to_exclude=[left_out], **named)
    )
    INT8.write(model, planted)
    sizes = {folder.name: (folder / FILENAME).stat().st_size for folder in (plain, small, planted)}

    assert sizes["small"] < 0.8 * sizes["plain"]
    weights = 32 * 64
    assert 2 * weights < sizes["planted"] - sizes["small"] < 4 * weights


def test_embeddings_and_products_are_quantized(model: nn.Module, tmp_path: Path) -> None:
    """No product of fp32 weights is left, and the words' embeddings are bytes."""
    OnnxRuntime(quantization="int8-dynamic", fused_attention=False).write(model, tmp_path)
    counted = onnx_graph.operators(tmp_path / FILENAME)
    graph = onnx.load(tmp_path / FILENAME).graph
    largest = max(
        (each for each in graph.initializer if "word_embeddings" in each.name), key=lambda each: len(each.raw_data)
    )
    assert counted["MatMulInteger"] == 14
    assert counted["Gemm"] == 0
    assert largest.data_type in {onnx.TensorProto.INT8, onnx.TensorProto.UINT8}


def _bytes_of_floats(file: Path) -> int:
    """Return the bytes of matrices that are in floating point; scales are, and have few."""
    graph = onnx.load(file).graph
    return sum(
        4 * int(np.prod(each.dims))
        for each in graph.initializer
        if each.data_type == onnx.TensorProto.FLOAT and len(each.dims) > 1 and "_scales" not in each.name
    )


def test_int4_takes_all_weights_or_embeddings_alone(model: nn.Module, tmp_path: Path) -> None:
    """Of words, which are most of a small model; with INT4 weights no matrix is left in floating point."""
    files = {}
    for name, runtime in {
        "embeddings": OnnxRuntime(int4_embeddings=True, fused_attention=False),
        "int8": OnnxRuntime(quantization="int8-dynamic", int4_embeddings=True),
        "all": OnnxRuntime(quantization="int4"),
    }.items():
        folder = tmp_path / name
        folder.mkdir()
        runtime.write(model, folder)
        files[name] = folder / FILENAME
    counted = {name: onnx_graph.operators(file) for name, file in files.items()}

    assert [counted[name]["GatherBlockQuantized"] for name in files] == [1, 1, 3]
    assert [counted[name]["MatMulNBits"] for name in files] == [0, 0, 14]
    assert (_bytes_of_floats(files["int8"]), _bytes_of_floats(files["all"])) == (0, 0)
    words = model.get_submodule("bert.embeddings.word_embeddings")
    others = [each for each in model.modules() if isinstance(each, nn.Linear | nn.Embedding) and each is not words]
    assert _bytes_of_floats(files["embeddings"]) == 4 * sum(each.weight.numel() for each in others)


def test_library_that_sets_up_logging_is_undone() -> None:
    """Planted as ONNX Runtime's INT4 does when it is imported: each line of a run was printed twice, with its time."""
    before = logging.root.level, logging.root.handlers[:]
    with quiet():
        logging.root.setLevel(logging.DEBUG)
        logging.root.addHandler(logging.NullHandler())
    assert (logging.root.level, logging.root.handlers) == before


def test_fp16_becomes_int4_as_well(model: nn.Module, tmp_path: Path) -> None:
    """A model must not be shipped as it is under the name of INT4."""
    OnnxRuntime(quantization="int4").write(model.half(), tmp_path)
    counted = onnx_graph.operators(tmp_path / FILENAME)
    assert (counted["GatherBlockQuantized"], counted["MatMulNBits"]) == (3, 14)


def test_model_without_words_to_quantize_is_named(model: nn.Module, tmp_path: Path) -> None:
    """Planted: a lookup whose indices do not come from token ids, as the graph is read."""
    file = tmp_path / FILENAME
    OnnxRuntime(fused_attention=False).write(model, tmp_path)
    graph = onnx.load(file)
    for node in graph.graph.node:
        node.input[:] = ["other_ids" if name == "input_ids" else name for name in node.input]
    graph.graph.input[0].name = "other_ids"
    onnx.save(graph, file)
    with pytest.raises(BenchModelsError, match="ONNX Runtime leaves every matrix in floating point"):
        onnx_graph.quantize_to_int4(file, weights=False)


def test_normalizations_are_kernels_of_their_own(model: nn.Module, tmp_path: Path) -> None:
    """Whether attention is fused or not: the kernel that also adds is slower than the two that it stands for."""
    for runtime in (OnnxRuntime(), OnnxRuntime(fused_attention=False), INT8):
        folder = tmp_path / str(hash(runtime))
        folder.mkdir()
        runtime.write(model, folder)
        ran = {each.operator: each.count for each in runtime.kernels(folder, batch_of(1, 11))}
        assert "SkipLayerNormalization" not in ran
        assert ran["LayerNormalization"] >= 4


@pytest.mark.parametrize(
    ("operator", "runtime"),
    [
        ("Gather", OnnxRuntime(int4_embeddings=True)),
        ("MatMul", OnnxRuntime(quantization="int4")),
    ],
)
def test_weights_that_are_left_out_of_int4_are_named(
    model: nn.Module, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, operator: str, runtime: OnnxRuntime
) -> None:
    """Planted: a quantizer that passes over one of them, and says nothing."""
    from onnxruntime.quantization import matmul_nbits_quantizer as library

    quantize = library.DefaultWeightOnlyQuantizer.quantize
    passed: list[str] = []

    def passing_over(self: object, node: onnx.NodeProto, graphs: list[onnx.GraphProto]) -> list[onnx.NodeProto]:
        made = quantize(self, node, graphs)
        if node.op_type == operator and made != [node] and not passed:
            passed.append(node.name)
            return [node]
        return list(made)

    monkeypatch.setattr(library.DefaultWeightOnlyQuantizer, "quantize", passing_over)
    with pytest.raises(BenchModelsError, match=r"ONNX Runtime leaves .* in floating point, which was to be INT4"):
        runtime.write(model, tmp_path)
    assert len(passed) == 1


def test_weights_have_a_bit_less_where_sums_of_products_would_overflow(
    model: nn.Module, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On x86 without VNNI: wrong answers, not only slow ones."""
    largest = {}
    for saturates in (False, True):
        monkeypatch.setattr(onnx_runtime, "saturates_int8", lambda saturates=saturates: saturates)
        folder = tmp_path / str(saturates)
        folder.mkdir()
        INT8.write(model, folder)
        weights = [
            onnx.numpy_helper.to_array(each)
            for each in onnx.load(folder / FILENAME).graph.initializer
            if each.data_type == onnx.TensorProto.INT8 and len(each.dims) == 2
        ]
        largest[saturates] = max(int(np.abs(each.astype(np.int32)).max()) for each in weights)
    assert largest[True] <= 64 < largest[False] <= 128


_THREADS = """
import sys
from pathlib import Path
from bench_models.runtimes.onnx_runtime import OnnxRuntime
before = len(list(Path("/proc/self/task").iterdir()))
session = OnnxRuntime().load(Path(sys.argv[1]), threads=int(sys.argv[2]))
print(len(list(Path("/proc/self/task").iterdir())) - before, "torch" in sys.modules)
"""


@pytest.mark.parametrize("threads", [1, 3])
def test_session_has_the_given_number_of_threads_and_no_torch(model: nn.Module, tmp_path: Path, threads: int) -> None:
    """The calling thread is one of them; the others are counted in a process of its own."""
    OnnxRuntime().write(model, tmp_path)
    command = [sys.executable, "-c", _THREADS, str(tmp_path), str(threads)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    library = subprocess.run([*command[:-1], "1"], capture_output=True, text=True, check=True)
    more = int(done.stdout.split()[0]) - int(library.stdout.split()[0])
    assert (more, done.stdout.split()[1]) == (threads - 1, "False")


def test_threads_sleep_while_they_wait() -> None:
    """A session's options say so, and how many there are."""
    options = onnx_file.session_options(3)
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (3, 1)


def test_operator_that_the_runtime_lacks_is_named(model: nn.Module, tmp_path: Path) -> None:
    """When the file is loaded."""
    OnnxRuntime(fused_attention=False).write(model, tmp_path)
    graph = onnx.load(tmp_path / FILENAME)
    next(node for node in graph.graph.node if node.op_type == "Softmax").op_type = "Softermax"
    onnx.save(graph, tmp_path / FILENAME)
    with pytest.raises(BenchModelsError, match=r"ONNX Runtime cannot load model.onnx \(.*Softermax"):
        OnnxRuntime().load(tmp_path, threads=1)
    assert issubclass(trouble.Fail, Exception)


def test_operation_that_onnx_lacks_is_named(model: nn.Module, tmp_path: Path) -> None:
    """Planted: an activation that no exporter knows."""

    class Odd(nn.Module):
        def forward(self, hidden: torch.Tensor) -> torch.Tensor:
            found: torch.Tensor = torch.special.i0e(hidden)
            return found

    model.get_submodule("bert.pooler").activation = Odd()
    with pytest.raises(BenchModelsError, match=r"the model cannot be written as ONNX \(.*i0e"):
        OnnxRuntime().write(model, tmp_path)


def test_other_quantization_is_refused() -> None:
    """The known ones are listed."""
    with pytest.raises(BenchModelsError, match=r"quantization='int3'\): choose one of 'none', 'int8-dynamic', "):
        OnnxRuntime(quantization="int3")  # type: ignore[arg-type]
    with pytest.raises(BenchModelsError, match=r"'int4' makes embeddings INT4 as well: leave int4_embeddings out"):
        OnnxRuntime(quantization="int4", int4_embeddings=True)
    with pytest.raises(BenchModelsError, match=r"'int8-static' makes embeddings INT8: leave int4_embeddings out"):
        OnnxRuntime(quantization="int8-static", int4_embeddings=True)
