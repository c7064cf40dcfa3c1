"""A model in ExecuTorch: what is shipped, how it answers, which kernels run, and what is refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from support.runtimes import FEED_FORWARD, LINEAR, SIZES, TOTAL, batch_of, in_runtime, sentence
from torch import Tensor, nn
from torch.nn import functional

from bench_models.build import Builder
from bench_models.errors import BenchModelsError
from bench_models.metrics.predictions import BATCH
from bench_models.metrics.scenarios import OFFLINE_SENTENCES
from bench_models.metrics.scorecard import score
from bench_models.outcomes import Measured
from bench_models.recipes.low_rank_embeddings import LowRankEmbeddings
from bench_models.recipes.share_embeddings import ShareEmbeddings
from bench_models.recipes.step import Context
from bench_models.runtimes import executorch_profile, executorch_runtime
from bench_models.runtimes.compiled_products import Product
from bench_models.runtimes.eager import Eager
from bench_models.runtimes.executorch_runtime import FILENAME, SENTENCES, TOKENS, ExecuTorch
from bench_models.runtimes.kernels import int8_share
from bench_models.serving import artifact_key
from bench_models.tokenizer import MAX_TOKENS

INT8 = ExecuTorch(quantization="int8-dynamic")


class _Plain(nn.Module):
    """A linear layer that no quantization knows for one."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.weight, self.bias = linear.weight, linear.bias

    def forward(self, hidden: Tensor) -> Tensor:
        return functional.linear(hidden, self.weight, self.bias)


@pytest.mark.slow  # as it is lowered, for half a minute
def test_layer_that_is_left_out_of_quantization_is_seen(model: Any, tmp_path: Path) -> None:  # noqa: ANN401  # of BERT
    """All else is INT8; the file answers as eager PyTorch does, at any size that its memory was planned for."""
    feed_forward = model.bert.encoder.layer[0].intermediate
    feed_forward.dense = _Plain(feed_forward.dense)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    runtime = INT8
    runtime.write(model, tmp_path)
    assert all(tensor.equal(before[name]) for name, tensor in model.state_dict().items())

    session, eager = runtime.load(tmp_path, threads=1), Eager().open(model, threads=1)
    for size in SIZES:
        batch = batch_of(*size)
        assert np.abs(session(batch) - eager(batch)).max() <= 0.3, size
    for size in ((33, 7), (1, 129)):
        with pytest.raises(BenchModelsError, match=rf"the file cannot answer {size[0]} sentences of {size[1]} tokens"):
            session(batch_of(*size))

    kernels = runtime.kernels(tmp_path, sentence())
    assert sum(each.integer_macs for each in kernels) == LINEAR - FEED_FORWARD
    assert sum(each.float_macs for each in kernels) == TOTAL - LINEAR + FEED_FORWARD
    counts = {each.operator: each.count for each in kernels}
    assert counts["Fully Connected (NC, QD8, F32, QC8W) GEMM"] == 13
    assert counts["Fully Connected (NC, F32) GEMM"] == 1
    assert counts["Batch Matrix Multiply (NC, F32) GEMM"] == 4
    assert counts["embedding_byte.out"] == 3
    assert kernels == runtime.kernels(tmp_path, sentence())


@pytest.mark.slow  # likewise
def test_embeddings_of_any_kind_are_int8(builder: Builder, context: Context, tmp_path: Path) -> None:
    """Planted once: shared ones stayed in floating point, and no share of products tells."""
    model = LowRankEmbeddings(rank=8).apply(ShareEmbeddings().apply(builder.build("baseline"), context), context)
    INT8.write(model.eval(), tmp_path)
    counts = {each.operator: each.count for each in INT8.kernels(tmp_path, sentence())}
    assert (counts["embedding_byte.out"], counts.get("embedding.out")) == (3, None)
    batch = batch_of(3, 24)
    session, eager = INT8.load(tmp_path, threads=1), Eager().open(model, threads=1)
    assert np.abs(session(batch) - eager(batch)).max() <= 0.3


@pytest.mark.slow  # likewise
def test_row_is_lowered_once_and_scored_in_its_runtime(builder: Builder) -> None:
    """Its size is that of the file, a quarter of the model's, and all linear layers ran in integers."""
    row = in_runtime(builder, INT8)
    outcome = score(row, row.suite["onnx"])
    assert isinstance(outcome, Measured)
    assert outcome.value.beside_eager.share == 1
    floating = {each.operator: each.count for each in outcome.value.kernels if each.float_macs}
    assert floating == {"Batch Matrix Multiply (NC, F32) GEMM": 4}
    assert int8_share(outcome.value.kernels) > 0.9
    file = row.store.root / "artifacts" / artifact_key(row, row.suite["onnx"]) / FILENAME
    assert outcome.value.size_bytes == file.stat().st_size


def test_other_quantization_is_refused() -> None:
    """With what can be chosen."""
    with pytest.raises(BenchModelsError, match=r"quantization='int4'\): choose 'none' or 'int8-dynamic'"):
        ExecuTorch(quantization="int4")  # type: ignore[arg-type]


def test_memory_is_planned_for_what_measuring_asks() -> None:
    """A batch that is larger would be refused when the row is scored or timed, minutes later."""
    assert max(BATCH, OFFLINE_SENTENCES) <= SENTENCES
    assert TOKENS == MAX_TOKENS


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16])
def test_16_bits_are_not_quantized(model: Any, tmp_path: Path, kind: torch.dtype) -> None:  # noqa: ANN401  # likewise
    """ExecuTorch writes such files, and cannot run them."""
    said = f"weights in float32, and these are in {str(kind).removeprefix('torch.')}: leave out the step that casts"
    with pytest.raises(BenchModelsError, match=said):
        INT8.write(model.to(kind), tmp_path)


