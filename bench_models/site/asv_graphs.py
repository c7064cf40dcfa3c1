"""Turns asv's graphs into histories; only this module of the site knows asv's graphs and how it names benchmarks."""

import hashlib
import itertools
import json
import math
import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache, cached_property
from types import SimpleNamespace
from typing import Any, Literal

from asv.plugins.regressions import _GraphDataFilter  # what asv's own list of regressions reads of its configuration

from bench_models.asv.results import unquoted
from bench_models.results_branch.records import Accepted
from bench_models.site.model import ChangePoint, Commit, History, Line, Point, Series
from bench_models.stats.change_points import NEAR, Level, change_points, levels
from bench_models.stats.change_points import ChangePoint as Found
from bench_models.text import show_count, show_logit, show_ms, show_share, show_size, show_times

VARIANT = "variant"

# Names become file names: whatever is not plain is replaced, and a digest keeps two such names apart.
_PLAIN = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,80}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Display:
    """How the numbers of a benchmark are called and shown, and which way they improve."""

    title: str
    better: Literal["lower", "higher"]
    show: Callable[[float], str]


# The benchmarks of a model suite, in the order in which people ask for them; a test holds them against the metrics.
_KNOWN = {
    "Latency.time_single_stream": Display(title="Latency of one sentence", better="lower", show=show_ms),
    "SpeedUp.track_speed_up": Display(title="Speed-up", better="higher", show=show_times),
    "Latency.time_offline": Display(title="Latency of a batch", better="lower", show=show_ms),
    "Figures.track_size": Display(title="Size", better="lower", show=show_size),
    "Figures.track_accuracy": Display(title="Accuracy", better="higher", show=show_share),
    "Figures.track_error_rate": Display(title="Error rate", better="lower", show=show_share),
    "Figures.track_parameters": Display(title="Parameters", better="lower", show=show_count),
    "Figures.track_sparsity": Display(title="Sparsity", better="higher", show=show_share),
    "Figures.track_naive_size": Display(title="Naive size", better="lower", show=show_size),
    "RuntimeFigures.track_runtime_agreement": Display(title="Runtime agreement", better="higher", show=show_share),
    "RuntimeFigures.track_logit_difference": Display(title="Logit difference", better="lower", show=show_logit),
    "Figures.track_int8_share": Display(title="INT8 share of products", better="higher", show=show_share),
    "Figures.track_kernels": Display(title="Kernels of one sentence", better="lower", show=show_count),
    # As they were called when only rows in other runtimes had them.
    "RuntimeFigures.track_int8_share": Display(title="INT8 share of products", better="higher", show=show_share),
    "RuntimeFigures.track_kernels": Display(title="Kernels of one sentence", better="lower", show=show_count),
    "SpeedUp.track_relative_latency": Display(title="Relative latency", better="lower", show=show_times),
}


def histories_of(reader: "GraphReader", benchmarks: dict[str, Any]) -> tuple[History, ...]:
    """Return each variant with its benchmarks, and each module of benchmarks that have no variants."""
    found: dict[tuple[str, str | None], list[Series]] = defaultdict(list)
    for name in sorted(benchmarks, key=_order):
        for variant, series in reader.series(benchmarks[name]):
            found[module_of(name), variant].append(series)
    return tuple(
        History(suite=module, variant=variant, file=file_of(module, variant), series=tuple(series))
        for (module, variant), series in found.items()
    )


