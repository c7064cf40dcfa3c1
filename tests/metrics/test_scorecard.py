"""A scorecard is measured once, kept, and never mistaken for a failure."""

import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.tiny_project import with_row

from bench_models import provenance
from bench_models.build import Builder
from bench_models.errors import BenchModelsError, EnvironmentTroubleError
from bench_models.machine import this_machine
from bench_models.metrics import scorecard
from bench_models.metrics.scorecard import Scorecard, require_better_than_chance, score, stored
from bench_models.outcomes import Failed, Measured
from bench_models.recipes.step import Context, Step
from bench_models.storage import FIGURES, Store

if TYPE_CHECKING:
    from torch import nn

CARD = Scorecard(
    parameters=3,
    size_bytes=12,
    naive_size_bytes=12,
    sparsity=1 / 3,
    answers=(1, 0, 11),
    truth=(1, 10, 11),
    elsewhere=(12, 0),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Explode(Step):
    """A step that breaks."""

    reason: str
    is_environment: bool = False

    def apply(self, model: "nn.Module", context: Context) -> "nn.Module":  # noqa: ARG002  # it breaks first
        """Raise."""
        raise EnvironmentTroubleError(self.reason) if self.is_environment else RuntimeError(self.reason)


def test_record_reads_back(tmp_path: Path) -> None:
    """What is written to JSON is what is read from it, with more than ten labels and with no other domain, too."""
    store = Store(root=tmp_path)
    for card in (CARD, replace(CARD, elsewhere=())):
        store.put_record("scorecards", "key", card)
        assert store.get_record("scorecards", "key", Scorecard) == card
    assert CARD.correct == (True, False, True)
    assert CARD.accuracy == pytest.approx(2 / 3)


def test_scorecard_is_measured_once(builder: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second time it is read, and says so."""
    first = score(builder, builder.suite["int8"])
    monkeypatch.setattr(scorecard, "_measure", lambda *_: pytest.fail("measured again"))

    assert isinstance(first, Measured)
    assert first == score(builder, builder.suite["int8"])
    assert len(builder.corpus.test) == len(first.value.correct)


def test_variant_that_breaks_is_recorded_with_its_reason(builder: Builder) -> None:
    """And tried again the next time, while the others are measured."""
    broken = with_row(builder, "broken", Explode(reason="no such kernel"))
    outcomes = {variant.name: score(broken, variant) for variant in broken.suite.variants}

    assert Failed(error="RuntimeError: no such kernel") == outcomes["broken"] == stored(broken, broken.suite["broken"])
    assert all(isinstance(outcome, Measured) for name, outcome in outcomes.items() if name != "broken")


def test_trouble_with_the_machine_stops_everything(builder: Builder) -> None:
    """A full disk is no failure of a variant."""
    broken = with_row(builder, "broken", Explode(reason="the disk is full", is_environment=True))
    with pytest.raises(EnvironmentTroubleError, match="the disk is full"):
        score(broken, broken.suite["broken"])


@pytest.mark.parametrize("damage", ['{"measu', "{}", "[]", '{"outcome": {"parameters": 1}}'])
def test_damaged_record_is_measured_again(
    builder: Builder, tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    """A scorecard cut short is not one."""
    caplog.set_level(logging.WARNING)
    first = score(builder, builder.suite["baseline"])
    (record,) = (tmp_path / "home" / "scorecards").iterdir()
    record.write_text(damage, encoding="utf-8")

    assert first == score(builder, builder.suite["baseline"])
    assert "is damaged" in caplog.text


def test_other_machine_has_other_scorecards(builder: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    """CPUs without VNNI give other INT8 answers, so the flags are part of the key."""
    here = scorecard.scorecard_key(builder, builder.suite["int8"])
    machine = this_machine()
    elsewhere = type(machine)(
        cpu="another", cpu_flags=(), cores=1, memory_bytes=1, system="Linux", python=machine.python
    )
    monkeypatch.setattr(scorecard, "this_machine", lambda: elsewhere)

    assert here != scorecard.scorecard_key(builder, builder.suite["int8"])


@pytest.mark.parametrize("name", ["build", "scorecard", "predictions", "session", "eager", "tokenizer", "prune"])
def test_all_that_makes_figures_is_part_of_the_key(
    builder: Builder, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The walk of the recipe, what measures, the runtime, the tokenizer and the variant's steps."""
    before = scorecard.scorecard_key(builder, builder.suite["pruned"])
    code = provenance._code
    monkeypatch.setattr(provenance, "_code", lambda file: "edited" if file.stem == name else code(file))
    provenance.source_digest.cache_clear()
    provenance.own_digest.cache_clear()
    edited = replace(builder)  # which remembers no key
    try:
        assert before != scorecard.scorecard_key(edited, edited.suite["pruned"])
    finally:
        provenance.source_digest.cache_clear()
        provenance.own_digest.cache_clear()


def test_figures_of_one_side_of_a_check_are_not_the_others(
    untrained_builder: Builder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Weights are shared, and figures lie where the check says: with the same key the other side finds none."""
    monkeypatch.setenv(FIGURES, str(tmp_path / "base"))
    base = replace(untrained_builder, store=Store.default())
    score(base, base.suite["baseline"])
    monkeypatch.setenv(FIGURES, str(tmp_path / "head"))
    head = replace(untrained_builder, store=Store.default())
    assert stored(head, head.suite["baseline"]) is None
    assert stored(base, base.suite["baseline"]) is not None
    assert head.untrained("baseline") == []
    assert not (tmp_path / "home" / "scorecards").exists()


def test_baseline_at_chance_is_refused(builder: Builder) -> None:
    """Its budgets would mean nothing; a weak variant is what budgets are for."""
    untrained = replace(builder.suite.baseline, steps=())
    weak = replace(builder, suite=replace(builder.suite, variants=(untrained, *builder.suite.variants[1:])))
    with pytest.raises(BenchModelsError, match=r"baseline of tiny answers .* giving always the same answer \d\d\.\d%"):
        require_better_than_chance(weak, score(weak, untrained))
    require_better_than_chance(builder, score(builder, builder.suite.baseline))
