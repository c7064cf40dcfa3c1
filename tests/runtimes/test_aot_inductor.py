"""A model in AOTInductor: what is shipped, how it answers, which kernels run, and what is refused."""

import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
import torch
from support.runtimes import SIZES, TOTAL, batch_of, in_runtime, sentence
from torch import nn

from bench_models import machine
from bench_models.build import Builder
from bench_models.errors import BenchModelsError
from bench_models.metrics.scorecard import score
from bench_models.outcomes import Measured, Skipped
from bench_models.recipes.quantize_dynamic import QuantizeDynamic
from bench_models.runtimes import aot_inductor, compiled_products
from bench_models.runtimes.aot_inductor import FILENAME, AotInductor
from bench_models.runtimes.eager import Eager
from bench_models.runtimes.kernels import int8_share
from bench_models.runtimes.onnx_runtime import OnnxRuntime
from bench_models.serving import artifact_key


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of temporary files, which no other test uses meanwhile, of this process and those it starts."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


@pytest.mark.slow  # as it compiles
def test_package_answers_as_eager_does_and_runs_the_same_products(
    model: nn.Module, tmp_path: Path, temporary: Path
) -> None:
    """At any size, in one session; and nothing is left in the folder of temporary files, however a process ends."""
    AotInductor().write(model, tmp_path)
    session, eager = AotInductor().load(tmp_path, threads=1), Eager().open(model, threads=1)
    for size in SIZES:
        batch = batch_of(*size)
        assert np.abs(session(batch) - eager(batch)).max() <= 1e-5, size

    kernels = AotInductor().kernels(tmp_path, sentence())
    assert sum(each.float_macs for each in kernels) == TOTAL
    assert int8_share(kernels) == 0
    counts = {each.operator: each.count for each in kernels}
    assert counts["_scaled_dot_product_flash_attention_for_cpu"] == 2
    assert sum(count for name, count in counts.items() if "linear" in name or "mm_out" in name) == 14
    # Each layer's elementwise operators are in a few kernels, where eager PyTorch runs one for each.
    assert 5 <= counts["cpp_fused"] <= 12
    assert kernels == AotInductor().kernels(tmp_path, sentence())
    with ZipFile(tmp_path / FILENAME) as package:
        assert not [name for name in package.namelist() if b"modeling_bert" in package.read(name)]

    abrupt = f"""
import os
from pathlib import Path
from bench_models.runtimes.aot_inductor import AotInductor
AotInductor().load(Path({str(tmp_path)!r}), threads=1)
os._exit(0)
"""
    subprocess.run([sys.executable, "-c", abrupt], check=True)
    assert list(temporary.iterdir()) == []

    with pytest.raises(BenchModelsError, match="the file cannot answer 1 sentences of 600 tokens: it takes 512"):
        session(batch_of(1, 600))


@pytest.mark.slow  # as it compiles
def test_row_is_compiled_once_and_scored_in_its_runtime(builder: Builder) -> None:
    """Its size is that of the package, which has the weights."""
    row = in_runtime(builder, AotInductor())
    outcome = score(row, row.suite["onnx"])
    assert isinstance(outcome, Measured)
    assert outcome.value.beside_eager.share == 1
    package = row.store.root / "artifacts" / artifact_key(row, row.suite["onnx"]) / FILENAME
    assert outcome.value.size_bytes == package.stat().st_size


