"""A student that learns from a teacher."""

import copy
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from support.answering import logits
from tokenizers import Tokenizer

from bench_models.build import Builder
from bench_models.errors import BenchModelsError
from bench_models.provenance import step_key
from bench_models.recipes import training
from bench_models.recipes.distill import Distill, augment, shallower
from bench_models.recipes.modules import layers_of, stack_of, units_of
from bench_models.recipes.prune import PruneHeads
from bench_models.recipes.quantize_dynamic import QuantizeDynamic
from bench_models.recipes.step import Context
from bench_models.recipes.training import TeacherOutputs, _Trainer, answers, tokenized
from bench_models.sources.checkpoints import LocalCheckpoint
from bench_models.tokenizer import MAX_TOKENS

STEP = Distill(learning_rate=5e-3, max_epochs=10, batch_size=8, layers=(1,))


def test_student_starts_from_the_layers_of_its_teacher(builder: Builder) -> None:
    """And from its embeddings and head."""
    teacher = builder._model([])
    student = shallower(teacher, (1,))
    stack = stack_of(teacher)
    assert (len(layers_of(teacher)), len(layers_of(student))) == (2, 1)
    theirs = teacher.state_dict()
    for name, tensor in student.state_dict().items():
        assert torch.equal(tensor, theirs[name.replace(f"{stack}.0.", f"{stack}.1.")])


def test_student_learns(builder: Builder, context: Context) -> None:
    """With half of the teacher's layers, what the teacher answers."""
    teacher = builder.build("baseline")
    student = STEP.apply(teacher, context)
    right = [sentence.label for sentence in context.corpus.test]
    assert len(layers_of(student)) == 1
    assert np.mean(answers(student, context, tokenized(context, "test")["input_ids"]).argmax(-1) == right) > 0.9


def test_student_follows_its_teacher_and_not_the_labels(builder: Builder, context: Context) -> None:
    """Where the labels count nothing: a teacher that says the opposite of the truth has a student that does."""
    teacher = builder.build("baseline")
    head = teacher.get_submodule("classifier")
    with torch.no_grad():
        for parameter in head.parameters():
            parameter.neg_()
    rows = tokenized(context, "train")
    student = replace(STEP, alpha=0.0, max_epochs=1).apply(teacher, context)
    said = answers(student, context, rows["input_ids"]).argmax(-1)
    assert np.mean(said == 1 - np.array(rows["labels"])) > 0.9


def test_teacher_that_lost_heads_has_a_student_without_them(builder: Builder, context: Context) -> None:
    """Of the layers that it takes over."""
    teacher = PruneHeads(amount=0.5, learning_rate=1e-3, max_epochs=1).apply(builder._model([]), context)
    (units,) = units_of(replace(STEP, max_epochs=1).apply(teacher, context), "heads")
    assert units.count == units_of(teacher, "heads")[1].count == 1


def test_row_with_a_student_is_stored_and_loaded_again(builder: Builder, context: Context, tmp_path: Path) -> None:
    """As a checkpoint of fewer layers."""
    from bench_models.recipes import classifier

    student = replace(STEP, max_epochs=1).apply(builder._model([]), context)
    folder = tmp_path / "saved"
    folder.mkdir()
    classifier.save(student, folder, builder.checkpoint)
    again = classifier.load(folder, builder.corpus.labels)
    assert all(torch.equal(a, b) for a, b in zip(student.parameters(), again.parameters(), strict=True))


def test_answers_come_in_the_order_of_the_sentences(builder: Builder, context: Context) -> None:
    """Though sentences of like length are asked together."""
    model = builder._model([]).eval()
    together = answers(model, context, tokenized(context, "test")["input_ids"])
    texts = [sentence.text for sentence in context.corpus.test]
    for place in (0, len(texts) - 1):
        batch = context.encoder.batch(context.encoder.encode([texts[place]]))
        assert together[place] == pytest.approx(logits(model, batch)[0], abs=1e-5)