def test_threads_of_a_process_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sessions that were loaded would compute with threads that are gone, and crash."""
    monkeypatch.setattr(executorch_runtime, "_threads", 1)
    with pytest.raises(BenchModelsError, match="ExecuTorch has 1 threads in this process, and 2 are asked for"):
        ExecuTorch().load(tmp_path, threads=2)


def test_file_that_is_damaged_or_missing_is_told(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """By its name, and in one sentence: ExecuTorch's own log stays away."""
    with pytest.raises(BenchModelsError, match=r"ExecuTorch cannot load model\.pte \(Failed to create MmapDataLoader"):
        ExecuTorch().load(tmp_path, threads=1)
    (tmp_path / FILENAME).write_bytes(b"no program" * 100)
    with pytest.raises(BenchModelsError, match=r"ExecuTorch cannot load model\.pte \(.*rror"):
        ExecuTorch().load(tmp_path, threads=1)
    assert capfd.readouterr().err == ""


def test_model_that_cannot_be_lowered_is_told(model: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ANN401  # likewise
    """In ExecuTorch's own words, of which it has several kinds."""
    from executorch import exir
    from executorch.exir.error import ExportError, ExportErrorType

    def refuse(*_: object, **__: object) -> None:
        raise ExportError(ExportErrorType.NOT_SUPPORTED, "no kernel for planted")

    monkeypatch.setattr(exir, "to_edge_transform_and_lower", refuse)
    with pytest.raises(BenchModelsError, match=r"ExecuTorch cannot lower it \(ExportError: .*no kernel for planted"):
        ExecuTorch().write(model, tmp_path)


def test_step_that_cannot_be_exported_fails_the_row(builder: Builder) -> None:
    """With the step's own reason."""
    suite = in_runtime(builder, ExecuTorch(), starts_from="int8")
    assert "onnx cannot be written as torch-export" in str(score(suite, suite.suite["onnx"]))


_PRODUCTS: list[list[Product]] = [
    [("batches", [(7, 1, 2)])],
    [("matrices", [(10, 1, 1)]), ("matrices", [(5, 1, 0), (1, 0, 0)])],
    [],
]
_INT8, _FP32 = "Fully Connected (NC, QD8, F32, QC8W) GEMM", "Fully Connected (NC, F32) GEMM"


def _counted(monkeypatch: pytest.MonkeyPatch, *ran: list[str]) -> dict[str, tuple[int, int, int]]:
    """Return count, integer and float products of each kernel, of a call of two sentences of three tokens."""
    monkeypatch.setattr(executorch_profile, "_ran", lambda _: list(ran))
    kernels = executorch_profile.kernels(b"", _PRODUCTS, 2, 3)
    return {each.operator: (each.count, each.integer_macs, each.float_macs) for each in kernels}


def test_products_of_each_part_are_those_that_ran_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the arithmetic that the kernel's name tells."""
    assert _counted(monkeypatch, ["bmm.out", "add.out"], [_INT8, "Add (ND)", _INT8], ["Multiply (ND)"]) == {
        "bmm.out": (1, 0, 7 * 2 * 9),
        "add.out": (1, 0, 0),
        _INT8: (2, 10 * 2 * 3 + 5 * 2 + 1, 0),
        "Add (ND)": (1, 0, 0),
        "Multiply (ND)": (1, 0, 0),  # of numbers, not of matrices
    }
    assert _counted(monkeypatch, ["bmm.out"], [_FP32, _FP32], [])[_FP32] == (2, 0, 10 * 2 * 3 + 5 * 2 + 1)


@pytest.mark.parametrize(
    ("ran", "said"),
    [
        ((["bmm.out"], [_INT8, _INT8]), "the program has 2 parts for XNNPACK, and 1 ran"),
        ((["bmm.out"], [_INT8], []), r"has the products \{'matrices': 2\}, and \{'matrices': 1\} ran"),
        ((["bmm.out"], [_INT8, _INT8], [_INT8]), r"has the products \{\}, and \{'matrices': 1\} ran"),
        (([], [_INT8, _INT8], []), r"has the products \{'batches': 1\}, and \{\} ran"),
        ((["bmm.out"], [_INT8, _FP32], []), "which products ran in integers is not told, of Fully Connected"),
        (
            (["bmm.out", "linear.out"], [_INT8, _INT8], []),
            r"ExecuTorch ran linear\.out, whose products are not counted",
        ),
        ((["bmm.out"], ["Fully Connected (NC, X3) GEMM"] * 2, []), r"\(NC, X3\) GEMM, whose arithmetic is not known"),
        ((["bmm.out"], ["Convolution (NHWC, F32) IGEMM"], []), "ran Convolution .*, whose products are not counted"),
    ],
)
def test_products_that_do_not_add_up_are_an_error(
    monkeypatch: pytest.MonkeyPatch, ran: tuple[list[str], ...], said: str
) -> None:
    """A share that is wrong would hide a fall-back."""
    with pytest.raises(BenchModelsError, match=said):
        _counted(monkeypatch, *ran)


def test_weights_that_are_integers_do_not_make_the_arithmetic_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """XNNPACK also multiplies floats by weights that it unpacks."""
    name = "Fully Connected (NC, F32, QC8W) GEMM"
    assert _counted(monkeypatch, ["bmm.out"], [name, name], [])[name][1] == 0


def test_share_of_int8_is_that_of_integer_products(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in every runtime."""
    monkeypatch.setattr(executorch_profile, "_ran", lambda _: [["bmm.out"], [_INT8, _INT8], []])
    assert int8_share(executorch_profile.kernels(b"", _PRODUCTS, 2, 3)) == pytest.approx(71 / (71 + 126))
