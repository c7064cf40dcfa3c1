"""Knowledge distillation: a smaller student learns from what a larger teacher answers."""

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar

from bench_models.errors import BenchModelsError
from bench_models.recipes.finetune import FineTune
from bench_models.recipes.step import Context, field_text, require_counts, require_numbers

if TYPE_CHECKING:
    from numpy.random import Generator
    from torch import nn

    from bench_models.recipes.training import TeacherOutputs

    # For types only, as in step.py: how files are fetched does not change what is learned.
    from bench_models.sources.checkpoints import Checkpoint


# Of the words of an augmented sentence, the share that is hidden.
_MASKED = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Distill(FineTune):
    """Train a student to answer as the teacher does, which is the model that the step is applied to.

    The student starts from some of the teacher's encoder ``layers``, counted from 0, and from all else that
    the teacher has; or it is a ``student`` checkpoint with the same tokenizer. The loss is ``alpha`` times
    the cross-entropy with the labels plus ``1 - alpha`` times the Kullback-Leibler divergence of the
    student's probabilities from the teacher's, both softened by ``temperature``, times its square, which keeps
    the gradients of both parts comparable.

    For each sentence of the train split, the teacher also answers ``augmented`` ones (see ``augment``): its answer
    is their label. A teacher that was trained on the train split says little more of it than the labels do.

    Sources: Hinton et al., Distilling the knowledge in a neural network (2015); the teacher's layers as a
    start: Sanh et al., DistilBERT, a distilled version of BERT (2019).
    """

    # numpy draws the augmented sentences.
    libraries: ClassVar[tuple[str, ...]] = (*FineTune.libraries, "numpy")

    layers: tuple[int, ...] = ()
    student: "Checkpoint | None" = None
    temperature: float = 2.0
    alpha: float = 0.5
    augmented: int = 0

    def __post_init__(self) -> None:
        """Refuse a missing student, and a temperature or a share out of range."""
        # Named, because a slotted dataclass is another class than the one that super() without names sees.
        super(Distill, self).__post_init__()
        require_numbers(self, "temperature", "alpha")
        if not isinstance(self.layers, tuple) or not all(type(layer) is int for layer in self.layers):
            raise BenchModelsError(f"{field_text(self, 'layers')}: give a tuple of whole numbers, as in (0, 2, 5)")
        if self.student is not None and not hasattr(self.student, "digest"):
            raise BenchModelsError(f"{field_text(self, 'student')}: give a checkpoint, as in LocalCheckpoint(path=...)")
        if bool(self.layers) == (self.student is not None):
            raise BenchModelsError("Distill needs a student: either layers of the teacher or a checkpoint, not both")
        if sorted({layer for layer in self.layers if layer >= 0}) != list(self.layers):
            raise BenchModelsError(
                f"Distill(layers={self.layers}): name layers of the teacher in their order, counted from 0"
            )
        if not 0 < self.temperature < math.inf:
            raise BenchModelsError(
                f"Distill(temperature={self.temperature}): a temperature is greater than 0, and a finite number"
            )
        if not 0 <= self.alpha <= 1:
            raise BenchModelsError(f"Distill(alpha={self.alpha}): the weight of the labels lies between 0 and 1")
        require_counts(self, least=0, augmented="sentences are added for each")

    def recipe(self) -> dict[str, object]:
        """Return the fields, with the content of the student's checkpoint instead of its path."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return values | {"student": self.student and self.student.digest()}

    def apply(self, model: "nn.Module", context: Context) -> "nn.Module":
        """Return the student with the weights of its best validation accuracy."""
        from bench_models.recipes.training import train

        student = self._student(model, context)
        return train(student, context, self.schedule(), self._teacher_outputs(model, context))

    def _teacher_outputs(self, teacher: "nn.Module", context: Context) -> "TeacherOutputs":
        from bench_models.recipes.training import TeacherOutputs, answers, tokenized

        known = tokenized(context, "train")
        rows, labels = list(known["input_ids"]), list(known["labels"])
        encoder = context.encoder
        rows += augment(rows, self.augmented, mask_id=encoder.mask_id, seed=self.seed, max_tokens=encoder.max_tokens)
        logits = answers(teacher, context, rows)
        labels += logits[len(labels) :].argmax(axis=1).tolist()
        return TeacherOutputs(rows=rows, labels=labels, logits=logits, temperature=self.temperature, alpha=self.alpha)

    def _student(self, teacher: "nn.Module", context: Context) -> "nn.Module":
        from bench_models.recipes import classifier
        from bench_models.recipes.modules import layers_of
        from bench_models.tokenizer import Encoder

        if self.student is None:
            depth = len(layers_of(teacher))
            if self.layers[-1] >= depth:
                raise BenchModelsError(
                    f"{context.variant}: Distill(layers={self.layers}) names a layer that the teacher lacks: it has "
                    f"{depth}, from 0 to {depth - 1}"
                )
            return shallower(teacher, self.layers)
        folder = self.student.folder(context.home)
        encoder = Encoder(folder / "tokenizer.json")
        if encoder.max_tokens < context.encoder.max_tokens:
            raise BenchModelsError(
                f"{context.variant}: the student {self.student} takes {encoder.max_tokens} tokens, and its teacher "
                f"{context.encoder.max_tokens}: choose a student that takes as many"
            )
        if encoder.vocabulary != context.encoder.vocabulary:
            raise BenchModelsError(
                f"{context.variant}: the student {self.student} has another tokenizer than its teacher: the same ids "
                "would mean other words; choose a student of the same vocabulary"
            )
        return classifier.load(folder, context.corpus.labels)


def augment(rows: Sequence[Sequence[int]], copies: int, *, mask_id: int, seed: int, max_tokens: int) -> list[list[int]]:
    """Return ``copies`` new sentences, as token ids, for each of ``rows``.

    Each is the beginning of that sentence and the end of another one, both of any length, with a tenth of its
    words masked. The first and the last token of a row, which are special, stay where they are; none is longer
    than ``max_tokens``.

    Source of masking and of cutting sentences anywhere: Tang et al., Distilling task-specific knowledge from BERT
    into simple neural networks (2019); putting two pieces together is ours, and keeps the sentences as long as real
    ones.
    """
    import numpy as np

    random = np.random.default_rng(seed)
    return [
        [*_spliced(row, rows[int(random.integers(len(rows)))], random, mask_id)[: max_tokens - 1], row[-1]]
        for _ in range(copies)
        for row in rows
    ]


def _spliced(row: Sequence[int], other: Sequence[int], random: "Generator", mask_id: int) -> list[int]:
    """Return an augmented sentence without its last token."""
    words, more = row[1:-1], other[1:-1]
    cut, further = int(random.integers(len(words) + 1)), int(random.integers(len(more) + 1))
    spliced = [*words[:cut], *more[further:]] or words
    return [row[0], *(mask_id if random.random() < _MASKED else word for word in spliced)]


def shallower(model: "nn.Module", layers: tuple[int, ...]) -> "nn.Module":
    """Return a classifier with copies of some encoder layers, counted from 0, and of everything else."""
    from bench_models.recipes.modules import KEPT, reshape, stack_of

    config: Any = copy.deepcopy(model.config)
    config.num_hidden_layers = len(layers)
    kept = {kind: [counts[layer] for layer in layers] for kind, counts in getattr(config, KEPT, {}).items()}
    student: nn.Module = type(model)(config)
    reshape(student, kept)  # a teacher may have lost heads or neurons
    stack = stack_of(model)
    renamed = {f"{stack}.{old}.": f"{stack}.{new}." for new, old in enumerate(layers)}
    state = {}
    for name, tensor in model.state_dict().items():
        if not name.startswith(f"{stack}."):
            state[name] = tensor
        for old, new in renamed.items():
            if name.startswith(old):
                state[new + name.removeprefix(old)] = tensor
    student.load_state_dict(state)
    return student
