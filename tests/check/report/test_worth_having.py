"""A change may leave a variant that nobody would ship any more, and the report says which."""

from dataclasses import dataclass, replace
from math import log1p

import pytest
from support.observing import exact, recorded, timed

from bench_models import metrics
from bench_models.check.report import worth_having
from bench_models.check.report.make import merge, report_on
from bench_models.check.report.markdown import escaped
from bench_models.check.report.worth_having import no_longer_worth_having
from bench_models.verdict.measurements import Measurements

NO_OTHER = "no larger and as accurate, which no other was on BASE.**"


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """What is measured of a variant: numbers of BASE, and how latency, size and accuracy change."""

    name: str
    latency_s: float
    size: float
    accuracy: float
    slower: float = 0.0
    larger: float = 0.0
    less_accurate: float = 0.0

    @property
    def measurements(self) -> list[Measurements]:
        """As a check would have measured it."""
        scale = self.latency_s / 0.010
        latency = timed("tiny.Latency.time_single_stream", change=log1p(self.slower), spread=0.0005, pairs=16)
        pairs = tuple(
            replace(
                pair, base=tuple(scale * each for each in pair.base), head=tuple(scale * each for each in pair.head)
            )
            for pair in latency.pairs
        )
        size = exact(self.size, self.size * (1 + self.larger), margin_pct=0.1)
        accuracy = exact(self.accuracy, self.accuracy * (1 - self.less_accurate), better="higher")
        named = [
            (replace(latency, pairs=pairs), "tiny.Latency.time_single_stream"),
            (size, "tiny.Figures.track_size"),
            (accuracy, "tiny.Figures.track_accuracy"),
        ]
        return [
            replace(each, benchmark=replace(each.benchmark, name=name, parameters=(repr(self.name),)))
            for each, name in named
        ]


def _said(*variants: Variant, shown: int | None = None) -> str:
    measured = [each for variant in variants for each in variant.measurements]
    return no_longer_worth_having(report_on(recorded(*measured[:shown])), escaped)


LARGE = Variant(name="large", latency_s=0.010, size=80.0, accuracy=0.88)
STUDENT = Variant(name="student", latency_s=0.005, size=50.0, accuracy=0.86)
SMALL = Variant(name="small", latency_s=0.006, size=20.0, accuracy=0.86)


def test_variant_that_another_overtakes_is_named() -> None:
    """Slower than one that is also smaller: nobody takes it now."""
    said = _said(LARGE, replace(STUDENT, slower=0.5), SMALL)
    assert said == (
        "**student of tiny is no longer worth having: small is faster (6.00 ms instead of 7.50 ms), " + NO_OTHER
    )


def test_variant_that_is_overtaken_by_a_better_one_is_named() -> None:
    """Which is good news, and tells what can go."""
    assert _said(STUDENT, replace(SMALL, slower=-0.5)).startswith(
        "**student of tiny is no longer worth having: small is faster (3.00 ms instead of 5.00 ms)"
    )


def test_variant_that_loses_its_accuracy_is_named() -> None:
    """The larger one was there for its points."""
    assert "**large of tiny is no longer worth having: student is" in _said(replace(LARGE, less_accurate=0.03), STUDENT)


@pytest.mark.parametrize(
    "variants",
    [
        (LARGE, STUDENT, SMALL),
        (LARGE, replace(STUDENT, slower=0.1), SMALL),  # still the fastest
        (replace(LARGE, slower=0.5), STUDENT),  # still the most accurate
        (STUDENT, replace(SMALL, slower=-0.5, larger=2.0)),  # faster, and larger
        (STUDENT, replace(SMALL, slower=-0.5, less_accurate=0.05)),  # faster, and less accurate
        (replace(LARGE, accuracy=0.86, slower=0.5), STUDENT),  # on BASE, too
    ],
)
def test_variant_that_is_still_best_in_something_is_not_named(variants: tuple[Variant, ...]) -> None:
    """Nor one that was worth nothing before."""
    assert not _said(*variants)


def test_two_that_are_timed_apart_overtake_nobody_unless_one_of_them_changed() -> None:
    """Their times of one check are a few percent apart by chance."""
    close = replace(STUDENT, latency_s=0.006, slower=0.012, name="close")
    assert not _said(close, replace(SMALL, slower=-0.012))


@pytest.mark.parametrize(
    "variants",
    [
        # A larger file does not make its latency, which is the same on both sides, slower than another's.
        (replace(STUDENT, latency_s=0.006, slower=0.012, larger=0.05), replace(SMALL, slower=-0.012)),
        (replace(STUDENT, latency_s=0.006, slower=0.012), replace(SMALL, slower=-0.012, less_accurate=-0.05)),
    ],
)
def test_change_of_something_else_does_not_explain_a_latency(variants: tuple[Variant, ...]) -> None:
    """What another was not as good in must itself have been shown to change."""
    assert not _said(*variants)


def test_variants_of_different_machines_are_not_compared() -> None:
    """Each shard compares both commits by itself, and may be slower than another."""
    measured = [replace(STUDENT, slower=0.5).measurements, SMALL.measurements]
    records = [recorded(*each, shard=place, shards=2) for place, each in enumerate(measured, 1)]
    plan = {**records[0].header.plan, **records[1].header.plan}
    shards = [replace(each, header=replace(each.header, plan=plan)) for each in records]
    assert not no_longer_worth_having(report_on(merge(shards)), escaped)


def test_at_most_a_few_are_named() -> None:
    """A report of hundreds would be too long for a comment."""
    many = [replace(STUDENT, name=f"student-{place}", slower=0.5) for place in range(5)]
    said = _said(*many, SMALL)
    assert said.count("is no longer worth having: small is faster") == 3
    assert said.endswith("\n\n**2 more are no longer worth having.**")


def test_variant_of_which_something_was_not_measured_is_not_compared() -> None:
    """As in a check of what a change affects."""
    both = replace(STUDENT, slower=0.5), SMALL
    assert _said(*both)
    assert not _said(*both, shown=5)


def test_benchmarks_are_those_of_a_model_suite() -> None:
    """A check must not import the metrics, which need the libraries of models."""
    assert f"Latency.time_{metrics.SINGLE_STREAM.name}" == worth_having._LATENCY
    assert f"Figures.track_{metrics.SIZE.name}" == worth_having._SIZE
    assert f"Figures.track_{metrics.ACCURACY.name}" == worth_having._ACCURACY


def test_other_suites_and_benchmarks_are_left_alone() -> None:
    """Only those of models have a latency, a size and an accuracy by these names."""
    assert not no_longer_worth_having(report_on(recorded(timed(change=0.5, pairs=16), exact(1, 2))), escaped)
