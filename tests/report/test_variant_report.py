"""Reports of variants are shown in a table, kept in a document, and decide the exit status."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from bench_models.machine import Machine
from bench_models.metrics.runtime_agreement import RuntimeAgreement
from bench_models.metrics.scorecard import Scorecard
from bench_models.outcomes import Failed, Measured, Outcome
from bench_models.report.document import VERSION, Report, VariantReport, report_of, schema, text_of
from bench_models.report.leaderboard import leaderboard
from bench_models.report.markdown import markdown
from bench_models.report.results import Times, exit_status, variant_report
from bench_models.runtimes.kernels import Kernel
from bench_models.runtimes.onnx_runtime import OnnxRuntime
from bench_models.stats.estimate import Estimate
from bench_models.suites.suite import Budget, Variant

COMMIT = "0123456789abcdef0123456789abcdef01234567"
MACHINE = Machine(
    cpu="Some CPU", cpu_flags=("avx2",), cores=2, memory_bytes=2**34, system="Linux x86_64", python="3.11.7"
)
SNAPSHOT = Path(__file__).with_name("snapshot.md")


def _time(seconds: float) -> Measured[Estimate]:
    return Measured(value=Estimate(value=seconds, low=seconds * 0.94, high=seconds * 1.07, level=0.95))


def _ratio(times: float) -> Measured[Estimate]:
    wide = 0.0 if times == 1 else 0.01
    return Measured(value=Estimate(value=times, low=times * (1 - wide), high=times * (1 + wide), level=0.95))


def _card(right: int, size_mib: int) -> Measured[Scorecard]:
    card = Scorecard(
        parameters=22_713_986,
        size_bytes=size_mib * 2**20,
        naive_size_bytes=min(size_mib, 45) * 2**20,
        sparsity=0.125,
        answers=tuple(int(index < right) for index in range(1000)),
        truth=(1,) * 1000,
        elsewhere=(0,) * 500,
    )
    return Measured(value=card)


BUDGET = Budget(max_accuracy_drop_points=1.5, min_size_reduction_pct=30.0, min_agreement_pct=95.0)


def _times(position: int) -> Times:
    return Times(
        single_stream=_time(0.0116 / position),
        offline=_time(0.0084 / position),
        speed_up=_ratio(position),
        offline_speed_up=_ratio(position),
    )


def _variant(name: str) -> Variant:
    if name == "baseline":
        return Variant(name=name, starts_from=None, steps=())
    return Variant(name=name, starts_from="baseline", steps=(), budget=BUDGET)


def _variants(**cards: Outcome[Scorecard]) -> tuple[VariantReport, ...]:
    return tuple(
        variant_report(_variant(name), card, cards["baseline"], _times(position))
        for position, (name, card) in enumerate(cards.items(), start=1)
    )


def _report(*variants: VariantReport) -> Report:
    return Report(
        schema_version=VERSION,
        suite="mine",
        commit=COMMIT,
        exit_status=exit_status(variants, strict=False),
        machine=MACHINE,
        versions={"torch": "2.13.0"},
        latency_threads=1,
        offline_batch_sentences=32,
        variants=variants,
    )


ALL: dict[str, Outcome[Scorecard]] = {
    "baseline": _card(870, 100),
    "int8": _card(865, 60),
    "tiny": _card(840, 90),
    "close": _card(861, 60),
    "odd": Failed(error="no such kernel"),
}


def test_markdown_is_exactly_this() -> None:
    """A snapshot, so that a change of the report is a change that someone looked at."""
    expected = SNAPSHOT.read_text(encoding="utf-8")

    assert expected == markdown(_report(*_variants(**ALL)))


def test_leaderboard_names_both_with_intervals_and_machine() -> None:
    """What it takes to compare it with the line of another commit."""
    rows = _variants(**{name: ALL[name] for name in ("baseline", "int8", "tiny", "close")})
    smaller = replace(rows[1], size_bytes=10 * 2**20)

    assert leaderboard(_report(*rows)) == (
        "Within 1 point of the baseline's accuracy, the fastest is **close** with 4.00 x (3.96 to 4.04), and the "
        "smallest, too, with 60.0 MiB, 40.0 % less than the baseline; close loses 0.90 points (0.25 to 1.54). "
        "Measured on Some CPU, 2 cores."
    )
    assert leaderboard(_report(rows[0], smaller, *rows[2:])) == (
        "Within 1 point of the baseline's accuracy, the fastest is **close** with 4.00 x (3.96 to 4.04), and the "
        "smallest is **int8** with 10.0 MiB, 90.0 % less than the baseline; close loses 0.90 points (0.25 to 1.54) and "
        "int8 loses 0.50 points (-0.02 to 1.02). Measured on Some CPU, 2 cores."
    )


def test_leaderboard_passes_over_what_is_smaller_by_bytes() -> None:
    """The same weights in another kind of file are no reason to choose it."""
    baseline, close = _variants(**{name: ALL[name] for name in ("baseline", "close")})
    assert baseline.size_bytes
    alike = replace(close, size_bytes=baseline.size_bytes - 100)
    assert "smallest" not in leaderboard(_report(baseline, alike))


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("baseline",), ""),
        (("baseline", "odd"), ""),
        (("odd", "baseline", "int8"), ""),
        (
            ("baseline", "tiny"),
            "Within 1 point of the baseline's accuracy, no variant is at least 3 % faster or "
            "0.1 % smaller without breaking its budget.",
        ),
    ],
)
def test_nothing_is_claimed_where_nothing_was_compared(names: tuple[str, ...], said: str) -> None:
    """A baseline alone, a variant that failed, a baseline that did, and variants that lose more."""
    variants = _variants(**{name: ALL[name] for name in sorted(names, key="baseline".__ne__)})
    in_order = [each for name in names for each in variants if each.name == name]
    assert leaderboard(_report(*in_order)) == said


@pytest.mark.parametrize("names", [("baseline",), ("baseline", "int8"), tuple(ALL)])
def test_document_keeps_its_schema(names: tuple[str, ...]) -> None:
    """Whatever could and could not be measured."""
    report = _report(*_variants(**{name: ALL[name] for name in names}))
    kept = json.loads(text_of(report))

    jsonschema.validate(kept, schema())
    assert report == report_of(kept, "again")


@pytest.mark.parametrize(
    ("names", "status"),
    [
        (("baseline", "int8"), (0, 0)),
        (("baseline", "int8", "close"), (0, 1)),
        (("baseline", "int8", "tiny"), (1, 1)),
        (("baseline", "int8", "odd"), (2, 2)),
        (tuple(ALL), (2, 2)),
    ],
)
def test_exit_status_says_kept_broken_or_not_measured(names: tuple[str, ...], status: tuple[int, int]) -> None:
    """What could not be measured weighs most; an open budget fails only what is strict."""
    variants = _variants(**{name: ALL[name] for name in names})
    assert status == (exit_status(variants, strict=False), exit_status(variants, strict=True))


def test_figures_refer_to_the_baseline_of_the_same_run() -> None:
    """Speed-up, reduction and drop, and the baseline beside itself."""
    kept: dict[str, Any] = json.loads(text_of(_report(*_variants(**ALL))))
    baseline, int8, *_ = kept["variants"]

    assert int8["speed_up_single_stream_ratio"]["value"] == 2.0
    assert int8["size_reduction_pct"] == pytest.approx(40.0)
    assert int8["accuracy_drop_points"]["value"] == pytest.approx(0.5)
    assert baseline["speed_up_single_stream_ratio"]["low"] == baseline["speed_up_single_stream_ratio"]["high"] == 1.0


def test_broken_baseline_leaves_the_others_figures_standing() -> None:
    """Their own figures are shown; their budgets cannot be judged, and that is said."""
    _, int8 = _variants(baseline=Failed(error="out of memory"), int8=_card(865, 60))

    assert int8.accuracy_share is not None
    assert int8.accuracy_share.value == pytest.approx(0.865)
    assert int8.accuracy_drop_points is None
    assert int8.standing == "not measured"
    assert "the baseline could not be measured" in int8.errors[0]


def test_failed_row_says_once_what_it_failed_at() -> None:
    """Its times fail for the same reason, which asv does not know."""
    asv = Failed(error="mine.Latency.time_offline(odd) failed under asv")
    times = replace(_times(2), single_stream=asv, offline=asv)
    odd = variant_report(_variant("odd"), ALL["odd"], ALL["baseline"], times)
    assert odd.errors == ("no such kernel",)

    working = variant_report(_variant("odd"), _card(860, 60), ALL["baseline"], times)
    assert working.errors == (asv.error,)


def test_speed_up_is_as_sure_as_it_was_measured() -> None:
    """Latencies that are known to 7 % make no ratio of it: the pairs do, which are known to 1 %."""
    table = markdown(_report(*_variants(**ALL)))

    assert "2.00 x (1.98 to 2.02)" in table
    assert "5.80 ms (5.45 to 6.21)" in table
    assert "the 95% interval that covers other pairs" in table


def test_speed_up_that_could_not_be_measured_is_an_error_of_its_row() -> None:
    """With asv's times left standing."""
    lost = Failed(error="its pairs are gone")
    times = replace(_times(2), speed_up=lost, offline_speed_up=lost)
    odd = variant_report(_variant("int8"), ALL["int8"], ALL["baseline"], times)

    assert odd.errors == ("its pairs are gone",)
    assert odd.speed_up_single_stream_ratio is None
    assert odd.latency_single_stream_s is not None
    assert odd.standing == "not measured"


