"""What was trained is reused; what descends from a change, and nothing else, is made again."""

import logging
import os
import subprocess
import sys
from itertools import count
from pathlib import Path

import pytest
import torch
from support.tiny_project import TINY_SUITE, TRAINING, edited, with_row, write_tiny
from torch import nn

from bench_models import build, suites
from bench_models.build import Builder
from bench_models.metrics.scorecard import scorecard_key
from bench_models.recipes.finetune import FineTune
from bench_models.runtimes.eager import Eager
from bench_models.storage import Store

RETRAINED = edited(
    TINY_SUITE,
    'Variant(name="pruned", starts_from="baseline", steps=(PruneL1(amount=0.5),)',
    'Variant(name="pruned", starts_from="baseline", '
    "steps=(PruneL1(amount=0.5), FineTune(learning_rate=1e-3, max_epochs=1))",
)


@pytest.fixture
def builder(untrained_builder: Builder) -> Builder:
    """Return a builder of the tiny suite with an empty store: training is looked at here."""
    return untrained_builder


def _builder(suite: Path, store: Path) -> Builder:
    return Builder(suite=suites.load(str(suite)), store=Store(root=store))


def test_trained_model_is_the_same_when_it_is_loaded(builder: Builder) -> None:
    """The store gives back the very weights that training left."""
    first, again = builder.build("baseline"), builder.build("baseline")

    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), again.parameters(), strict=True))


def test_only_trained_outcomes_are_stored(builder: Builder, tmp_path: Path) -> None:
    """Three variants, one of them trained: one entry, of safetensors, and no pickle."""
    for variant in builder.suite.names:
        builder.build(variant)
    (entry,) = (tmp_path / "home" / "weights").glob("[!.]*")

    assert sorted(p.name for p in entry.iterdir()) == [
        "config.json",
        "model.safetensors",
        "seal.json",
        "tokenizer.json",
    ]


def test_editing_a_recipe_rebuilds_only_what_descends_from_it(tmp_path: Path, tiny_checkpoint: Path) -> None:
    """Another amount of pruning changes the keys of pruned and int8, and leaves the baseline's."""
    suite = write_tiny(tmp_path / "a", tiny_checkpoint)
    before = _builder(suite, tmp_path / "home")
    keys = {name: before.key(name) for name in before.suite.names}
    _rewrite(suite, edited(TINY_SUITE, "amount=0.5", "amount=0.6"))
    after = _builder(suite, tmp_path / "home")

    assert [name for name in after.suite.names if after.key(name) != keys[name]] == ["pruned", "int8"]


