"""Results with everything derived from them, computed once for all renderers."""

from dataclasses import dataclass

from bench_models.budgets import BudgetLine, accuracy_drop_points, judge, size_reduction_pct, worst
from bench_models.metrics.agreement import agreement
from bench_models.metrics.scorecard import Scorecard
from bench_models.outcomes import Measured, Outcome, Value
from bench_models.report.results import SuiteResult, VariantResult
from bench_models.stats.estimate import Estimate
from bench_models.stats.proportions import proportion


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """What follows from a scorecard: absolute, and against the baseline of the same run.

    The drop and what follows it are None where the baseline itself could not be measured.
    """

    card: Scorecard
    accuracy: Estimate
    accuracy_drop_points: Estimate | None
    agreement: Estimate | None
    size_reduction_pct: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One variant as a report shows it; what could not be measured is None and has its errors."""

    name: str
    quality: Quality | None
    single_stream_s: Estimate | None
    offline_s: Estimate | None
    speed_up: Estimate | None
    offline_speed_up: Estimate | None
    budget_lines: tuple[BudgetLine, ...]
    errors: tuple[str, ...]

    @property
    def standing(self) -> str:
        """The row's verdict in a word: ``baseline``, ``kept``, ``broken``, ``open`` or ``not measured``."""
        if self.errors:
            return "not measured"
        if not self.budget_lines:
            return "baseline"
        return worst([line.status for line in self.budget_lines])


def rows_of(result: SuiteResult) -> tuple[Row, ...]:
    """Return the rows of a report, in the order of the suite."""
    return tuple(_row(variant, result.baseline) for variant in result.variants)


def _row(variant: VariantResult, baseline: VariantResult) -> Row:
    errors = list(variant.errors)
    card, reference = _value(variant.card), _value(baseline.card)
    lines: tuple[BudgetLine, ...] = ()
    if variant.variant.budget is not None and card is not None:
        if reference is None:
            errors.append("its budget cannot be judged, because the baseline could not be measured")
        else:
            lines = judge(variant.variant.budget, reference, card)
    return Row(
        name=variant.variant.name,
        quality=_quality(card, reference),
        single_stream_s=_value(variant.single_stream),
        offline_s=_value(variant.offline),
        speed_up=_value(variant.speed_up),
        offline_speed_up=_value(variant.offline_speed_up),
        budget_lines=lines,
        errors=tuple(dict.fromkeys(errors)),
    )


def _quality(card: Scorecard | None, baseline: Scorecard | None) -> Quality | None:
    if card is None:
        return None
    return Quality(
        card=card,
        accuracy=proportion(card.correct),
        accuracy_drop_points=accuracy_drop_points(baseline, card) if baseline else None,
        agreement=proportion(agreement(baseline, card)) if baseline else None,
        size_reduction_pct=size_reduction_pct(baseline, card) if baseline else None,
    )


def _value(outcome: Outcome[Value]) -> Value | None:
    return outcome.value if isinstance(outcome, Measured) else None
