"""Names benchmarks on pages, and says which page each is on and how its numbers are shown."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from bench_models.extras import extra_for

if TYPE_CHECKING:
    from bench_models.metrics import Metric

# Names become file names: whatever is not plain is replaced, and a digest keeps two such names apart.
_PLAIN = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,80}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How the numbers of a benchmark are called and shown, and which way they improve."""

    title: str
    better: Literal["lower", "higher"]
    show: Callable[[float], str]


_TITLES = {
    "Latency.time_single_stream": "Latency of one sentence",
    "SpeedUp.track_speed_up": "Speed-up",
    "Latency.time_offline": "Latency of a batch",
    "Figures.track_size": "Size",
    "Figures.track_accuracy": "Accuracy",
    "Figures.track_error_rate": "Error rate",
    "Figures.track_parameters": "Parameters",
    "Figures.track_sparsity": "Sparsity",
    "Figures.track_naive_size": "Naive size",
    "SpeedUp.track_relative_latency": "Relative latency",
}


def look_of(name: str, described: dict[str, Any]) -> Look:
    """Return how a benchmark's numbers look; those of other suites as asv shows them."""
    leaf = _leaf(name)
    metric = _ours().get(leaf)
    if metric is not None and "variant" in described["param_names"]:
        return Look(title=_TITLES[leaf], better=metric.better, show=metric.show)
    unit = str(described.get("unit") or "")
    return Look(title=str(described.get("pretty_name") or leaf), better="lower", show=lambda value: _shown(value, unit))


@cache
def _ours() -> "dict[str, Metric]":
    """Return the metrics of suites of models by their benchmark; none where the extra `models` is not installed."""
    try:
        from bench_models import metrics
    except ModuleNotFoundError as error:
        if extra_for(error):
            return {}
        raise
    families = {"Figures.track": metrics.FIGURES, "Latency.time": metrics.LATENCIES, "SpeedUp.track": metrics.RATIOS}
    return {f"{family}_{metric.name}": metric for family, members in families.items() for metric in members}


def order_of(name: str) -> tuple[int, str]:
    """Return where a benchmark stands on a page: ours as people ask for them, then others by name."""
    known = list(_TITLES)
    leaf = _leaf(name)
    return (known.index(leaf) if leaf in known else len(known), name)


def module_of(name: str) -> str:
    """Return the module of a benchmark, without the class, which asv's names do not tell apart but by its capital."""
    parts = name.split(".")[:-1]
    if len(parts) > 1 and parts[-1][:1].isupper():
        parts.pop()
    return ".".join(parts) or name


def file_of(module: str, variant: str | None) -> str:
    """Return the name of a page's file; different pages have different ones."""
    # No module's name holds a dash, so it is clear where the variant's begins.
    name = module if variant is None else f"{module}--{variant}"
    if _PLAIN.fullmatch(name):
        return f"history-{name}.html"
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"history-{re.sub(r'[^A-Za-z0-9_-]+', '-', name)[:60]}-{digest}.html"


def plain(parameter: str) -> str:
    """Return a parameter without the quotes of the ``repr`` that asv identifies it by."""
    quoted = len(parameter) > 1 and parameter[0] == parameter[-1] and parameter[0] in "'\""
    return parameter[1:-1] if quoted else parameter


def _shown(value: float, unit: str) -> str:
    from asv.util import human_value

    return str(human_value(value, unit)) if unit in {"seconds", "bytes"} else f"{value:,.6g} {unit}".strip()


def _leaf(name: str) -> str:
    """Return a benchmark's name without its module."""
    return name.removeprefix(module_of(name) + ".")
