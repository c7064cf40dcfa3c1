"""The training loop that every trained step shares: transformers' own, with early stopping.

Imports torch and transformers; steps import this module only when they train.
"""

import hashlib
import io
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from numpy.typing import NDArray
from torch import nn
from tqdm import tqdm
from transformers import (
    EarlyStoppingCallback,
    EvalPrediction,
    PrinterCallback,
    ProgressCallback,
    Trainer,
    TrainingArguments,
)

from bench_models.recipes.classifier import quiet
from bench_models.recipes.onednn import FastLinears
from bench_models.recipes.step import Context
from bench_models.tokenizer import Encoder

log = logging.getLogger(__name__)

# Epochs without a better one that end training: a single worse one often comes before the best.
_PATIENCE = 2

# Sentences a batch where nothing is learned.
_ANSWERED = 64

# The answers of the last teacher, by a digest of its weights and of what it was asked.
_remembered: dict[bytes, NDArray[np.float32]] = {}

# The attributes of a model that accelerate sets to train it.
_WRAPPERS = ("forward", "_original_forward")


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """How long and how fast to train, and whether under bf16 autocast."""

    learning_rate: float
    max_epochs: int
    batch_size: int
    bf16: bool
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TeacherOutputs:
    """What a teacher answers to sentences, given as rows of token ids, and how its answers count.

    ``logits`` has the shape ``[sentences, labels]``. The labels count ``alpha``, the logits, softened by
    ``temperature``, count ``1 - alpha``.
    """

    rows: list[list[int]]
    labels: list[int]
    logits: NDArray[np.float32]
    temperature: float
    alpha: float


def train(model: nn.Module, context: Context, schedule: Schedule, teacher: TeacherOutputs | None = None) -> nn.Module:
    """Train ``model`` in place and return it with the weights of its best validation accuracy.

    With ``teacher`` it learns from a teacher instead of the train split. The model computes afterwards as the one
    that is loaded from its stored weights will: in the type of its weights, and without dropout.

    Dropout is off: drawing its random numbers costs a quarter of a step on a CPU, and the early
    stop already guards against overfitting.
    """
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    progress = _Progress(context.variant)
    with _own_forward(model), FastLinears(), quiet(), progress:  # quiet, because it saves weights after each epoch
        trainer = _trainer(model, context, schedule, teacher, progress)
        trainer.train()
        best = trainer.state.best_metric or 0.0
    log.info("%s: kept the weights that got %.1f %% of the validation split right", context.variant, 100 * best)
    return model.eval()


@contextmanager
def _own_forward(model: nn.Module) -> Iterator[None]:
    """Remove afterwards what accelerate puts in front of a model to train it, and leaves there: autocast."""
    own = {name: model.__dict__[name] for name in _WRAPPERS if name in model.__dict__}
    try:
        yield
    finally:
        for name in _WRAPPERS:
            model.__dict__.pop(name, None)
        model.__dict__.update(own)


def answers(model: nn.Module, context: Context, rows: list[list[int]]) -> NDArray[np.float32]:
    """Return a model's logits for each row of token ids, of shape ``[sentences, labels]``.

    What was asked last is remembered: the students of one teacher, trained one after the other, learn from the same.
    """
    asked = _digest(model, rows)
    if asked not in _remembered:
        _remembered.clear()
        _remembered[asked] = _answers(model, context, rows)
        _remembered[asked].setflags(write=False)
    return _remembered[asked]


def _digest(model: nn.Module, rows: list[list[int]]) -> bytes:
    weights = io.BytesIO()
    torch.save(model.state_dict(), weights)  # which also writes what is packed
    digest = hashlib.sha256(repr((model, rows)).encode())
    digest.update(weights.getbuffer())
    return digest.digest()


def _answers(model: nn.Module, context: Context, rows: list[list[int]]) -> NDArray[np.float32]:
    # Sentences of like length together: padding costs as much as words.
    order = sorted(range(len(rows)), key=lambda row: len(rows[row]))
    batches = [order[start : start + _ANSWERED] for start in range(0, len(order), _ANSWERED)]
    found: dict[int, NDArray[np.float32]] = {}
    model.eval()
    with torch.inference_mode(), FastLinears():
        for places in tqdm(batches, desc=f"asking the teacher of {context.variant}", leave=False, disable=None):
            batch = context.encoder.batch([rows[place] for place in places])
            logits = model(
                input_ids=torch.from_numpy(batch.input_ids), attention_mask=torch.from_numpy(batch.attention_mask)
            ).logits
            found |= zip(places, logits.float().numpy(), strict=True)
    return np.stack([found[place] for place in range(len(order))])


