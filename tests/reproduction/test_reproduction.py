"""Every published parameter count, size and size reduction follows from the architecture, to the last digit."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, models

from bench_models.metrics.weights import parameter_count
from bench_models.recipes.cast import Cast
from bench_models.recipes.step import Context
from bench_models.suites.rotten_tomatoes import MINILM
from reproduction import saved_folder
from reproduction.architectures import MINILM_L6, KeepHeads
from reproduction.measure import Sizes, count, in_memory, sizes_of
from reproduction.page import MIB, as_printed, cells
from reproduction.table import Row, Table
from reproduction.tables import TABLES
from reproduction.tables.pruned_heads import PRUNED_HEADS
from reproduction.tables.two_layers import TWO_LAYERS

# What a device without memory can do.
_SHAPES_ONLY = (Cast, KeepHeads)
LIGHT = [
    pytest.param(table, row, id=f"{table.letter}: {row.name}")
    for table in TABLES
    for row in table.rows
    if all(isinstance(step, _SHAPES_ONLY) for step in row.steps)
]


@pytest.fixture
def vocabulary(users_store: Path) -> Path:
    """Return the tokenizer of the architectures' vocabulary, from the user's own store."""
    return MINILM.folder(users_store) / "tokenizer.json"


@pytest.fixture
def words(tmp_path: Path) -> Path:
    """Return a tokenizer of seven words."""
    names = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "film", "the")
    file = tmp_path / "tokenizer.json"
    Tokenizer(models.WordLevel({name: index for index, name in enumerate(names)}, unk_token="[UNK]")).save(str(file))  # noqa: S106  # no password
    return file


@pytest.mark.parametrize(("table", "row"), LIGHT)
def test_shapes_alone_give_the_published_figures(table: Table, row: Row, context: Context) -> None:
    """No weight is needed for a count."""
    with torch.device("meta"):
        model = row.build(context)

    if row.parameters is not None:
        assert row.parameters == as_printed(row.parameters, parameter_count(model))
    if table.counted != "saved folder":
        assert row.size == as_printed(row.size, in_memory(model, table.counted) / MIB)


@pytest.mark.slow
@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.letter)
def test_every_published_figure_is_equal_in_every_digit(table: Table, vocabulary: Path, tmp_path: Path) -> None:
    """On real models, to which the steps were applied."""
    _, sizes = count(table, tokenizer=vocabulary, home=tmp_path)
    found = cells(table, sizes)

    assert [cell.published for cell in found] == [cell.ours for cell in found]


def test_every_printed_figure_is_compared() -> None:
    """Sizes of all rows, and parameters and reductions wherever they were printed."""
    any_size = Sizes(parameters=1, size_bytes=1, artifact_bytes=1)

    assert sum(len(cells(table, [any_size] * len(table.rows))) for table in TABLES) == 19 + 9 + 6


def test_wrong_digit_is_seen(context: Context, words: Path, tmp_path: Path) -> None:
    """A check that cannot fail says nothing: one in the last place is enough."""
    student = TWO_LAYERS.rows[1]
    model = student.build(context)
    sizes = sizes_of(student, model, "parameters", tokenizer=words, scratch=tmp_path)

    for size, equal in (("147.26", True), ("147.27", False), ("147.25", False)):
        table = replace(TWO_LAYERS, rows=(replace(student, reduction=None, size=size),))
        assert [True, equal] == [cell.equal for cell in cells(table, [sizes])]


def test_what_is_counted_decides_the_last_digit(context: Context) -> None:
    """DistilBERT keeps the places of its tokens in a buffer, which one table counts and another does not."""
    with torch.device("meta"):
        teacher = TWO_LAYERS.rows[0].build(context)

    assert as_printed("255.41", in_memory(teacher, "parameters") / MIB) == "255.41"
    assert as_printed("255.41", in_memory(teacher, "parameters and buffers") / MIB) == "255.42"


def test_random_weights_are_always_the_same() -> None:
    """And the caller's own random numbers go on undisturbed."""
    torch.manual_seed(1)
    expected = torch.rand(1)
    torch.manual_seed(1)
    first, again = (MINILM_L6.model().state_dict() for _ in range(2))

    assert torch.equal(expected, torch.rand(1))
    assert all(torch.equal(first[name], again[name]) for name in first)


def test_folder_lists_the_heads_that_are_gone(context: Context, words: Path, tmp_path: Path) -> None:
    """As transformers 4 did; and only what a Trainer saved has the arguments of a training."""
    row = replace(PRUNED_HEADS.rows[4], architecture=replace(MINILM_L6, layers=1), steps=(KeepHeads(heads=9),))
    model = row.build(context)
    trained = saved_folder.save(model, tmp_path / "trained", tokenizer=words, by_trainer=True)
    cast = saved_folder.save(model, tmp_path / "cast", tokenizer=words, by_trainer=False)
    config = json.loads((tmp_path / "cast" / "config.json").read_text(encoding="utf-8"))

    assert config["pruned_heads"] == {"0": [9, 10, 11]}
    assert "kept_units" not in config
    assert {saved_folder.TRAINING_ARGUMENTS} == set(trained) - set(cast)
    assert sum(cast.values()) == sum(path.stat().st_size for path in (tmp_path / "cast").iterdir())
    assert (tmp_path / "cast" / "vocab.txt").read_text(encoding="utf-8").splitlines()[-2:] == ["film", "the"]


@pytest.mark.slow
def test_tokenizer_has_the_bytes_that_it_had_then(vocabulary: Path, tmp_path: Path) -> None:
    """Sizes seen when transformers 4.44 saved the tokenizer of the same vocabulary, after it had cut and padded."""
    files = saved_folder.save(MINILM_L6.model(), tmp_path / "saved", tokenizer=vocabulary, by_trainer=False)

    assert files["vocab.txt"] == 231_508
    assert files["tokenizer.json"] == 711_649
    assert files["tokenizer_config.json"] == 1_242
    assert files["special_tokens_map.json"] == 125


@pytest.mark.parametrize(
    ("published", "value", "expected"),
    [
        ("66,955,010", 66955009, "66,955,009"),
        ("255.4", 255.35, "255.3"),
        ("86.487797", 86.4877971, "86.487797"),
        ("42.34 %", 0.42345, "42.34 %"),
        ("0.792921", 0.7929206, "0.792921"),
    ],
)
def test_ours_has_as_many_digits_as_were_printed(published: str, value: float, expected: str) -> None:
    """With the same separators and unit."""
    assert expected == as_printed(published, value)
