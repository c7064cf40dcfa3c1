"""A model in OpenVINO: what is shipped, how it answers, which kernels run, and what is refused."""

import subprocess
import sys
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from support.runtimes import SIZES, batch_of
from torch import nn

from bench_models.build import Builder
from bench_models.errors import BenchModelsError
from bench_models.recipes.quantize_torchao import QuantizeIntx
from bench_models.recipes.step import Context
from bench_models.runtimes import openvino_graph, openvino_runtime
from bench_models.runtimes.eager import Eager
from bench_models.runtimes.kernels import int8_share
from bench_models.runtimes.onnx_runtime import OnnxRuntime
from bench_models.runtimes.openvino_runtime import FILENAME, OpenVino


@pytest.mark.parametrize(("weights", "apart"), [("float32", 1e-4), ("float16", 0.02)])
def test_answers_are_those_of_eager_at_any_size(
    model: nn.Module, weights: openvino_runtime._Weights, apart: float
) -> None:
    """Both sizes of the input are free, one after the other in one session."""
    session, eager = OpenVino(weights=weights).open(model, threads=1), Eager().open(model, threads=1)
    for size in SIZES:
        batch = batch_of(*size)
        assert np.abs(session(batch) - eager(batch)).max() <= apart, size


def _calibrated(model: nn.Module, folder: Path) -> Path:
    OpenVino(quantization="int8-static").write_calibrated(model, folder, [batch_of(1, size) for size in (3, 7, 12, 24)])
    return folder


