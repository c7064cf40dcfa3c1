"""The catalogue of metrics; a new one is one more object here."""

from collections.abc import Callable
from dataclasses import dataclass

from bench_models.metrics.metric import Metric, show_count, show_ms, show_share, show_size
from bench_models.metrics.scorecard import Scorecard

__all__ = ["ACCURACY", "ERROR_RATE", "FIGURES", "LATENCIES", "NAIVE_SIZE", "OFFLINE", "PARAMETERS", "SINGLE_STREAM"]
__all__ += ["SIZE", "SPARSITY", "Figure", "Metric"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure(Metric):
    """A metric that is read off a scorecard."""

    of: Callable[[Scorecard], float]


PARAMETERS = Figure(
    name="parameters",
    unit="parameters",
    better="lower",
    margin_pct=0.0,
    show=show_count,
    of=lambda card: card.parameters,
)
SIZE = Figure(
    name="size", unit="bytes", better="lower", margin_pct=0.1, show=show_size, of=lambda card: card.size_bytes
)
NAIVE_SIZE = Figure(
    name="naive_size",
    unit="bytes",
    better="lower",
    margin_pct=0.1,
    show=show_size,
    of=lambda card: card.naive_size_bytes,
)
SPARSITY = Figure(
    name="sparsity", unit="share", better="higher", margin_pct=0.1, show=show_share, of=lambda card: card.sparsity
)
ACCURACY = Figure(
    name="accuracy", unit="share", better="higher", margin_pct=1.0, show=show_share, of=lambda card: card.accuracy
)
# asv believes that lower is always better, so quality is tracked as its complement too.
ERROR_RATE = Figure(
    name="error_rate",
    unit="share",
    better="lower",
    margin_pct=3.0,
    show=show_share,
    checked=False,  # accuracy is the same outcome: one test is enough
    of=lambda card: 1 - card.accuracy,
)
FIGURES = (PARAMETERS, SIZE, NAIVE_SIZE, SPARSITY, ACCURACY, ERROR_RATE)

SINGLE_STREAM = Metric(name="single_stream", unit="seconds", better="lower", margin_pct=3.0, show=show_ms)
OFFLINE = Metric(name="offline", unit="seconds", better="lower", margin_pct=3.0, show=show_ms)
LATENCIES = (SINGLE_STREAM, OFFLINE)