def test_row_is_skipped_where_there_is_no_compiler(builder: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the reason."""
    monkeypatch.setattr(aot_inductor, "_COMPILER", "no-such-compiler")
    row = in_runtime(builder, AotInductor())
    said = "AOTInductor needs a C++ compiler, and there is no program 'no-such-compiler': install g++, or name another"
    assert score(row, row.suite["onnx"]) == Skipped(reason=f"{said} in CXX")


def test_another_compiler_cpu_or_setting_is_another_artifact(builder: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kernels that were compiled for another CPU may not even run."""
    row = in_runtime(builder, AotInductor())
    keys = [artifact_key(row, row.suite["onnx"])]
    monkeypatch.setenv("TORCHINDUCTOR_CPP_MARCH", "x86-64")
    keys.append(artifact_key(row, row.suite["onnx"]))
    monkeypatch.setattr(aot_inductor, "_compiler", lambda: ("/bin/g++", "g++ 99"))
    keys.append(artifact_key(row, row.suite["onnx"]))
    monkeypatch.setattr(machine, "_cpu", lambda: ("One", frozenset({"avx2"})))
    keys.append(artifact_key(row, row.suite["onnx"]))
    monkeypatch.setattr(machine, "_cpu", lambda: ("One", frozenset({"avx2", "gfni"})))
    keys.append(artifact_key(row, row.suite["onnx"]))
    monkeypatch.setattr(machine, "_cpu", lambda: ("Another", frozenset({"avx2", "gfni"})))
    keys.append(artifact_key(row, row.suite["onnx"]))
    assert len(set(keys)) == len(keys)


@pytest.mark.slow  # as it compiles, up to there
@pytest.mark.skipif(not shutil.which("g++"), reason="there is no compiler that could fail")
def test_compiler_that_fails_is_told_and_leaves_nothing(model: nn.Module, tmp_path: Path, temporary: Path) -> None:
    """In its own words."""
    from torch._inductor import config

    compiler = tmp_path / "c++"
    compiler.write_text(
        '#!/bin/sh\ncase "$*" in *--version*) exec g++ --version;; esac\necho "a.cpp:1: error: planted" >&2\nexit 1\n',
        encoding="utf-8",
    )
    compiler.chmod(0o755)
    said = r"AOTInductor cannot compile it \(\w+: .*error: planted"
    with config.patch({"cpp.cxx": (str(compiler),)}), pytest.raises(BenchModelsError, match=said):
        AotInductor().write(model, tmp_path)
    assert list(temporary.iterdir()) == []


def test_step_that_cannot_be_exported_fails_the_row(builder: Builder) -> None:
    """With the step's own reason."""
    suite = in_runtime(builder, AotInductor(), starts_from="int8")
    assert any(isinstance(step, QuantizeDynamic) for step in suite.suite["int8"].steps)
    outcome = score(suite, suite.suite["onnx"])
    assert "onnx cannot be written as torch-export" in str(outcome)


_PRODUCTS: list[compiled_products.Product] = [
    ("matrices", [(10, 1, 1)]),
    ("matrices", [(5, 1, 0), (1, 0, 0)]),
    ("attention", [(3, 1, 2)]),
]
_ATTENTION = "aoti_torch_cpu__scaled_dot_product_flash_attention_for_cpu"


def test_products_of_a_graph_are_those_that_ran() -> None:
    """Factors are multiplied with sentences and tokens, each to its power."""
    ran = Counter({"aoti_torch_cpu_addmm_out": 1, "aoti_torch_cpu__mkl_linear": 1, _ATTENTION: 1, "aten::copy_": 4})
    ran["graph_0_cpp_fused_addmm_gelu_3"] = 2
    found = {each.operator: each for each in compiled_products.counted(ran, _PRODUCTS, 2, 7)}
    assert set(found) == {
        "_mkl_linear or addmm_out",
        "_scaled_dot_product_flash_attention_for_cpu",
        "copy_",
        "cpp_fused",
    }
    assert found["_mkl_linear or addmm_out"].float_macs == 10 * 2 * 7 + 5 * 2 + 1
    assert found["_scaled_dot_product_flash_attention_for_cpu"].float_macs == 3 * 2 * 49
    assert (found["cpp_fused"].count, found["copy_"].count) == (2, 4)


@pytest.mark.parametrize("lost", ["aoti_torch_cpu_addmm_out", _ATTENTION])
def test_product_of_the_graph_that_no_known_kernel_ran_is_an_error(lost: str) -> None:
    """Planted: a compiled kernel that multiplies by itself."""
    ran = Counter({"aoti_torch_cpu_addmm_out": 2, _ATTENTION: 1, "graph_0_cpp_fused_mm_0": 1})
    ran[lost] -= 1
    with pytest.raises(BenchModelsError, match=r"the compiled graph has the products .*'matrices': 2.* ran"):
        compiled_products.counted(+ran, _PRODUCTS, 1, 7)


def test_kernel_whose_arithmetic_is_not_known_is_named() -> None:
    """As one in INT8 would be."""
    ran = Counter({"aoti_torch_cpu__qlinear_pointwise_tensor": 2, _ATTENTION: 1})
    with pytest.raises(BenchModelsError, match="ran aoti_torch_cpu__qlinear_pointwise_tensor, whose products are not"):
        compiled_products.counted(ran, _PRODUCTS, 1, 7)


def test_products_are_looked_up_without_fixing_sizes(model: nn.Module) -> None:
    """Planted once by numel(): the compiled model answered sentences of the example's length alone."""
    from bench_models.runtimes.exporters import program

    exported = program(model)
    products = compiled_products.of(exported)
    assert Counter(kind for kind, _ in products) == {"matrices": 14, "attention": 2}
    assert sum(factor * 11**tokens for _, terms in products for factor, _, tokens in terms) == TOTAL
    for size in SIZES:
        batch = batch_of(*size)
        given = torch.from_numpy(batch.input_ids), torch.from_numpy(batch.attention_mask)
        assert exported.module()(*given).shape == (size[0], 2)


def test_artifacts_of_two_runtimes_have_keys_of_their_own(builder: Builder) -> None:
    """Each writes a file that the other cannot read."""
    keys = {
        artifact_key(row, row.suite["onnx"])
        for row in (in_runtime(builder, AotInductor()), in_runtime(builder, OnnxRuntime()))
    }
    assert len(keys) == 2
