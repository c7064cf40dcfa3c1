"""Figures count everything that a user would ship."""

from pathlib import Path

import pytest
import torch

from bench_models.build import Builder
from bench_models.metrics.scenarios import scenarios
from bench_models.metrics.weights import artifact_bytes, naive_bytes, parameter_count, sparsity


def test_artifact_size_is_the_size_of_the_file(builder: Builder, tmp_path: Path) -> None:
    """Counting bytes and writing them agree, for plain and for packed weights."""
    # torch writes the file's name into the file; without one it is "archive".
    for variant in ("baseline", "int8"):
        model = builder.build(variant)
        torch.save(model.state_dict(), tmp_path / "archive.pt")

        assert artifact_bytes(model) == (tmp_path / "archive.pt").stat().st_size


def test_packed_weights_are_counted(builder: Builder) -> None:
    """INT8 weights are no parameters: the naive size misses them, the others do not."""
    dense, packed = builder.build("pruned"), builder.build("int8")

    assert parameter_count(dense) == parameter_count(packed)
    assert naive_bytes(packed) < artifact_bytes(packed) < artifact_bytes(dense)
    assert sparsity(packed) >= sparsity(dense)


def test_sparsity_is_the_share_of_exact_zeros() -> None:
    """One zero of four weights and none of two biases."""
    layer = torch.nn.Linear(2, 2)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[0.0, 1e-30], [1.0, 2.0]]))
        layer.bias.fill_(1)

    assert sparsity(layer) == pytest.approx(1 / 6)


def test_serialized_bytes_do_not_depend_on_when_they_are_counted(builder: Builder) -> None:
    """Exact comparison needs an exact figure."""
    assert artifact_bytes(builder.build("int8")) == artifact_bytes(builder.build("int8"))


def test_scenarios_are_made_of_real_sentences(builder: Builder) -> None:
    """One of median length, and the first ones of the test split."""
    sentences = builder.corpus.test
    lengths = sorted(len(ids) for ids in builder.encoder.encode([s.text for s in sentences]))
    made = scenarios(builder.encoder, sentences)

    assert made.single_stream.input_ids.shape == (1, lengths[len(lengths) // 2])
    assert made.single_stream.attention_mask.all()
    assert len(made.offline) == min(32, len(sentences))