def test_what_nobody_asked_for_is_not_an_error() -> None:
    """An export times a variant by itself."""
    int8 = variant_report(_variant("int8"), ALL["int8"], ALL["baseline"], Times())

    assert (int8.errors, int8.standing, int8.latency_single_stream_s) == ((), "kept", None)


def test_row_in_a_runtime_says_so_and_without_a_budget_it_is_not_judged() -> None:
    """In the document and in the words below the table; other rows run in eager PyTorch."""
    beside = RuntimeAgreement(equal=(True,) * 990 + (False,) * 10, logit_difference=0.5)
    baseline, measured = _card(850, 80), _card(840, 22)
    kernels = (
        Kernel(operator="DynamicQuantizeMatMul", count=20, integer_macs=989),
        Kernel(operator="MatMul", count=1, float_macs=11),
        Kernel(operator="Tanh", count=2),
    )
    card = Measured(value=replace(measured.value, runtime_agreement=beside, kernels=kernels))
    row = Variant(name="onnx-int8", starts_from="baseline", steps=(), runtime=OnnxRuntime(quantization="int8-dynamic"))
    first, own = (
        variant_report(each, figures, baseline, _times(1))
        for each, figures in ((_variant("baseline"), baseline), (row, card))
    )

    assert (first.runtime, first.runtime_agreement_share, first.logit_difference) == (None, None, None)
    assert (own.runtime, own.standing, own.logit_difference) == ("ONNX Runtime, dynamic INT8", "no budget", 0.5)
    text = markdown(_report(first, own))
    assert (
        "All rows run in eager PyTorch but onnx-int8 in ONNX Runtime, dynamic INT8 (99.0 % of the test split answered "
        "as in eager PyTorch, logits at most 0.5 apart)." in text
    )
    assert "0 of 0 budgets are kept." in text
    assert (first.int8_share, first.kernels) == (None, None)
    (line,) = (line for line in text.splitlines() if "DynamicQuantizeMatMul" in line)
    cells = [cell.strip() for cell in line.split("|")]
    assert cells == ["", "onnx-int8", "98.9 %", "23", "20 DynamicQuantizeMatMul, 2 Tanh, 1 MatMul", ""]
