"""Sentences are cut where the model ends, and a file that is not a tokenizer gets one sentence."""

import json
import shutil
from pathlib import Path

import pytest

from bench_models.errors import BenchModelsError
from bench_models.tokenizer import MAX_TOKENS, Encoder

LONG = ["the film shines " * 100]


@pytest.fixture
def folder(tiny_checkpoint: Path, tmp_path: Path) -> Path:
    """Return a folder with the tiny tokenizer alone."""
    shutil.copyfile(tiny_checkpoint / "tokenizer.json", tmp_path / "tokenizer.json")
    return tmp_path


@pytest.mark.parametrize(
    ("config", "tokens"),
    [
        ({"model_type": "bert", "max_position_embeddings": 512}, MAX_TOKENS),
        ({"model_type": "bert", "max_position_embeddings": 64}, 64),
        ({"model_type": "roberta", "max_position_embeddings": 66, "pad_token_id": 1}, 64),
        ({"model_type": "roberta", "max_position_embeddings": 66}, 64),
        ({"model_type": "xlm-roberta", "max_position_embeddings": 514, "pad_token_id": 1}, MAX_TOKENS),
        ({"model_type": "deberta-v2", "max_position_embeddings": -1}, MAX_TOKENS),
        ({}, MAX_TOKENS),
        (None, MAX_TOKENS),
    ],
)
def test_sentences_are_cut_at_what_the_model_takes(folder: Path, config: dict[str, object] | None, tokens: int) -> None:
    """RoBERTa and its kin lose the positions up to that of padding; without a configuration nothing is known."""
    if config is not None:
        (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    encoder = Encoder(folder / "tokenizer.json")
    assert (encoder.max_tokens, len(encoder.encode(LONG)[0])) == (tokens, tokens)


def test_model_without_room_for_words_is_refused(folder: Path) -> None:
    """Two positions are for special tokens."""
    (folder / "config.json").write_text('{"max_position_embeddings": 2}', encoding="utf-8")
    with pytest.raises(BenchModelsError, match="2 positions, of which 0 are padding's, leave none for words"):
        Encoder(folder / "tokenizer.json")


@pytest.mark.parametrize("name", ["tokenizer.json", "config.json"])
def test_file_that_cannot_be_read_is_named(folder: Path, name: str) -> None:
    """With its path, and without a traceback."""
    (folder / name).write_text("{half", encoding="utf-8")
    with pytest.raises(BenchModelsError, match=rf"{name} (is not JSON|cannot be read as a tokenizer) \("):
        Encoder(folder / "tokenizer.json")
