"""Training the default suite again breaks no budget, as the recorded trainings say; and how they are recorded."""

import json
import re
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import pytest
import retraining
from budget_rates import RATE, Retraining, families_of, rate, smallest
from support import REPOSITORY

from bench_models import suites
from bench_models.build import Builder
from bench_models.errors import BenchModelsError
from bench_models.metrics.budgets import Counts, fails, judge_counts
from bench_models.metrics.scorecard import Scorecard, score
from bench_models.outcomes import Failed, Outcome
from bench_models.suites.suite import Variant

SUITE = suites.load(suites.DEFAULT)
COUNTS = Counts(sentences=2008, lost=30, won=15, asked=3008, agreeing=2900, size_reduction_pct=50.0)
BUDGETS = {variant.name: variant.budget for variant in SUITE.variants if variant.budget}


def test_at_least_five_seeds_and_bf16_are_recorded_of_every_row() -> None:
    """Whole runs: a row that is left out could be the one that breaks its budget."""
    runs = defaultdict(set)
    for each in retraining.read(retraining.FILE):
        runs[each.precision, each.seed].add(each.row)

    assert len({seed for precision, seed in runs if precision == "fp32"}) >= 5
    assert "bf16" in {precision for precision, _ in runs}
    assert {run: set(BUDGETS) - rows for run, rows in runs.items() if rows != set(BUDGETS)} == {}


def test_no_recorded_training_breaks_a_budget() -> None:
    """`tox -e bench` is green with each seed, by the suite's budgets as they are now."""
    broken = [
        (each.precision, each.seed, line.sentence(each.row))
        for each in retraining.read(retraining.FILE)
        for line in judge_counts(BUDGETS[each.row], each.counts)
        if fails(line.status, strict=False)
    ]

    assert broken == []


def test_unchanged_recipe_breaks_a_budget_in_at_most_one_training_of_a_hundred() -> None:
    """By how the recorded ones scatter."""
    assert rate(BUDGETS, retraining.read(retraining.FILE), families_of(SUITE)) <= RATE


def test_no_budget_is_wider_than_that_takes() -> None:
    """A tenth of a point of accuracy, or a percent of agreement, would be given away."""
    least = smallest(BUDGETS, retraining.read(retraining.FILE), families_of(SUITE))
    wide = {
        row: (budget, least[row])
        for row, budget in BUDGETS.items()
        if budget.max_accuracy_drop_points > least[row].max_accuracy_drop_points + 0.01
        or (budget.min_agreement_pct or 0) < (least[row].min_agreement_pct or 0) - 0.01
    }

    assert wide == {}


def test_page_on_training_has_the_table_as_it_is_now() -> None:
    """With the budgets and what they catch."""
    page = (REPOSITORY / "docs" / "training.md").read_text(encoding="utf-8")

    assert retraining.table(SUITE, retraining.read(retraining.FILE)) in page


def _record(builder: Builder, file: Path, *rows: str, seed: int = 3, bf16: bool = False) -> list[dict[str, object]]:
    retraining.record(builder, file, seed=seed, bf16=bf16, rows=rows)
    found: list[dict[str, object]] = json.loads(file.read_text(encoding="utf-8"))
    return found


def test_training_is_recorded_once(builder: Builder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its seed and what it came to; asked again, nothing is measured."""
    file = tmp_path / "retrainings.json"
    found = _record(builder, file)
    assert [(each["row"], each["seed"], each["precision"]) for each in found] == [
        ("int8", 3, "fp32"),
        ("pruned", 3, "fp32"),
    ]
    assert {each["sentences"] for each in found} == {len(builder.corpus.test)}

    monkeypatch.setattr(retraining, "score", lambda *_: pytest.fail("measured again"))
    assert found == _record(builder, file)


def test_table_has_a_line_for_each_row_and_the_rate_of_them_all() -> None:
    """Its smallest budgets keep the promise, whatever those of the suite do."""
    made = [
        Retraining(row=row, seed=seed, precision="fp32", counts=replace(COUNTS, lost=30 + seed, agreeing=2900 + seed))
        for row in BUDGETS
        for seed in range(5)
    ]
    text = retraining.table(SUITE, made)
    share = re.search(r"in at most [\d.]+ % of trainings, and one of the smallest in ([\d.]+) %\.$", text)

    assert re.findall(r"^\| ([\w-]+) +\| +5 +\|", text, re.MULTILINE) == list(BUDGETS)
    assert share is not None
    assert 0 <= float(share[1]) <= 100 * RATE


def test_stopped_recording_keeps_what_it_had(builder: Builder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And goes on with the row that is missing."""
    file = tmp_path / "retrainings.json"

    def stopped(mine: Builder, variant: Variant) -> Outcome[Scorecard]:
        if variant == mine.suite["int8"]:
            raise KeyboardInterrupt
        return score(mine, variant)

    with monkeypatch.context() as patched:
        patched.setattr(retraining, "score", stopped)
        with pytest.raises(KeyboardInterrupt):
            _record(builder, file)
    assert [each.row for each in retraining.read(file)] == ["pruned"]
    assert [each["row"] for each in _record(builder, file)] == ["int8", "pruned"]


def test_row_that_cannot_be_measured_is_not_recorded(
    builder: Builder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its reason is said."""
    monkeypatch.setattr(retraining, "score", lambda *_: Failed(error="out of memory"))
    with pytest.raises(BenchModelsError, match="pruned with seed 3 was not measured: out of memory"):
        _record(builder, tmp_path / "retrainings.json")
    assert not (tmp_path / "retrainings.json").exists()


def test_other_seeds_and_precisions_are_other_trainings(builder: Builder) -> None:
    """Each under a content key of its own, and quick steps as they were."""
    made = [
        Builder(suite=retraining.retrained(builder.suite, seed=seed, bf16=bf16), store=builder.store)
        for seed, bf16 in ((1, False), (2, False), (1, True))
    ]
    assert len({each.key("int8") for each in made}) == 3
    assert {each.suite["int8"].steps for each in made} == {builder.suite["int8"].steps}