def test_calibrated_file_answers_as_eager_does_at_any_size(
    model: nn.Module, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its scales were taken from other sentences, without a word; without any it is refused."""
    runtime = OpenVino(quantization="int8-static")
    session = runtime.load(_calibrated(model, tmp_path), threads=1)
    eager = Eager().open(model, threads=1)
    for size in SIZES:
        assert np.abs(session(batch_of(*size)) - eager(batch_of(*size))).max() <= 0.5, size
    assert capsys.readouterr() == ("", "")
    with pytest.raises(BenchModelsError, match="takes scales from sentences, and none are given"):
        runtime.open(model, threads=1)


def test_calibrated_file_multiplies_as_much_as_before_and_weights_in_integers(model: nn.Module, tmp_path: Path) -> None:
    """Of attention, where neither side is a weight, some products may stay in floating point."""
    plain, quantized = tmp_path / "plain", tmp_path / "quantized"
    for folder in (plain, quantized):
        folder.mkdir()
    OpenVino().write(model, plain)
    before = OpenVino().kernels(plain, batch_of(1, 11))
    after = OpenVino(quantization="int8-static").kernels(_calibrated(model, quantized), batch_of(1, 11))
    of_weights = sum(kernel.float_macs for kernel in before if kernel.operator == "FullyConnected")
    assert sum(kernel.integer_macs for kernel in after) >= of_weights > 0
    assert sum(each.integer_macs + each.float_macs for each in after) == sum(each.float_macs for each in before)


def test_calibrated_weights_take_a_quarter_of_the_bytes(model: nn.Module, tmp_path: Path) -> None:
    """Embeddings, too; scales and what is not a matrix come on top."""
    matrices = sum(each.numel() for each in model.parameters() if each.ndim == 2)
    others = sum(each.numel() for each in model.parameters() if each.ndim != 2)
    size = (_calibrated(model, tmp_path) / "model.bin").stat().st_size
    assert matrices <= size <= 1.05 * matrices + 16 * others + 10_000


def test_product_of_weights_that_is_left_in_floating_point_fails_the_row(
    model: nn.Module, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted: a tool that passes over the feed-forward layers, and one that does nothing."""
    import nncf

    quantize = nncf.quantize
    some = nncf.IgnoredScope(patterns=[".*intermediate.*"], validate=False)
    monkeypatch.setattr(nncf, "quantize", lambda *given, **named: quantize(*given, **named, ignored_scope=some))
    with pytest.raises(BenchModelsError, match=r"computes \d+% of products of weights in floating point, not in INT8"):
        _calibrated(model, tmp_path)
    monkeypatch.setattr(nncf, "quantize", lambda graph, *_, **__: graph)
    with pytest.raises(BenchModelsError, match=r"computes 100% of products of weights in floating point, not in INT8"):
        _calibrated(model, tmp_path)


@pytest.mark.parametrize(("saturates", "bits"), [(True, 7), (False, 8)])
def test_weights_have_a_bit_less_where_sums_of_products_overflow(
    model: nn.Module, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, saturates: bool, bits: int
) -> None:
    """As in ONNX Runtime: half of the range is used. Embeddings, which are not multiplied, have all of it."""
    import openvino

    shapes = {tuple(each.shape) for name, each in model.named_parameters() if "dense.weight" in name}
    monkeypatch.setattr(openvino_runtime, "saturates_int8", lambda: saturates)
    graph = openvino.Core().read_model(_calibrated(model, tmp_path) / FILENAME)
    largest = max(
        np.abs(op.get_data().astype(int)).max()
        for op in graph.get_ops()
        if op.get_type_name() == "Constant"
        and op.get_element_type() == openvino.Type.i8
        and op.get_data().shape in shapes
    )
    assert 2 ** (bits - 2) < largest <= 2 ** (bits - 1)


def test_answers_stay_when_more_is_asked(model: nn.Module) -> None:
    """They are copies: a runtime may write the next ones over them."""
    session = OpenVino().open(model, threads=1)
    first = session(batch_of(1, 7))
    kept = first.copy()
    session(batch_of(1, 9))
    assert np.array_equal(first, kept)


def test_float16_weights_take_half_the_bytes(model: nn.Module, tmp_path: Path) -> None:
    """Two a weight instead of four, and little else."""
    sizes = {}
    for weights in get_args(openvino_runtime._Weights):
        folder = tmp_path / weights
        folder.mkdir()
        OpenVino(weights=weights).write(model, folder)
        assert sorted(file.name for file in folder.iterdir()) == ["model.bin", "model.xml"]
        sizes[weights] = (folder / "model.bin").stat().st_size
    numbers, others = sum(each.numel() for each in model.parameters()), 10_000
    assert 4 * numbers <= sizes["float32"] <= 4 * numbers + others
    assert 2 * numbers <= sizes["float16"] <= 2 * numbers + others


@pytest.mark.parametrize(("sentences", "tokens"), [(1, 11), (1, 32), (3, 24)])
def test_kernels_multiply_as_much_as_those_of_another_runtime(
    model: nn.Module, tmp_path: Path, sentences: int, tokens: int
) -> None:
    """A profile and a graph, read by different code, tell the same count, all of it in floating point."""
    counted = {}
    for runtime in (OnnxRuntime(), OpenVino()):
        folder = tmp_path / runtime.name
        folder.mkdir()
        runtime.write(model, folder)
        ran = runtime.kernels(folder, batch_of(sentences, tokens))
        assert int8_share(ran) == 0
        counted[runtime.name] = sum(each.float_macs for each in ran)
    assert counted["OpenVINO"] == counted["ONNX Runtime"]


def test_kernels_are_the_same_each_time(model: nn.Module, tmp_path: Path) -> None:
    """A check is red where they become more: what took no time once must not be missing then."""
    OpenVino().write(model, tmp_path)
    assert len({OpenVino().kernels(tmp_path, batch_of(1, 11)) for _ in range(20)}) == 1


@pytest.mark.parametrize(
    ("planted", "kind"),
    [
        (("_PRODUCTS", frozenset()), "FullyConnected"),
        (("_FUSED", "Fragment"), "Subgraph"),
    ],
)
def test_kernel_that_multiplies_and_is_not_known_is_named(
    model: nn.Module, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, planted: tuple[str, object], kind: str
) -> None:
    """Planted: products of weights that nothing counts, and attention that was fused in another way."""
    OpenVino().write(model, tmp_path)
    monkeypatch.setattr(openvino_graph, *planted)
    with pytest.raises(BenchModelsError, match=rf"OpenVINO ran {kind} on shapes .* whose products are not counted"):
        OpenVino().kernels(tmp_path, batch_of(1, 7))


def test_arithmetic_is_told_by_the_end_of_a_kernels_name() -> None:
    """As in what OpenVINO was seen to run on CPUs of both kinds; anything else is named, and never counted as float."""
    told = {name: openvino_graph._is_integer("MatMul", name) for name in ("jit_gemm_I8", "gemm_mlas_f32", "x_bf16")}
    assert told == {"jit_gemm_I8": True, "gemm_mlas_f32": False, "x_bf16": False}
    with pytest.raises(BenchModelsError, match="OpenVINO ran MatMul as brgemm_u4, whose arithmetic is not known"):
        openvino_graph._is_integer("MatMul", "brgemm_u4")


@pytest.mark.slow
def test_attention_of_the_other_exporter_is_counted(builder: Builder, context: Context, tmp_path: Path) -> None:
    """It writes models of torchao, with names of its own."""
    model = QuantizeIntx(bits=8).apply(builder.build("baseline"), context).eval()
    counted = {}
    for runtime in (OnnxRuntime(fused_attention=False), OpenVino()):
        folder = tmp_path / runtime.name
        folder.mkdir()
        runtime.write(model, folder)
        counted[runtime.name] = sum(each.float_macs for each in runtime.kernels(folder, batch_of(1, 11)))
    assert counted["OpenVINO"] == counted["ONNX Runtime"]


_THREADS = """
import sys
from pathlib import Path
from bench_models.runtimes.openvino_runtime import OpenVino
session = OpenVino().load(Path(sys.argv[1]), threads=1)
import openvino
print("torch" in sys.modules, any(name.partition(".")[0] == "openvino_telemetry" and module
    for name, module in sys.modules.items()))
"""


def test_session_needs_no_torch_and_sends_nothing(model: nn.Module, tmp_path: Path) -> None:
    """Its telemetry is not imported, which would start a thread with the import; such processes cannot be forked."""
    OpenVino().write(model, tmp_path)
    done = subprocess.run([sys.executable, "-c", _THREADS, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_quantizing_sends_nothing() -> None:
    """Whatever was imported before: neither OpenVINO's telemetry nor NNCF's own, which pytest would also silence."""
    code = """
import sys
import bench_models.runtimes.openvino_quantization
import nncf, openvino
from nncf.telemetry import telemetry
print(sys.modules["openvino_telemetry"], type(telemetry).__name__)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["None", "MagicMock"]


def test_import_starts_no_thread() -> None:
    """A parent that has imported it can still fork workers."""
    code = """
import numpy
from pathlib import Path
import bench_models.runtimes.openvino_runtime
before = len(list(Path("/proc/self/task").iterdir()))
import openvino
print(len(list(Path("/proc/self/task").iterdir())) - before)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["0"]


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("INFERENCE_PRECISION_HINT", "bf16"),
        ("DYNAMIC_QUANTIZATION_GROUP_SIZE", 32),
        ("INFERENCE_NUM_THREADS", 2),
    ],
)
def test_other_computation_than_was_asked_for_is_refused(
    model: nn.Module, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, taken: object
) -> None:
    """Planted: a CPU that takes bf16 whatever it is told, INT8 for activations, or more threads."""
    import openvino

    class Other:
        def __init__(self, model: openvino.CompiledModel) -> None:
            self.model = model

        def get_property(self, asked: str) -> object:
            return taken if asked == name else self.model.get_property(asked)

    OpenVino().write(model, tmp_path)
    compile_model = openvino.Core.compile_model
    monkeypatch.setattr(openvino.Core, "compile_model", lambda *given: Other(compile_model(*given)))
    with pytest.raises(BenchModelsError, match=rf"would compute model\.xml with {name} {taken}, and .* was asked for"):
        OpenVino().load(tmp_path, threads=1)


def test_sentence_longer_than_the_model_is_an_error(model: nn.Module) -> None:
    """OpenVINO gives no answer to it, and no error."""
    session = OpenVino().open(model, threads=1)
    with pytest.raises(
        BenchModelsError, match=r"the file cannot answer 1 sentences of 600 tokens .*answers 0 sentences"
    ):
        session(batch_of(1, 600))


def test_file_that_cannot_be_loaded_is_named(model: nn.Module, tmp_path: Path) -> None:
    """By the runtime's own words."""
    OpenVino().write(model, tmp_path)
    file = tmp_path / FILENAME
    file.write_text(file.read_text(encoding="utf-8").replace('type="SoftMax"', 'type="Softermax"'), encoding="utf-8")
    with pytest.raises(BenchModelsError, match=r"OpenVINO cannot load model.xml \(.*Softermax"):
        OpenVino().load(tmp_path, threads=1)


def test_other_types_are_refused() -> None:
    """The known ones are listed."""
    with pytest.raises(BenchModelsError, match=r"OpenVino\(weights='int8'\): choose 'float16' or 'float32'"):
        OpenVino(weights="int8")  # type: ignore[arg-type]
    with pytest.raises(BenchModelsError, match=r"OpenVino\(quantization='int8'\): choose 'none' or 'int8-static'"):
        OpenVino(quantization="int8")  # type: ignore[arg-type]
    with pytest.raises(BenchModelsError, match="what is not INT8 is stored in float16; drop the argument weights"):
        OpenVino(quantization="int8-static", weights="float32")
