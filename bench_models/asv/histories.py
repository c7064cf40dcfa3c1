"""The history of each benchmark over commits, with what asv.conf.json says of regressions."""

import math
import re
from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

from asv._stats import get_weight
from asv.results import iter_results

from bench_models.asv.results import config_of, described_in, plain, results_folder


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """The history of one benchmark with one set of parameters on one machine: a value for each measured commit.

    ``threshold`` is the relative rise from which asv.conf.json speaks of a regression; ``weights`` are what asv counts
    each value by when it fits levels to them, where it knows one.
    """

    machine: str
    environment: str
    benchmark: str
    parameters: tuple[str, ...]
    unit: str
    threshold: float
    values: dict[str, float]
    weights: dict[str, float | None] = field(default_factory=dict)


def histories(root: Path, commits: Container[str]) -> list[Series]:
    """Return the history of everything that asv.conf.json wants judged, over some commits.

    asv takes lower for better; what is not, ``regressions_first_commits`` turns off with a null.
    """
    config, kept = config_of(root), results_folder(root)
    described = described_in(kept)
    found: dict[tuple[str, ...], Series] = {}
    for result in iter_results(str(kept)):
        for benchmark in result.get_all_result_keys() if result.commit_hash in commits else ():
            for names, value, weight in _numbers(result, benchmark) if benchmark in described else ():
                entry = f"{benchmark}({', '.join(names)})" if names else benchmark
                if _judged(config, entry):
                    where = (str(result.params["machine"]), result.env_name, benchmark, *plain(names))
                    new = Series(
                        machine=where[0],
                        environment=where[1],
                        benchmark=benchmark,
                        parameters=where[3:],
                        unit=str(described[benchmark].get("unit", "")),
                        threshold=_threshold(config, entry),
                        values={},
                    )
                    series = found.setdefault(where, new)
                    series.values[result.commit_hash] = value
                    series.weights[result.commit_hash] = weight
    return [found[key] for key in sorted(found)]


def _numbers(result: Any, benchmark: str) -> Iterator[tuple[tuple[str, ...], float, float | None]]:
    parameters = result.get_result_params(benchmark)
    values, stats = (read(benchmark, parameters) for read in (result.get_result_value, result.get_result_stats))
    for names, value, about in zip(product(*parameters), values, stats, strict=False):
        if value is not None and math.isfinite(value):
            yield names, float(value), _weight(about)


def _weight(about: Any) -> float | None:
    try:
        weight: float | None = get_weight(about)
    except TypeError:  # an interval whose ends are not numbers
        return None
    return weight


def _judged(config: Any, entry: str) -> bool:
    patterns = config.regressions_first_commits
    return not any(first is None and _matches(config, pattern, entry) for pattern, first in patterns.items())


def _threshold(config: Any, entry: str) -> float:
    found = [float(least) for name, least in config.regressions_thresholds.items() if _matches(config, name, entry)]
    return max(found, default=0.05)


def _matches(config: Any, pattern: str, entry: str) -> bool:
    """Match from the beginning of a name with its parameters and its branch, as asv's own list of regressions does."""
    return any(re.match(pattern, f"{entry}@{branch}") for branch in config.branches)
