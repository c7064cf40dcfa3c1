"""Rows take turns, and accuracy is measured where weights can be had."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from huggingface_hub import constants
from numpy.typing import NDArray

from bench_models.build import Builder
from bench_models.metrics.predictions import right_answers
from bench_models.outcomes import Failed, Measured, Skipped
from bench_models.runtimes.eager import Eager
from bench_models.stats.proportions import proportion
from bench_models.tokenizer import Batch
from reproduction import accuracies, latencies
from reproduction.table import Weights
from reproduction.tables import TABLES
from reproduction.tables.bitsandbytes import BITSANDBYTES
from reproduction.tables.five_variants import FIVE_VARIANTS
from reproduction.tables.pruned_heads import PRUNED_HEADS


class Clocked:
    """Sessions that take as long as they are told, on a clock of their own, and remember who was called."""

    def __init__(self) -> None:
        """Start at midnight, with nobody called."""
        self.now = 0.0
        self.called: list[str] = []

    def session(self, name: str, seconds: float) -> "Taking":
        """Return one that takes so long."""
        return Taking(self, name, seconds)


class Taking:
    """One of the sessions."""

    def __init__(self, clock: Clocked, name: str, seconds: float) -> None:
        """Remember the clock."""
        self._clock, self._name, self._seconds = clock, name, seconds

    def __call__(self, batch: Batch) -> NDArray[np.float32]:
        """Let time go by."""
        assert batch.input_ids.shape == (1, 17)
        self._clock.now += self._seconds
        self._clock.called.append(self._name)
        return np.zeros((1, 2), dtype=np.float32)


def test_rows_are_timed_in_turn() -> None:
    """Each round starts with another one, so that none always follows the same; a call before each is not timed."""
    clock = Clocked()
    sessions = [clock.session("slow", 0.5), clock.session("fast", 0.125)]
    slow, fast = latencies.measure(sessions, 6, clock=lambda: clock.now)

    assert (slow.seconds, fast.seconds) == (0.5, 0.125)
    assert (slow.speed_up.value, fast.speed_up.value) == (1.0, 4.0)
    assert clock.called[6:14] == ["slow", "slow", "fast", "fast", "fast", "fast", "slow", "slow"]


def test_speed_up_has_an_interval_that_one_outlier_does_not_move() -> None:
    """It is the median of ratios within a round, and its interval two of them."""
    baseline = [2.0 + index / 10 for index in range(20)]
    before = latencies.latency(baseline, [1.0] * 20).speed_up
    after = latencies.latency([*baseline[:-1], 1000.0], [1.0] * 20).speed_up

    assert before == after
    assert (before.low, before.value, before.high) == pytest.approx((2.5, 2.95, 3.4))


def test_absent_hub_is_named_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one sentence, for the rows that only need its weights; the others need more."""
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    baseline, cast, *others = accuracies.measure(PRUNED_HEADS, tmp_path)

    assert isinstance(baseline, Failed)
    assert baseline == cast
    assert baseline.error.startswith(
        "config.json of textattack/bert-base-uncased-SST-2@205ffbd1 cannot be downloaded ("
    )
    assert [Skipped(reason="its weights come from a training")] * 4 == others


def test_table_without_weights_says_why(tmp_path: Path) -> None:
    """Nothing is asked of anyone."""
    outcomes = accuracies.measure(BITSANDBYTES, tmp_path)

    assert {type(each) for each in outcomes} == {Skipped}
    assert outcomes[0] == Skipped(reason=str(BITSANDBYTES.weights))


def test_accuracy_is_measured_where_weights_can_be_had(builder: Builder, tmp_path: Path) -> None:
    """On the whole test split, with an interval, after the row's steps; the first row has none."""
    weights = Weights(checkpoint=builder.suite.checkpoint, sentences=builder.suite.corpus)
    needy = replace(FIVE_VARIANTS.rows[0], needs="a miracle")
    table = replace(FIVE_VARIANTS, weights=weights, rows=(*FIVE_VARIANTS.rows, needy))
    *measured, skipped = accuracies.measure(table, tmp_path)

    session = Eager().open(builder._model([]), threads=1)
    right = right_answers(session, builder.encoder, builder.corpus.test, variant="the checkpoint")

    assert skipped == Skipped(reason="a miracle")
    assert measured[0] == Measured(value=proportion(right))
    for outcome in measured:
        assert isinstance(outcome, Measured)
        assert 0 <= outcome.value.low < outcome.value.high <= 1


def test_first_row_of_each_table_is_the_untouched_baseline() -> None:
    """All others are compared with it."""
    assert all(not table.rows[0].steps and table.rows[0].reduction is None for table in TABLES)
