"""The same rows become a table and a document, and decide the exit status."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from bench_models import report
from bench_models.machine import Machine
from bench_models.metrics.scorecard import Scorecard
from bench_models.outcomes import Failed, Measured, Outcome
from bench_models.report.document import document, exit_status
from bench_models.report.markdown import markdown
from bench_models.report.results import SuiteResult, VariantResult
from bench_models.report.rows import Row, rows_of
from bench_models.sources.checkpoints import LocalCheckpoint
from bench_models.sources.corpora import LocalSentences
from bench_models.stats.estimate import Estimate
from bench_models.suites.suite import Budget, Suite, Variant

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


def _result(**cards: Outcome[Scorecard]) -> SuiteResult:
    budget = Budget(max_accuracy_drop_points=1.5, min_size_reduction_pct=30.0, min_agreement_pct=95.0)
    variants = tuple(
        Variant(name=name, starts_from=None if name == "baseline" else "baseline", steps=(), budget=own)
        for name, own in zip(cards, [None, *[budget] * (len(cards) - 1)], strict=True)
    )
    suite = Suite(
        name="mine", checkpoint=LocalCheckpoint(path=Path()), corpus=LocalSentences(path=Path()), variants=variants
    )
    results = tuple(
        VariantResult(
            variant=variant,
            card=card,
            single_stream=_time(0.0116 / position),
            offline=_time(0.0084 / position),
            speed_up=_ratio(position),
            offline_speed_up=_ratio(position),
        )
        for position, (variant, card) in enumerate(zip(variants, cards.values(), strict=True), start=1)
    )
    return SuiteResult(suite=suite, commit=COMMIT, variants=results)


def _rows(**cards: Outcome[Scorecard]) -> tuple[Row, ...]:
    return rows_of(_result(**cards))


ALL: dict[str, Outcome[Scorecard]] = {
    "baseline": _card(870, 100),
    "int8": _card(865, 60),
    "tiny": _card(840, 90),
    "close": _card(861, 60),
    "odd": Failed(error="no such kernel"),
}


def _document(rows: tuple[Row, ...]) -> dict[str, Any]:
    return json.loads(json.dumps(document("mine", COMMIT, rows, MACHINE, {"torch": "2.13.0"})))  # type: ignore[no-any-return]


def test_markdown_is_exactly_this() -> None:
    """A snapshot, so that a change of the report is a change that someone looked at."""
    expected = SNAPSHOT.read_text(encoding="utf-8")

    assert expected == markdown("mine", COMMIT, _rows(**ALL), MACHINE, {"torch": "2.13.0"})


@pytest.mark.parametrize("names", [("baseline",), ("baseline", "int8"), tuple(ALL)])
def test_document_keeps_its_schema(names: tuple[str, ...]) -> None:
    """Whatever could and could not be measured."""
    schema = json.loads((Path(report.__file__).parent / "report.schema.json").read_text(encoding="utf-8"))

    jsonschema.validate(_document(_rows(**{name: ALL[name] for name in names})), schema)


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
    rows = _rows(**{name: ALL[name] for name in names})
    assert status == (exit_status(rows, strict=False), exit_status(rows, strict=True))


def test_figures_refer_to_the_baseline_of_the_same_run() -> None:
    """Speed-up, reduction and drop, and the baseline beside itself."""
    baseline, int8, *_ = _document(_rows(**ALL))["variants"]

    assert int8["speed_up_single_stream_ratio"]["value"] == 2.0
    assert int8["size_reduction_pct"] == pytest.approx(40.0)
    assert int8["accuracy_drop_points"]["value"] == pytest.approx(0.5)
    assert baseline["speed_up_single_stream_ratio"]["low"] == baseline["speed_up_single_stream_ratio"]["high"] == 1.0


def test_broken_baseline_leaves_the_others_figures_standing() -> None:
    """Their own figures are shown; their budgets cannot be judged, and that is said."""
    _, int8 = _rows(baseline=Failed(error="out of memory"), int8=_card(865, 60))

    assert int8.quality is not None
    assert int8.quality.accuracy.value == pytest.approx(0.865)
    assert int8.quality.accuracy_drop_points is None
    assert int8.standing == "not measured"
    assert "the baseline could not be measured" in int8.errors[0]


def test_failed_row_says_once_what_it_failed_at() -> None:
    """Its times fail for the same reason, which asv does not know."""
    result = _result(baseline=_card(870, 100), odd=Failed(error="no such kernel"))
    asv = Failed(error="mine.Latency.time_offline(odd) failed under asv")
    odd = replace(result.variants[1], single_stream=asv, offline=asv)
    _, row = rows_of(replace(result, variants=(result.variants[0], odd)))
    assert row.errors == ("no such kernel",)

    working = replace(odd, card=_card(860, 60))
    _, row = rows_of(replace(result, variants=(result.variants[0], working)))
    assert row.errors == (asv.error,)


def test_speed_up_is_as_sure_as_it_was_measured() -> None:
    """Latencies that are known to 7 % make no ratio of it: the pairs do, which are known to 1 %."""
    table = markdown("mine", COMMIT, _rows(**ALL), MACHINE, {"torch": "2.13.0"})

    assert "2.00 x (1.98 to 2.02)" in table
    assert "5.80 ms (5.45 to 6.21)" in table
    assert "the 95% interval that covers other pairs" in table


def test_speed_up_that_could_not_be_measured_is_an_error_of_its_row() -> None:
    """With asv's times left standing."""
    result = _result(**{name: ALL[name] for name in ("baseline", "int8")})
    lost = Failed(error="its pairs are gone")
    odd = replace(result.variants[1], speed_up=lost, offline_speed_up=lost)
    _, row = rows_of(replace(result, variants=(result.variants[0], odd)))

    assert row.errors == ("its pairs are gone",)
    assert row.speed_up is None
    assert row.single_stream_s is not None
    assert row.standing == "not measured"
