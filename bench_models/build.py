"""Walks a recipe: from the checkpoint, through trained and quick steps, to a model."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from bench_models.provenance import key_of, own_digest, source_digest, step_key
from bench_models.recipes import classifier
from bench_models.recipes.step import Context, Step
from bench_models.sources.corpora import Corpus
from bench_models.storage import Store
from bench_models.suites.suite import Suite
from bench_models.tokenizer import Encoder

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
    """Builds the variants of one suite; asks for its corpus, checkpoint and tokenizer once."""

    suite: Suite
    store: Store
    _failures: dict[str, Exception] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def corpus(self) -> Corpus:
        """The suite's sentences."""
        return self.suite.corpus.load(self.store.root)

    @cached_property
    def checkpoint(self) -> Path:
        """The folder of the suite's pretrained weights; asking for it hashes them."""
        return self.suite.checkpoint.folder(self.store.root)

    @cached_property
    def encoder(self) -> Encoder:
        """The suite's tokenizer."""
        return Encoder(self.checkpoint / "tokenizer.json")

    @cached_property
    def corpus_digest(self) -> str:
        """The digest of all sentences and labels."""
        return self.corpus.digest

    @cached_property
    def _root_key(self) -> str:
        # How a recipe is walked decides what is trained. What this module imports beside steps does not: how
        # sentences are fetched or weights are kept.
        code = source_digest(classifier.__name__), own_digest(__name__)
        return key_of(self.suite.checkpoint.digest(), self.corpus.labels, *code)

    def stages(self, variant: str) -> list[Stage]:
        """Return the steps that lead to ``variant``, in order, with the keys of their outcomes."""
        key = self._root_key
        stages = []
        for row in self.suite.lineage(variant):
            for step in row.steps:
                key = step_key(key, step, self.corpus_digest)
                stages.append(Stage(row=row.name, step=step, key=key))
        return stages

    def key(self, variant: str) -> str:
        """Return the content key of a variant's model."""
        stages = self.stages(variant)
        return stages[-1].key if stages else self._root_key

    def train(self, variant: str) -> None:
        """Train those trained steps of a variant whose outcomes are not in the store yet, and log what is ready."""
        stages = self.stages(variant)
        trained = [position for position, stage in enumerate(stages, start=1) if stage.step.trained]
        for position in trained:
            self._trained(stages[:position])
        quick = " then ".join(str(stage.step) for stage in stages[max(trained, default=0) :])
        source = f"the weights {stages[trained[-1] - 1].key}" if trained else "the checkpoint"
        log.info("%s: ready from %s%s", variant, source, f", with {quick} when it is loaded" if quick else "")

    def untrained(self, variant: str) -> list[str]:
        """Return the rows whose training a variant still waits for."""
        stages = self.stages(variant)
        return [stage.row for stage in stages if stage.step.trained and not self.store.has_trained(stage.key)]

    def build(self, variant: str) -> "nn.Module":
        """Return the variant's model, training first what has to be trained."""
        return self._model(self.stages(variant))

    def _model(self, stages: list[Stage]) -> "nn.Module":
        _threads()  # before a session that is opened on a model sets another number
        if not stages:
            return classifier.load(self.checkpoint, self.corpus.labels)
        if stages[-1].step.trained:
            return classifier.load(self._trained(stages), self.corpus.labels)
        with TemporaryDirectory() as scratch:
            return self._apply(stages, Path(scratch))

    def _trained(self, stages: list[Stage]) -> Path:
        stage = stages[-1]
        if stage.key in self._failures:
            raise self._failures[stage.key]

        def fill(folder: Path) -> None:
            # Inside the folder that is being filled: if this process is killed, both are removed.
            with TemporaryDirectory(dir=folder) as scratch, _all_threads():
                model = self._apply(stages, Path(scratch))
            classifier.save(model, folder, self.checkpoint)

        try:
            return self.store.trained(stage.key, fill, what=f"the trained weights of {stage.row}")
        except Exception as error:
            # Other rows start from this one; training it again for each of them would fail as often.
            self._failures[stage.key] = error
            raise

    def _apply(self, stages: list[Stage], scratch: Path) -> "nn.Module":
        *before, stage = stages
        model = self._model(before)
        if stage.step.trained:
            log.info("training %s: %s", stage.row, stage.step)
        context = Context(
            variant=stage.row, corpus=self.corpus, encoder=self.encoder, home=self.store.root, scratch=scratch
        )
        return stage.step.apply(model, context)


@cache
def _threads() -> int:
    """Return how many threads torch takes by itself; the first call comes before anybody sets another number."""
    import torch

    return torch.get_num_threads()


@contextmanager
def _all_threads() -> Iterator[None]:
    """Let torch compute with all its threads, of which a session that was opened before has left it one."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(_threads())
    try:
        yield
    finally:
        torch.set_num_threads(before)
