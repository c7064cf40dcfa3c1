"""Positions that no sentence of a suite has."""

from pathlib import Path

import numpy as np
import pytest
import torch
from support.answering import logits

from bench_models.build import Builder
from bench_models.errors import BenchModelsError
from bench_models.recipes import classifier
from bench_models.recipes.cut_positions import CutPositions
from bench_models.recipes.share_embeddings import ShareEmbeddings
from bench_models.recipes.step import Context
from bench_models.tokenizer import Encoder


def test_no_answer_changes_and_positions_take_fewer_bytes(builder: Builder, context: Context, tmp_path: Path) -> None:
    """Also of the longest sentence there is, and of the model that is stored and loaded again."""
    before, after = (builder.build("baseline").eval() for _ in range(2))
    CutPositions().apply(after, context)
    longest = ["the film shines at once " * 60, "a sequel drags"]
    batch = context.encoder.batch(context.encoder.encode(longest))
    assert batch.input_ids.shape == (2, 128)
    assert np.array_equal(logits(after, batch), logits(before, batch))
    lost = sum(each.numel() for each in before.parameters()) - sum(each.numel() for each in after.parameters())
    assert lost == (512 - 128) * 32

    folder = tmp_path / "saved"
    folder.mkdir()
    classifier.save(after, folder, builder.checkpoint)
    assert np.array_equal(logits(classifier.load(folder, builder.corpus.labels), batch), logits(before, batch))
    assert Encoder(folder / "tokenizer.json").max_tokens == 128


def test_what_it_cannot_cut_is_named(builder: Builder, context: Context) -> None:
    """A model without such embeddings, and one that was cut before."""
    model = CutPositions().apply(builder.build("baseline"), context)
    with pytest.raises(
        BenchModelsError, match=r"CutPositions\(\) changes nothing, .* up to 128 tokens, and the model 128"
    ):
        CutPositions().apply(model, context)
    model.get_submodule("bert.embeddings").position_embeddings = torch.nn.Identity()
    with pytest.raises(BenchModelsError, match=r"has no embeddings of positions in floating point as bert\.embeddings"):
        CutPositions().apply(model, context)


def test_families_that_count_from_behind_padding_keep_what_they_need(context: Context) -> None:
    """RoBERTa's first word has position 2: its positions are two more than its tokens."""
    from transformers import RobertaConfig, RobertaForSequenceClassification

    torch.manual_seed(0)
    config = RobertaConfig(
        vocab_size=40, hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64, pad_token_id=1
    )
    before = RobertaForSequenceClassification(config).eval()
    after = RobertaForSequenceClassification(config).eval()
    after.load_state_dict(before.state_dict())
    CutPositions().apply(after, context)
    ids = np.full((1, 128), 5, dtype=np.int64)
    batch = context.encoder.batch(ids.tolist())
    assert np.array_equal(logits(after, batch), logits(before, batch))
    assert after.config.max_position_embeddings == 130


def test_distilbert_is_made_small_as_bert_is(context: Context) -> None:
    """Its parts have other names: positions are cut, and embeddings shared."""
    from transformers import DistilBertConfig, DistilBertForSequenceClassification

    torch.manual_seed(0)
    config = DistilBertConfig(vocab_size=60, dim=32, n_layers=1, n_heads=2, hidden_dim=64)
    before = DistilBertForSequenceClassification(config).eval()
    after = DistilBertForSequenceClassification(config).eval()
    after.load_state_dict(before.state_dict())
    for step in (CutPositions(), ShareEmbeddings()):
        step.apply(after, context)
    batch = context.encoder.batch(context.encoder.encode([sentence.text for sentence in context.corpus.train[:4]]))
    assert np.array_equal(logits(after, batch), logits(before, batch))
    assert len(after.get_input_embeddings().weight) < 60
    assert after.config.max_position_embeddings == 128