class _Trainer(Trainer):
    """The library's loop, with a teacher beside the labels."""

    def __init__(self, *args: Any, teacher: TeacherOutputs | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._teacher = teacher

    def compute_loss(self, model: nn.Module, inputs: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        if self._teacher is None or not model.training:  # no teacher, or a validation batch
            return super().compute_loss(model, inputs, *args, **kwargs)
        soft = inputs.pop("teacher_logits")
        outputs = model(**inputs)
        temperature, alpha = self._teacher.temperature, self._teacher.alpha
        divergence = nn.functional.kl_div(
            (outputs.logits.float() / temperature).log_softmax(-1),
            (soft / temperature).log_softmax(-1),
            reduction="batchmean",
            log_target=True,
        )
        return alpha * outputs.loss + (1 - alpha) * temperature**2 * divergence


def _trainer(
    model: nn.Module,
    context: Context,
    schedule: Schedule,
    teacher: TeacherOutputs | None,
    progress: ProgressCallback,
) -> Trainer:
    trainer = _Trainer(
        model,
        _arguments(context, schedule),
        teacher=teacher,
        train_dataset=tokenized(context, "train") if teacher is None else _taught(teacher),
        eval_dataset=tokenized(context, "validation"),
        data_collator=_Collator(context.encoder),
        compute_metrics=_accuracy,
        callbacks=[EarlyStoppingCallback(early_stopping_patience=_PATIENCE)],
    )
    for printing in (PrinterCallback, ProgressCallback):  # whichever the library chose
        trainer.remove_callback(printing)
    trainer.add_callback(progress)
    return trainer


def _arguments(context: Context, schedule: Schedule) -> TrainingArguments:
    return TrainingArguments(
        output_dir=str(context.scratch),
        num_train_epochs=schedule.max_epochs,
        per_device_train_batch_size=schedule.batch_size,
        per_device_eval_batch_size=_ANSWERED,
        learning_rate=schedule.learning_rate,
        warmup_steps=0.05,
        lr_scheduler_type="linear",
        train_sampling_strategy="group_by_length",
        remove_unused_columns=False,  # the model does not know the teacher's logits
        bf16=schedule.bf16,
        use_cpu=True,
        seed=schedule.seed,
        eval_strategy="epoch",
        save_strategy="epoch",
        save_total_limit=1,
        save_only_model=True,
        load_best_model_at_end=True,
        metric_for_best_model="accuracy",
        logging_strategy="no",
        report_to=[],
    )


def tokenized(context: Context, split: str) -> Dataset:
    """Return a split with the columns ``input_ids`` and ``labels``."""
    dataset = context.corpus.dataset(split).rename_column("label", "labels")
    rows = context.encoder.encode(dataset["text"])
    return dataset.remove_columns("text").add_column("input_ids", rows)


def _taught(teacher: TeacherOutputs) -> Dataset:
    columns = {
        "input_ids": teacher.rows,
        "labels": teacher.labels,
        "teacher_logits": list(teacher.logits),
    }
    return Dataset.from_dict(columns)


@dataclass(frozen=True, slots=True)
class _Collator:
    """Pads a training batch exactly as measuring does."""

    encoder: Encoder

    def __call__(self, rows: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
        batch = self.encoder.batch([row["input_ids"] for row in rows])
        tensors = {
            "input_ids": torch.from_numpy(batch.input_ids),
            "attention_mask": torch.from_numpy(batch.attention_mask),
            "labels": torch.tensor([row["labels"] for row in rows]),
        }
        if "teacher_logits" in rows[0]:
            tensors["teacher_logits"] = torch.tensor([row["teacher_logits"] for row in rows])
        return tensors


def _accuracy(prediction: EvalPrediction) -> dict[str, float]:
    answers = np.asarray(prediction.predictions).argmax(axis=-1)
    return {"accuracy": float((answers == prediction.label_ids).mean())}


class _Progress(ProgressCallback):
    """The library's progress bar, which says validation accuracy in words instead of a dict."""

    def __init__(self, variant: str) -> None:
        super().__init__()
        self._variant = variant
        self.training_bar: Any

    def __enter__(self) -> None:
        """Nothing is shown before training begins."""

    def __exit__(self, *_: object) -> None:
        """Leave no half-drawn bar below the message of an error."""
        if self.training_bar is not None:
            self.training_bar.close()

    def on_train_begin(self, *args: Any, **kwargs: Any) -> None:
        super().on_train_begin(*args, **kwargs)  # type: ignore[no-untyped-call]  # untyped in transformers
        self.training_bar.set_description(f"training {self._variant}")

    def on_prediction_step(self, *args: Any, **kwargs: Any) -> None:
        """Show no second bar: a validation takes seconds."""

    def on_log(self, *args: Any, logs: dict[str, float] | None = None, **kwargs: Any) -> None:  # noqa: ARG002
        if logs and "eval_accuracy" in logs:
            self.training_bar.write(
                f"{self._variant}: {100 * logs['eval_accuracy']:.1f} % of the validation split right "
                f"after epoch {logs['epoch']:.0f}",
                file=sys.stderr,
            )
