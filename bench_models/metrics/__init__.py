"""The catalogue of metrics; a new one is one more object here."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from bench_models.metrics.scorecard import Scorecard
from bench_models.runtimes.kernels import int8_share
from bench_models.text import show_count, show_logit, show_ms, show_share, show_size, show_times


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A quantity with a unit and a direction.

    ``better`` is the direction that improves. ``margin_pct`` is the smallest relative change, in
    percent, that a reviewer cares about. ``show`` turns a number in ``unit`` into words. Checks leave out what is
    not ``checked``: another metric tells them the same.
    """

    name: str
    unit: str
    better: Literal["lower", "higher"]
    margin_pct: float
    show: Callable[[float], str]
    checked: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorecardMetric(Metric):
    """A metric that is read off a scorecard."""

    of: Callable[[Scorecard], float]


PARAMETERS = ScorecardMetric(
    name="parameters",
    unit="parameters",
    better="lower",
    margin_pct=0.0,
    show=show_count,
    of=lambda card: card.parameters,
)
SIZE = ScorecardMetric(
    name="size", unit="bytes", better="lower", margin_pct=0.1, show=show_size, of=lambda card: card.size_bytes
)
NAIVE_SIZE = ScorecardMetric(
    name="naive_size",
    unit="bytes",
    better="lower",
    margin_pct=0.1,
    show=show_size,
    of=lambda card: card.naive_size_bytes,
)
SPARSITY = ScorecardMetric(
    name="sparsity", unit="share", better="higher", margin_pct=0.1, show=show_share, of=lambda card: card.sparsity
)
ACCURACY = ScorecardMetric(
    name="accuracy", unit="share", better="higher", margin_pct=1.0, show=show_share, of=lambda card: card.accuracy
)
# asv believes that lower is always better, so quality is tracked as its complement too.
ERROR_RATE = ScorecardMetric(
    name="error_rate",
    unit="share",
    better="lower",
    margin_pct=3.0,
    show=show_share,
    checked=False,  # accuracy is the same outcome: one test is enough
    of=lambda card: 1 - card.accuracy,
)
# Of rows that are not in eager PyTorch, against eager PyTorch with the same model.
RUNTIME_AGREEMENT = ScorecardMetric(
    name="runtime_agreement",
    unit="share",
    better="higher",
    margin_pct=1.0,
    show=show_share,
    of=lambda card: card.beside_eager.share,
)
LOGIT_DIFFERENCE = ScorecardMetric(
    name="logit_difference",
    unit="logit",
    better="lower",
    margin_pct=3.0,
    show=show_logit,
    checked=False,  # of fp32 it is the last digits of sums, which any change moves; a tolerance holds it
    of=lambda card: card.beside_eager.logit_difference,
)
# Exact, so that a row that falls back to floating point is seen whatever the clock says.
INT8_SHARE = ScorecardMetric(
    name="int8_share",
    unit="share",
    better="higher",
    margin_pct=0.1,
    show=show_share,
    of=lambda card: int8_share(card.kernels) if card.kernels else math.nan,  # which asv shows as n/a
)
KERNELS = ScorecardMetric(
    name="kernels",
    unit="kernels",
    better="lower",
    margin_pct=0.0,
    show=show_count,
    of=lambda card: sum(kernel.count for kernel in card.kernels) or math.nan,
)
# Against the baseline of the same suite, so that a scorecard alone does not tell.
AGREEMENT = Metric(name="agreement", unit="share", better="higher", margin_pct=1.0, show=show_share)
DISAGREEMENT = Metric(name="disagreement", unit="share", better="lower", margin_pct=3.0, show=show_share, checked=False)
# A verdict as a number, which asv can keep: see budgets.py. The main job judges budgets, and not a check.
BUDGET = Metric(name="budget", unit="status", better="lower", margin_pct=0.0, show=show_count, checked=False)
AGAINST_BASELINE = (AGREEMENT, DISAGREEMENT, BUDGET)
FIGURES = (PARAMETERS, SIZE, NAIVE_SIZE, SPARSITY, ACCURACY, ERROR_RATE, INT8_SHARE, KERNELS)
OF_RUNTIMES = (RUNTIME_AGREEMENT, LOGIT_DIFFERENCE)

SINGLE_STREAM = Metric(name="single_stream", unit="seconds", better="lower", margin_pct=3.0, show=show_ms)
OFFLINE = Metric(name="offline", unit="seconds", better="lower", margin_pct=3.0, show=show_ms)
LATENCIES = (SINGLE_STREAM, OFFLINE)

# The baseline's time over the variant's, both measured in turn, and for asv, which takes lower for better, its inverse.
# A check times both sides by itself.
SPEED_UP = Metric(name="speed_up", unit="x", better="higher", margin_pct=3.0, show=show_times, checked=False)
RELATIVE_LATENCY = Metric(
    name="relative_latency", unit="x", better="lower", margin_pct=3.0, show=show_times, checked=False
)
RATIOS = (SPEED_UP, RELATIVE_LATENCY)
