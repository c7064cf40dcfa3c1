"""The published models' architectures, with random weights: sizes and times do not depend on what was learned."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bench_models.recipes.step import Context, Step

if TYPE_CHECKING:
    from torch import nn

# English, uncased, as BERT, DistilBERT and MiniLM share it.
VOCABULARY = 30522
POSITIONS = 512

_SEED = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Architecture:
    """The shape of a classifier of two labels, which is transformers' default; ``feed_forward`` is a layer's width."""

    family: Literal["bert", "distilbert"]
    layers: int
    hidden: int
    heads: int
    feed_forward: int

    def model(self) -> "nn.Module":
        """Return a model with random weights, always the same; on the meta device it has none at all."""
        import torch

        from bench_models.recipes import classifier

        # Whatever transformers imports of torchao, no table here needs; see there.
        classifier.leave_torchao_out()
        with torch.random.fork_rng(devices=()):
            torch.manual_seed(_SEED)
            return self._bert() if self.family == "bert" else self._distilbert()

    def _bert(self) -> "nn.Module":
        from transformers import BertConfig, BertForSequenceClassification

        config = BertConfig(
            vocab_size=VOCABULARY,
            num_hidden_layers=self.layers,
            hidden_size=self.hidden,
            num_attention_heads=self.heads,
            intermediate_size=self.feed_forward,
            max_position_embeddings=POSITIONS,
        )
        model: nn.Module = BertForSequenceClassification(config)
        return model.eval()

    def _distilbert(self) -> "nn.Module":
        from transformers import DistilBertConfig, DistilBertForSequenceClassification

        config = DistilBertConfig(
            vocab_size=VOCABULARY,
            n_layers=self.layers,
            dim=self.hidden,
            n_heads=self.heads,
            hidden_dim=self.feed_forward,
            max_position_embeddings=POSITIONS,
        )
        model: nn.Module = DistilBertForSequenceClassification(config)
        return model.eval()


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepHeads(Step):
    """Keep the first ``heads`` attention heads of each layer: which ones changes what is answered, and no size."""

    heads: int

    def apply(self, model: "nn.Module", context: Context) -> "nn.Module":  # noqa: ARG002  # the recipe needs no data
        """Return the model without the other heads."""
        from bench_models.recipes.modules import layers_of, remove

        remove(model, "heads", [range(self.heads)] * len(layers_of(model)))
        return model


BERT_BASE = Architecture(family="bert", layers=12, hidden=768, heads=12, feed_forward=3072)
MINILM_L6 = Architecture(family="bert", layers=6, hidden=384, heads=12, feed_forward=1536)
DISTILBERT = Architecture(family="distilbert", layers=6, hidden=768, heads=12, feed_forward=3072)
DISTILBERT_L2 = Architecture(family="distilbert", layers=2, hidden=768, heads=12, feed_forward=3072)