def test_trained_step_below_another_reuses_its_parent(
    tmp_path: Path, tiny_checkpoint: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Pruning with recovery training trains twice at first, and once when only the recovery changes."""
    caplog.set_level(logging.INFO)
    suite = write_tiny(tmp_path / "a", tiny_checkpoint)
    _rewrite(suite, RETRAINED)
    _builder(suite, tmp_path / "home").build("int8")
    assert _trained(caplog) == ["baseline", "pruned"]
    caplog.clear()

    _rewrite(suite, edited(RETRAINED, "1e-3", "2e-3"))
    _builder(suite, tmp_path / "home").build("int8")
    assert _trained(caplog) == ["pruned"]


def test_training_that_fails_is_not_repeated_for_each_row(builder: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two rows start from the baseline; its error is theirs, and comes once."""
    attempts = []

    def fail(*_: object) -> None:
        attempts.append(1)
        raise RuntimeError("out of memory")

    monkeypatch.setattr(FineTune, "apply", fail)
    for variant in builder.suite.names:
        with pytest.raises(RuntimeError, match="out of memory"):
            builder.build(variant)

    assert len(attempts) == 1


def test_training_takes_all_threads_whatever_was_opened_before(
    builder: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A session computes in one thread, for the whole process; what trains after it does not."""
    threads = []

    def train(model: nn.Module, *_: object) -> nn.Module:
        threads.append(torch.get_num_threads())
        return model

    monkeypatch.setattr("bench_models.recipes.training.train", train)
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    build._threads.cache_clear()
    Eager().open(builder.build("pruned"), threads=1)
    threads.clear()
    try:
        with_row(builder, "again", FineTune(learning_rate=1e-3, max_epochs=1)).build("again")
        assert threads == [3]
        assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(before)
        build._threads.cache_clear()


def test_training_prints_nothing_to_standard_output(builder: Builder, capsys: pytest.CaptureFixture[str]) -> None:
    """What it says of its epochs goes to the log and the progress bar."""
    builder.build("baseline")
    assert capsys.readouterr().out == ""


def test_corpus_is_part_of_every_key(tmp_path: Path, tiny_checkpoint: Path) -> None:
    """Even of a baseline without steps, whose scorecard is about the sentences."""
    suite = write_tiny(tmp_path / "a", tiny_checkpoint)
    _rewrite(suite, edited(TINY_SUITE, f"steps=({TRAINING},)", "steps=()"))
    before = _builder(suite, tmp_path / "home")
    keys = {name: scorecard_key(before, before.suite[name]) for name in before.suite.names}
    with (suite.parent / "sentences.csv").open("a", encoding="utf-8") as file:
        file.write("a new sentence,good\n")
    after = _builder(suite, tmp_path / "home")

    for name, key in keys.items():
        assert key != scorecard_key(after, after.suite[name])


def test_damaged_entry_is_trained_again(builder: Builder, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """And a warning says so."""
    builder.build("baseline")
    (weights,) = (tmp_path / "home" / "weights").glob("*/model.safetensors")
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    builder.train("baseline")

    assert "is damaged (model.safetensors does not match its SHA-256): making it again" in caplog.text
    assert weights.read_bytes() != bytes(content)


def test_store_hit_imports_no_torch(builder: Builder, tiny_suite: Path) -> None:
    """Building what is there takes neither training nor torch."""
    builder.build("baseline")
    code = (
        "import sys\n"
        "from bench_models.cli import main\n"
        "status = main(['build', sys.argv[1]])\n"
        "print(status, 'torch' in sys.modules, 'transformers' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tiny_suite)], capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["0", "False", "False"]
    assert "baseline: ready from the weights" in done.stderr


_edits = count(1)


def _rewrite(suite: Path, text: str) -> None:
    """Edit a suite as slowly as a person would: Python's own cache overlooks edits within a second."""
    suite.write_text(text, encoding="utf-8")
    later = suite.stat().st_mtime + 10 * next(_edits)
    os.utime(suite, (later, later))


def _trained(caplog: pytest.LogCaptureFixture) -> list[str]:
    lines = (record.getMessage() for record in caplog.records)
    return [line.split()[1].rstrip(":") for line in lines if line.startswith("training ")]


STUDENTS = edited(
    edited(
        TINY_SUITE,
        "from bench_models.recipes.finetune",
        "from bench_models.recipes.distill import Distill\n"
        "from bench_models.recipes.prune import PruneHeads\n"
        "from bench_models.recipes.finetune",
    ),
    "    ),\n)",
    """\
        Variant(
            name="student", starts_from="baseline", steps=(Distill(layers=(1,), learning_rate=1e-3, max_epochs=1),)
        ),
        Variant(name="student-int8", starts_from="student", steps=(QuantizeDynamic(),)),
        Variant(
            name="heads", starts_from="baseline", steps=(PruneHeads(amount=0.5, learning_rate=1e-3, max_epochs=1),)
        ),
    ),
)""",
)


def test_editing_one_recipe_trains_only_what_descends_from_it(
    tmp_path: Path, tiny_checkpoint: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A new temperature trains the student, its own INT8 uses it, and nothing is trained where nothing changed."""
    caplog.set_level(logging.INFO)
    suite = write_tiny(tmp_path / "a", tiny_checkpoint)

    def trained(text: str) -> list[str]:
        caplog.clear()
        _rewrite(suite, text)
        builder = _builder(suite, tmp_path / "home")
        for variant in builder.suite.names:
            builder.train(variant)
        return _trained(caplog)

    assert trained(STUDENTS) == ["baseline", "student", "heads"]
    assert trained(STUDENTS) == []
    assert trained(edited(STUDENTS, "layers=(1,)", "layers=(1,), temperature=3.0")) == ["student"]
    assert trained(edited(STUDENTS, "PruneHeads(amount=0.5", "PruneHeads(amount=0.3")) == ["heads"]
    longer = edited(STUDENTS, TRAINING, "FineTune(learning_rate=1e-2, max_epochs=4)")
    assert trained(longer) == ["baseline", "student", "heads"]