def test_teacher_is_asked_once_by_all_its_students(
    builder: Builder, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One after the other; a teacher of other weights, and other sentences, are asked anew."""
    teacher, rows = builder.build("baseline"), [[2, 5, 3], [2, 6, 7, 3]]
    asked = []

    def count(*given: object) -> NDArray[np.float32]:
        asked.append(given)
        return np.array([[len(asked)]], dtype=np.float32)

    monkeypatch.setattr(training, "_answers", count)

    assert answers(teacher, context, rows) == answers(copy.deepcopy(teacher), context, [*rows]) == 1
    assert answers(teacher, context, [[2, 5, 3], [2, 6, 8, 3]]) == 2
    with torch.no_grad():
        next(teacher.get_submodule("classifier").parameters())[0] += 1e-3
    assert answers(teacher, context, [[2, 5, 3], [2, 6, 8, 3]]) == 3
    assert answers(QuantizeDynamic().apply(teacher, context), context, [[2, 5, 3], [2, 6, 8, 3]]) == 4
    assert len(training._remembered) == 1


def test_teacher_answers_sentences_that_nobody_wrote(builder: Builder, context: Context) -> None:
    """Behind the real ones, whose labels stay; its answer is the label of the others."""
    teacher = builder.build("baseline")
    teacher_outputs = replace(STEP, augmented=2)._teacher_outputs(teacher, context)
    real = len(context.corpus.train)
    assert len(teacher_outputs.rows) == len(teacher_outputs.labels) == len(teacher_outputs.logits) == 3 * real
    assert teacher_outputs.labels[:real] == [sentence.label for sentence in context.corpus.train]
    assert teacher_outputs.labels[real:] == teacher_outputs.logits[real:].argmax(-1).tolist()
    assert set(teacher_outputs.labels[real:]) == {0, 1}


@given(rows=st.lists(st.lists(st.integers(10, 99), min_size=1, max_size=200), min_size=1, max_size=5))
def test_made_up_sentence_is_a_beginning_and_an_end(rows: list[list[int]]) -> None:
    """Of two real ones, between the same special tokens, and no longer than a model takes; the same each time."""
    rows = [[1, *words[: MAX_TOKENS - 2], 2] for words in rows]
    made = augment(rows, 3, mask_id=3, seed=0, max_tokens=128)
    assert made == augment(rows, 3, mask_id=3, seed=0, max_tokens=128)
    assert len(made) == 3 * len(rows)
    known = {word for row in rows for word in row[1:-1]}
    for row in made:
        assert (row[0], row[-1]) == (1, 2)
        assert 3 <= len(row) <= MAX_TOKENS
        assert set(row[1:-1]) <= known | {3}


@pytest.mark.parametrize("alpha", [0.0, 0.3, 1.0])
def test_loss_is_what_hinton_wrote(builder: Builder, context: Context, alpha: float) -> None:
    """Computed here from the definition; a student that answers as its teacher has nothing to learn from it."""
    model, temperature = builder._model([]).train(), 3.0
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    soft = torch.tensor([[2.0, -1.0], [0.5, 0.0]])
    batch = context.encoder.batch(context.encoder.encode(["the film shines at once", "a sequel drags"]))
    labels = torch.tensor([0, 1])
    teacher_outputs = TeacherOutputs(rows=[], labels=[], logits=soft.numpy(), temperature=temperature, alpha=alpha)
    inputs = {"input_ids": torch.from_numpy(batch.input_ids), "attention_mask": torch.from_numpy(batch.attention_mask)}
    trainer = _Trainer.__new__(_Trainer)
    trainer._teacher = teacher_outputs
    loss = float(trainer.compute_loss(model, inputs | {"labels": labels, "teacher_logits": soft}).detach())
    with torch.inference_mode():
        said = model(**inputs).logits
    hard = float(torch.nn.functional.cross_entropy(said, labels))
    p, q = torch.softmax(soft / temperature, -1), torch.softmax(said / temperature, -1)
    divergence = float((p * (p / q).log()).sum(-1).mean())
    assert loss == pytest.approx(alpha * hard + (1 - alpha) * temperature**2 * divergence, rel=1e-5)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"temperature": 0.0}, "a temperature is greater than 0"),
        ({"temperature": float("nan")}, "a temperature is greater than 0"),
        ({"temperature": float("inf")}, "and a finite number"),
        ({"alpha": 1.5}, "lies between 0 and 1"),
        ({"augmented": -1}, "added for each a whole number from 0 on"),
        ({"augmented": 0.5}, "added for each a whole number"),
        ({"temperature": "2"}, r"temperature='2'\): give a number, without quotation marks"),
        ({"alpha": None}, r"alpha=None\): give a number"),
        ({"layers": ("1",)}, "give a tuple of whole numbers"),
        ({"layers": 1}, "give a tuple of whole numbers"),
        ({"layers": (), "student": "bert-tiny"}, "give a checkpoint"),
        ({"max_epochs": 0}, "the split is seen a whole number from 1 on"),
        ({"layers": ()}, "needs a student"),
        ({"layers": (1, 0)}, "in their order"),
        ({"layers": (0, 0)}, "in their order"),
        ({"layers": (-1,)}, "counted from 0"),
    ],
)
def test_bad_recipe_is_refused(fields: dict[str, Any], said: str) -> None:
    """Before any work."""
    with pytest.raises(BenchModelsError, match=said):
        replace(STEP, **fields)


def test_layer_that_the_teacher_has_not_is_refused(builder: Builder, context: Context) -> None:
    """It has two."""
    with pytest.raises(BenchModelsError, match="it has 2, from 0 to 1"):
        replace(STEP, layers=(0, 2)).apply(builder._model([]), context)


def test_student_of_another_vocabulary_is_refused(
    builder: Builder, context: Context, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    """The same ids would be other words."""
    student = shutil.copytree(tiny_checkpoint, tmp_path / "student")
    tokenizer = Tokenizer.from_file(str(student / "tokenizer.json"))
    tokenizer.add_tokens(["unheard"])
    tokenizer.save(str(student / "tokenizer.json"))
    with pytest.raises(BenchModelsError, match="another tokenizer than its teacher"):
        replace(STEP, layers=(), student=LocalCheckpoint(path=student)).apply(builder._model([]), context)


def test_student_of_fewer_positions_is_refused(
    builder: Builder, context: Context, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    """It could not read what its teacher reads."""
    student = shutil.copytree(tiny_checkpoint, tmp_path / "student")
    config = json.loads((student / "config.json").read_text(encoding="utf-8"))
    (student / "config.json").write_text(json.dumps(config | {"max_position_embeddings": 16}), encoding="utf-8")
    with pytest.raises(
        BenchModelsError, match="takes 16 tokens, and its teacher 128: choose a student that takes as m"
    ):
        replace(STEP, layers=(), student=LocalCheckpoint(path=student)).apply(builder._model([]), context)


def test_student_that_answers_other_labels_is_refused(
    builder: Builder, context: Context, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    """Its head was trained for something else."""
    student = shutil.copytree(tiny_checkpoint, tmp_path / "student")
    config = json.loads((student / "config.json").read_text(encoding="utf-8"))
    config |= {"architectures": ["BertForSequenceClassification"], "id2label": {"0": "calm", "1": "loud"}}
    (student / "config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(BenchModelsError, match="has a head that answers calm, loud, and the sentences are bad, good"):
        replace(STEP, layers=(), student=LocalCheckpoint(path=student)).apply(builder._model([]), context)


def test_named_checkpoint_becomes_a_student(builder: Builder, context: Context, tiny_checkpoint: Path) -> None:
    """What it holds is part of the key, not where it lies."""
    step = replace(STEP, layers=(), student=LocalCheckpoint(path=tiny_checkpoint), max_epochs=1)
    assert len(layers_of(step.apply(builder._model([]), context))) == 2
    assert step_key("parent", step, "corpus") != step_key("parent", replace(STEP, max_epochs=1), "corpus")