@dataclass(frozen=True, kw_only=True)
class GraphReader:
    """Reads asv's graphs, and marks the change points of their lines.

    It takes what asv hands to its plugins, the commits to show, and the regressions that people accepted.
    """

    conf: Any
    repo: Any
    graphs: Any
    revisions: dict[str, int]
    commits: dict[int, Commit]
    accepted: tuple[Accepted, ...]

    @cached_property
    def _rules(self) -> Any:
        """What asv's configuration says of regressions."""
        return _GraphDataFilter(self.conf, self.repo, self.revisions)

    @cached_property
    def _between(self) -> Callable[[str, str], frozenset[str]]:
        """Asks git for the commits after one, up to another, once for all benchmarks that change there."""
        spec, hashes = self.repo.get_range_spec, self.repo.get_hashes_from_range
        return cache(lambda before, after: frozenset(hashes(spec(before, after))))

    def series(self, described: dict[str, Any]) -> Iterator[tuple[str | None, Series]]:
        """Return the series of a benchmark, each with the variant that it is of."""
        name, names = described["name"], described["param_names"]
        graphs = self.graphs.get_graph_group(name)
        settings = _settings([graph.params for graph in graphs])
        lines = [list(self._lines(graph, described, setting)) for graph, setting in zip(graphs, settings, strict=True)]
        display = display_of(name, described)
        for index, values in enumerate(itertools.product(*described["params"])):
            drawn = newest_first(each[index] for each in lines if index < len(each) and each[index].points)
            if not drawn:
                continue
            parameters = tuple(zip(names, values, strict=True))
            variant = next((unquoted(value) for parameter, value in parameters if parameter == VARIANT), None)
            others = [f"{parameter} {unquoted(value)}" for parameter, value in parameters if parameter != VARIANT]
            series = Series(
                benchmark=name,
                title=", ".join([display.title, *others]),
                parameters=parameters,
                better=display.better,
                show=display.show,
                lines=drawn,
            )
            yield variant, series

    def _lines(self, graph: Any, described: dict[str, Any], setting: str) -> Iterator[Line]:
        """Return a line for each set of parameters, in asv's order, empty where nothing was measured."""
        data, commits = graph.get_data(), self.commits
        scalar = graph.scalar_series
        judged = {index or 0: rest for index, _, *rest in self._rules.get_graph_data(graph, described)}
        for index in range(1 if scalar else graph.n_series or 0):
            values = [(revision, value if scalar else value[index]) for revision, value, _ in data]
            points = tuple(
                Point(commit=commits[revision], value=float(value))
                for revision, value in values
                if revision in commits and isinstance(value, int | float) and math.isfinite(value)
            )
            steps, threshold = judged.get(index, ((), 0.0))
            found = change_points(_levels(points, steps), threshold)
            marked = self._marked(setting, points, found)
            yield Line(setting=setting, of_asv=_of_asv(graph), points=points, change_points=marked)

    def line(self, like: Line, points: tuple[Point, ...], judged_as: str | None) -> Line:
        """Return a line that asv has no graph of, in the setting of another.

        Its rises are marked as those of ``judged_as`` are, a benchmark with its parameters; none without one.
        """
        found = change_points(*self._judged_levels(like, points, judged_as)) if judged_as else []
        return replace(like, points=points, change_points=self._marked(like.setting, points, found))

    def _judged_levels(self, like: Line, points: tuple[Point, ...], judged_as: str) -> tuple[list[Level], float]:
        """Return the levels that asv would judge of such a benchmark, and the rise from which it is a regression."""
        graph = SimpleNamespace(params=json.loads(like.of_asv))
        first = self._rules._get_start_revision(graph, {}, judged_as)  # noqa: SLF001  # asv has no other way to ask
        if first is None:
            return [], 0.0
        fitted = levels([point.value for point in points])
        ends = [points[level.begin + len(level.values) - 1].commit.revision for level in fitted]
        kept = [level for level, end in zip(fitted, ends, strict=True) if end + 1 >= first]
        return kept, self._rules._get_threshold(graph, {}, judged_as)  # noqa: SLF001  # likewise

    def _marked(self, setting: str, points: tuple[Point, ...], found: Iterable[Found]) -> tuple[ChangePoint, ...]:
        return tuple(self._change_point(setting, points, each) for each in found)

    def _change_point(self, setting: str, points: tuple[Point, ...], found: Found) -> ChangePoint:
        position = found.position
        before, after = points[position - 1].commit, points[position].commit
        nearby = points[max(0, position - 1 - NEAR) : position + NEAR + 1]
        suspects = self._between(nearby[0].commit.sha, nearby[-1].commit.sha) if self.accepted else ()
        return ChangePoint(
            setting=setting,
            before=before if len(self._between(before.sha, after.sha)) > 1 else None,
            after=after,
            old=found.before,
            new=found.after,
            accepted=next((each for each in reversed(self.accepted) if each.commit in suspects), None),
        )


def _levels(points: tuple[Point, ...], steps: list[Any]) -> list[Level]:
    """Return the levels of asv's fit with their points; asv says which revisions each one spans."""
    revisions, values = [point.commit.revision for point in points], tuple(point.value for point in points)
    spans = [(bisect_left(revisions, left), bisect_left(revisions, right)) for left, right, *_ in steps]
    return [Level(begin=begin, values=values[begin:end]) for begin, end in spans if begin < end]


def newest_first(lines: Iterable[Line]) -> tuple[Line, ...]:
    """Return lines in the order of a series: the one that was measured last comes first."""
    return tuple(sorted(lines, key=lambda line: (line.points[-1].commit.revision, line.setting), reverse=True))


def _of_asv(graph: Any) -> str:
    """Return all that asv tells the setting of a graph by, the same for each benchmark."""
    return json.dumps(graph.params, sort_keys=True, default=str)


def _settings(params: list[dict[str, Any]]) -> list[str]:
    """Name each graph's setting by what differs between them."""
    keys = sorted({key for each in params for key in each if len({str(other.get(key)) for other in params}) > 1})
    return [", ".join(f"{key} {each.get(key) or 'none'}" for key in keys) for each in params]


def display_of(name: str, described: dict[str, Any]) -> Display:
    """Return how a benchmark's numbers are shown; those of other suites as asv shows them."""
    leaf = _leaf(name)
    known = _KNOWN.get(leaf)
    if known is not None and VARIANT in described["param_names"]:
        return known
    unit = str(described.get("unit") or "")
    title = str(described.get("pretty_name") or leaf)
    return Display(title=title, better="lower", show=lambda value: _shown(value, unit))


def module_of(name: str) -> str:
    """Return the module of a benchmark; in asv's names only the capital tells a class from a module."""
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


def _order(name: str) -> tuple[int, str]:
    """Return where a benchmark stands on a page: known ones in their order, then others by name."""
    known, leaf = list(_KNOWN), _leaf(name)
    return (known.index(leaf) if leaf in known else len(known), name)


def _leaf(name: str) -> str:
    """Return a benchmark's name without its module."""
    return name.removeprefix(module_of(name) + ".")


def _shown(value: float, unit: str) -> str:
    from asv.util import human_value

    return str(human_value(value, unit)) if unit in {"seconds", "bytes"} else f"{value:,.6g} {unit}".strip()
