"""A student that is narrower than its teacher."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from bench_models.build import Builder
from bench_models.errors import BenchModelsError
from bench_models.recipes import classifier, training
from bench_models.recipes.distill_narrow import DistillNarrow
from bench_models.recipes.modules import Kind, layers_of, units_of
from bench_models.recipes.step import Context
from bench_models.recipes.training import answers, tokenized

KINDS: tuple[Kind, ...] = ("heads", "neurons")
STEP = DistillNarrow(learning_rate=5e-3, max_epochs=10, batch_size=8, layers=(1,), heads=0.5, neurons=0.75)


def test_narrow_student_learns_and_is_stored(builder: Builder, context: Context, tmp_path: Path) -> None:
    """With one layer of two, one head of two and a quarter of the neurons; what is loaded again answers the same."""
    student = STEP.apply(builder.build("baseline"), context)
    assert len(layers_of(student)) == 1
    assert [units.count for units in units_of(student, "heads")] == [1]
    assert [units.count for units in units_of(student, "neurons")] == [16]

    rows = tokenized(context, "test")["input_ids"]
    given = answers(student, context, rows)
    assert np.mean(given.argmax(-1) == [sentence.label for sentence in context.corpus.test]) > 0.9
    folder = tmp_path / "saved"
    folder.mkdir()
    classifier.save(student, folder, builder.checkpoint)
    again = classifier.load(folder, builder.corpus.labels)
    assert np.array_equal(answers(again, context, rows), given)


def test_embeddings_stay_those_of_the_teacher(builder: Builder, context: Context) -> None:
    """To the bit, all three of them, while all else has learned; the teacher can still be trained."""
    teacher = builder.build("baseline")
    student = STEP.apply(teacher, context)
    theirs, own = teacher.state_dict(), student.state_dict()
    embeddings = [name for name, module in student.named_modules() if isinstance(module, nn.Embedding)]

    assert len(embeddings) == 3
    assert all(torch.equal(own[f"{name}.weight"], theirs[f"{name}.weight"]) for name in embeddings)
    assert not torch.equal(own["classifier.weight"], theirs["classifier.weight"])
    assert all(parameter.requires_grad for parameter in teacher.parameters())


def test_student_is_narrow_after_it_has_learned(
    builder: Builder, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is trained twice, as wide as its teacher and then narrow, and the teacher is asked once."""
    widths: list[list[int]] = []
    asked: list[int] = []
    train, ask = training.train, training.answers

    def training_watched(
        student: nn.Module, context: Context, schedule: training.Schedule, teacher: training.TeacherOutputs
    ) -> nn.Module:
        widths.append([units.count for kind in KINDS for units in units_of(student, kind)])
        return train(student, context, schedule, teacher)

    def asking_watched(teacher: nn.Module, context: Context, rows: list[list[int]]) -> NDArray[np.float32]:
        asked.append(len(rows))
        return ask(teacher, context, rows)

    monkeypatch.setattr(training, "train", training_watched)
    monkeypatch.setattr(training, "answers", asking_watched)
    step = replace(STEP, max_epochs=1, augmented=2)
    step.apply(builder.build("baseline"), context)
    assert widths == [[2, 64], [1, 16]]
    assert asked == [3 * len(context.corpus.train)]


def test_nothing_is_removed_where_shares_are_zero(builder: Builder, context: Context) -> None:
    """Then it is as wide as its teacher."""
    step = DistillNarrow(learning_rate=5e-3, max_epochs=1, layers=(0, 1), heads=0, neurons=0)
    student = step.apply(builder.build("baseline"), context)
    assert [units.count for kind in KINDS for units in units_of(student, kind)] == [2, 2, 64, 64]


_RIGHT: dict[str, Any] = {"learning_rate": 1e-3, "max_epochs": 1, "layers": (0,), "heads": 0.5, "neurons": 0.5}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"heads": 1.0}, r"heads=1.0\): the share to remove lies from 0 to below 1"),
        ({"neurons": -0.1}, r"neurons=-0.1\): the share to remove lies from 0 to below 1"),
        ({"neurons": "half"}, r"neurons='half'\): give a number"),
        ({"sentences": 0}, r"sentences=0\): importance is measured on a whole number from 1"),
        ({"layers": ()}, "Distill needs a student"),
    ],
)
def test_bad_recipe_is_refused(wrong: dict[str, Any], said: str) -> None:
    """With the field that is wrong."""
    with pytest.raises(BenchModelsError, match=said):
        DistillNarrow(**_RIGHT | wrong)


def test_other_checkpoint_is_refused(builder: Builder) -> None:
    """Whose layers would not be the teacher's."""
    with pytest.raises(BenchModelsError, match="give layers, no student"):
        DistillNarrow(**_RIGHT | {"layers": (), "student": builder.suite.checkpoint})


def test_share_that_would_empty_a_layer_is_refused(builder: Builder, context: Context) -> None:
    """Of two layers with two heads, one stays in each."""
    step = DistillNarrow(learning_rate=1e-3, max_epochs=1, layers=(0, 1), heads=0.9, neurons=0.5)
    with pytest.raises(BenchModelsError, match=r"amount=0.9 of 4 heads leaves a layer empty"):
        step.apply(builder.build("baseline"), context)
