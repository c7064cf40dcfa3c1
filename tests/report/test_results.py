"""A report's times are of the pairs that asv's number was made of, and of no others."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from asv.machine import MachineCollection
from asv.results import Results
from support.recording import add, asv_repository, results_at
from support.tiny_project import git

from bench_models.build import Builder
from bench_models.checkout import Checkout
from bench_models.metrics import ACCURACY, SIZE
from bench_models.metrics.latency import SpeedUp, Turns, keep
from bench_models.metrics.scenarios import OFFLINE_SENTENCES
from bench_models.metrics.scorecard import score
from bench_models.outcomes import Failed, Measured, Skipped
from bench_models.report.document import Report
from bench_models.report.results import Times, asked_of_asv, interrupted_results, results_of, variant_report
from bench_models.stats.estimate import Estimate

Measure = Callable[..., Report]
FOUND = SpeedUp(
    run="a",
    single_stream=tuple(
        Turns(baseline=(0.010 * luck,) * 2, variant=(0.005 * luck,) * 2) for luck in (1, 1.02, 0.98, 1)
    ),
    offline=tuple(Turns(baseline=(0.28 * luck,) * 2, variant=(0.07,) * 2) for luck in (1, 1.01, 0.99, 1)),
)


@pytest.fixture
def measured(builder: Builder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Measure:
    """Return a function that gives the results of a commit whose speed-ups asv recorded so."""
    monkeypatch.setattr(MachineCollection, "load", lambda _: {"machine": "here"})
    checkout = asv_repository(tmp_path / "repository")
    cards = [score(builder, variant) for variant in builder.suite.variants]

    def results(*speed_ups: float | None) -> Report:
        result = results_at(checkout.commit)
        for figure in (SIZE, ACCURACY):
            tracked: list[Any] = [figure.of(card.value) for card in cards if isinstance(card, Measured)]
            add(result, builder.suite.names, f"Figures.track_{figure.name}", tracked)
        for scenario in ("single_stream", "offline"):
            add(result, builder.suite.names, f"Latency.time_{scenario}", [[0.02, 0.02], [0.03, 0.03], [0.04, 0.04]])
        add(result, builder.suite.names, "SpeedUp.track_speed_up", list(speed_ups))
        result.save(str(checkout.root / "kept"))
        return results_of(builder, checkout)

    return results


def test_report_of_an_interrupted_run_has_what_there_is(builder: Builder, tmp_path: Path) -> None:
    """Scores without times, times without asv's record, and why the rest is missing."""
    for name in ("baseline", "pruned"):
        score(builder, builder.suite[name])
    checkout = Checkout(root=tmp_path, commit="c" * 40)
    result = interrupted_results(builder, checkout, {"pruned": Measured(value=FOUND)})
    baseline, pruned, int8 = result.variants

    assert baseline.errors == ()
    assert _found(baseline.latency_single_stream_s).value == pytest.approx(0.010, rel=1e-3)
    assert pruned.standing == "kept"
    assert _found(pruned.speed_up_single_stream_ratio).value == pytest.approx(2.0)
    assert int8.standing == "not measured"
    assert int8.errors == ("the run was interrupted before int8 was scored",)
    assert result.exit_status == 2

    untimed = interrupted_results(builder, checkout, {})
    assert untimed["pruned"].accuracy_share is not None
    assert untimed["pruned"].budgets
    assert untimed["pruned"].latency_single_stream_s is None
    assert untimed["pruned"].errors == ("the run was interrupted before pruned was timed",)
    assert untimed["baseline"].errors == ("the run was interrupted before baseline was timed",)


