"""Walking a recipe: from the checkpoint, through trained and quick steps, to a model."""

import logging
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from bench_models.provenance import key_of, source_digest, step_key
from bench_models.recipes import classifier
from bench_models.recipes.step import Context, Step
from bench_models.sources.corpora import Corpus
from bench_models.store import Store
from bench_models.suites.suite import Suite
from bench_models.tokens import Encoder

if TYPE_CHECKING:
    from torch import nn

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A step at its place in a variant's lineage: its row, and the key of its outcome."""

    row: str
    step: Step
    key: str


@dataclass(frozen=True, kw_only=True)
class Builder:
    """Builds the variants of one suite; reads its corpus and tokenizer once."""

    suite: Suite
    store: Store

    @cached_property
    def corpus(self) -> Corpus:
        """The suite's sentences."""
        return self.suite.corpus.load(self.store.root)

    @cached_property
    def encoder(self) -> Encoder:
        """The suite's tokenizer."""
        return Encoder(self.suite.checkpoint.folder(self.store.root) / "tokenizer.json")

    @cached_property
    def _corpus_digest(self) -> str:
        return self.corpus.digest

    @cached_property
    def _root_key(self) -> str:
        return key_of(self.suite.checkpoint.digest(), self.corpus.labels, source_digest(classifier.__name__))

    def stages(self, variant: str) -> list[Stage]:
        """Return the steps that lead to ``variant``, in order, with the keys of their outcomes."""
        key = self._root_key
        stages = []
        for row in self.suite.lineage(variant):
            for step in row.steps:
                key = step_key(key, step, self._corpus_digest)
                stages.append(Stage(row=row.name, step=step, key=key))
        return stages

    def key(self, variant: str) -> str:
        """Return the content key of a variant's model."""
        stages = self.stages(variant)
        return stages[-1].key if stages else self._root_key

    def train(self, variant: str) -> None:
        """Make sure that the outcomes of a variant's trained steps are in the store, and say how."""
        stages = self.stages(variant)
        trained = [position for position, stage in enumerate(stages, start=1) if stage.step.trained]
        for position in trained:
            self._trained(stages[:position])
        quick = " then ".join(str(stage.step) for stage in stages[max(trained, default=0) :])
        source = f"the weights {stages[trained[-1] - 1].key}" if trained else "the checkpoint"
        log.info("%s: ready from %s%s", variant, source, f", with {quick} when it is loaded" if quick else "")

    def build(self, variant: str) -> "nn.Module":
        """Return the variant's model, training first what has to be trained."""
        return self._model(self.stages(variant))

    def _model(self, stages: list[Stage]) -> "nn.Module":
        if not stages:
            return classifier.load(self.suite.checkpoint.folder(self.store.root), self.corpus.labels)
        if stages[-1].step.trained:
            return classifier.load(self._trained(stages), self.corpus.labels)
        return self._apply(stages)

    def _trained(self, stages: list[Stage]) -> Path:
        stage = stages[-1]

        def fill(folder: Path) -> None:
            classifier.save(self._apply(stages), folder, self.suite.checkpoint.folder(self.store.root))

        return self.store.trained(stage.key, fill, what=f"the trained weights of {stage.row}")

    def _apply(self, stages: list[Stage]) -> "nn.Module":
        *before, stage = stages
        model = self._model(before)
        if stage.step.trained:
            log.info("training %s: %s", stage.row, stage.step)
        with self.store.scratch() as scratch:
            context = Context(variant=stage.row, corpus=self.corpus, encoder=self.encoder, scratch=scratch)
            return stage.step.apply(model, context)