@pytest.mark.parametrize(
    ("card", "said"),
    [
        (Skipped(reason="no such library"), ("no such library",)),
        (Failed(error="no such kernel"), ("no such kernel", "not asked for")),
        (None, ("it failed under asv", "not asked for")),
    ],
)
def test_row_that_was_not_scored_says_why_once(
    builder: Builder, card: Skipped | Failed | None, said: tuple[str, ...]
) -> None:
    """Its times are missing for the same reason, in asv's words."""
    baseline, pruned = (score(builder, builder.suite[name]) for name in ("baseline", "pruned"))
    times = Times(single_stream=Failed(error="it failed under asv"), offline=Skipped(reason="not asked for"))
    assert variant_report(builder.suite["pruned"], card or pruned, baseline, times).errors == said


def test_rows_of_a_commit_are_those_that_asv_was_asked_for(builder: Builder, measured: Measure, tmp_path: Path) -> None:
    """Failed ones included; where asv has nothing of the commit, those that the main job would measure."""
    root = tmp_path / "repository"
    checkout = Checkout(root=root, commit=git("rev-parse", "HEAD", cwd=root).strip())
    assert asked_of_asv(builder.suite, checkout) == ["baseline", "pruned", "int8"]
    measured(1.0, math.nan, math.nan)
    (file,) = (path for path in (root / "kept" / "here").iterdir() if path.name != "machine.json")
    result = Results.load(str(file))
    size = result.get_result_value("tiny.Figures.track_size", result.get_result_params("tiny.Figures.track_size"))
    add(result, builder.suite.names, "Figures.track_size", [size[0], math.nan, None])
    result.save(str(root / "kept"))

    assert asked_of_asv(builder.suite, checkout) == ["baseline", "int8"]


def _found(estimate: Estimate | None) -> Estimate:
    assert estimate is not None
    return estimate


def test_speed_up_and_times_are_of_the_pairs(builder: Builder, measured: Measure) -> None:
    """The ratio is as sure as its pairs, although the times of either side are not; the baseline's own is exact."""
    tracked = keep(builder.store, "tiny", "pruned", FOUND)
    result = measured(1.0, tracked, math.nan)
    pruned, baseline = result["pruned"], result["baseline"]

    assert _found(pruned.speed_up_single_stream_ratio).value == tracked == pytest.approx(2.0)
    assert _found(pruned.speed_up_single_stream_ratio).high < 2.01
    assert _found(pruned.speed_up_offline_ratio).value == pytest.approx(4.0, rel=1e-4)
    assert _found(pruned.latency_single_stream_s).value == pytest.approx(0.005, rel=1e-3)
    assert _found(pruned.latency_single_stream_s).high > 0.0051
    assert _found(baseline.latency_single_stream_s).value == pytest.approx(0.010, rel=1e-3)
    assert _found(baseline.latency_offline_s_per_sentence).value == pytest.approx(0.28 / OFFLINE_SENTENCES, rel=1e-3)
    assert _found(baseline.speed_up_single_stream_ratio) == Estimate(value=1.0, low=1.0, high=1.0, level=0.95)
    assert result["int8"].speed_up_single_stream_ratio is None
    assert result["int8"].errors == ("tiny.SpeedUp.track_speed_up(int8) was skipped",)
    assert pruned.errors == baseline.errors == ()


def test_number_without_its_pairs_is_no_speed_up(builder: Builder, measured: Measure) -> None:
    """Of another machine, or of a store that was emptied; asv's own times are left, with what they know."""
    tracked = keep(builder.store, "tiny", "pruned", FOUND)
    result = measured(1.0, math.nextafter(tracked, 3), None)
    pruned, int8 = result["pruned"], result["int8"]

    assert pruned.speed_up_single_stream_ratio is None
    (error,) = pruned.errors
    assert "asv recorded the speed-up 2.00 x of pruned for this commit, but the pairs" in error
    assert int8.speed_up_single_stream_ratio is None
    assert "failed under asv" in int8.errors[0]
    assert _found(pruned.latency_single_stream_s).value == pytest.approx(0.03)
    assert _found(result["baseline"].latency_single_stream_s).value == pytest.approx(0.02)
