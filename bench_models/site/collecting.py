"""Collects what asv hands to its plugins; only this module of the site knows asv's graphs."""

import itertools
import json
import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench_models.results_branch.records import Accepted
from bench_models.site.histories import ChangePoint, Commit, History, Line, Point, Series
from bench_models.site.naming import file_of, look_of, module_of, order_of, plain

VARIANT = "variant"

Between = Callable[[str, str], frozenset[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What asv knows when it calls its plugins."""

    benchmarks: dict[str, Any]
    graphs: Any
    commits: dict[int, Commit]
    regressions: dict[tuple[str, int | None], list[Any]]
    accepted: tuple[Accepted, ...]
    between: Between


def commits_of(revisions: dict[str, int], dates: dict[str, datetime]) -> dict[int, Commit]:
    """Return the commits that have results, by revision; asv numbers tags as well."""
    return {
        revision: Commit(sha=sha, revision=revision, at=dates[sha])
        for sha, revision in revisions.items()
        if sha in dates
    }


def regressions_in(html: Path) -> dict[tuple[str, int | None], list[Any]]:
    """Return the change points that asv found, by the graph's file and the place of its parameters in it."""
    file = html / "regressions.json"
    found = json.loads(file.read_text(encoding="utf-8"))["regressions"] if file.exists() else []
    return {(path, index): change_points for _, path, _, index, _, _, change_points in found}


def between(repo: Any) -> Between:
    """Return a function that asks git for the commits after one, up to another; it is asked once for each pair."""
    known: dict[tuple[str, str], frozenset[str]] = {}

    def commits(before: str, after: str) -> frozenset[str]:
        if (before, after) not in known:
            spec = repo.get_range_spec(before, after)
            known[before, after] = frozenset(repo.get_hashes_from_range(spec))
        return known[before, after]

    return commits


def histories_of(published: Published) -> tuple[History, ...]:
    """Return every variant with its benchmarks, and every module of benchmarks that know no variants."""
    found: dict[tuple[str, str | None], list[Series]] = defaultdict(list)
    for name in sorted(published.benchmarks, key=order_of):
        for variant, series in _series_of(published, name):
            found[module_of(name), variant].append(series)
    return tuple(
        History(suite=module, variant=variant, file=file_of(module, variant), series=tuple(series))
        for (module, variant), series in found.items()
    )


def _series_of(published: Published, name: str) -> Iterator[tuple[str | None, Series]]:
    described = published.benchmarks[name]
    graphs = published.graphs.get_graph_group(name)
    settings = _settings([graph.params for graph in graphs])
    lines = [list(_lines(published, graph, setting)) for graph, setting in zip(graphs, settings, strict=True)]
    look = look_of(name, described)
    names = described["param_names"]
    for index, values in enumerate(itertools.product(*described["params"])):
        drawn = [each[index] for each in lines if index < len(each)]
        drawn = sorted((line for line in drawn if line.points), key=_newest, reverse=True)
        if not drawn:
            continue
        parameters = tuple(zip(names, values, strict=True))
        variant = next((plain(value) for parameter, value in parameters if parameter == VARIANT), None)
        others = [f"{parameter} {plain(value)}" for parameter, value in parameters if parameter != VARIANT]
        yield (
            variant,
            Series(
                benchmark=name,
                title=", ".join([look.title, *others]),
                parameters=parameters,
                better=look.better,
                show=look.show,
                lines=tuple(drawn),
            ),
        )


def _newest(line: Line) -> tuple[int, str]:
    return line.newest.commit.revision, line.setting


def _lines(published: Published, graph: Any, setting: str) -> Iterator[Line]:
    """Return a line for each set of parameters, in asv's order, empty where nothing was measured."""
    data = graph.get_data()
    scalar = graph.scalar_series
    for index in range(1 if scalar else graph.n_series or 0):
        values = [(revision, value if scalar else value[index]) for revision, value, _ in data]
        change_points = published.regressions.get((f"{graph.path}.json", None if scalar else index), [])
        yield Line(
            setting=setting,
            points=tuple(
                Point(commit=published.commits[revision], value=float(value))
                for revision, value in values
                if revision in published.commits and _is_number(value)
            ),
            change_points=tuple(
                _change_point(published, setting, change_point)
                for change_point in change_points
                if change_point[1] in published.commits
            ),
        )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _change_point(published: Published, setting: str, change_point: Sequence[Any]) -> ChangePoint:
    before, after, old, new = change_point
    last = published.commits.get(before) if before is not None else None
    found = published.commits[after]
    suspects = frozenset({found.sha})
    if last is not None and published.accepted:
        suspects |= published.between(last.sha, found.sha)
    return ChangePoint(
        setting=setting,
        before=last,
        after=found,
        old=old,
        new=new,
        accepted=next((each for each in reversed(published.accepted) if each.commit in suspects), None),
    )


def _settings(params: list[dict[str, Any]]) -> list[str]:
    """Name each graph's setting by what differs between them."""
    keys = sorted({key for each in params for key in each if len({str(other.get(key)) for other in params}) > 1})
    return [", ".join(f"{key} {each.get(key) or 'none'}" for key in keys) for each in params]


def now() -> datetime:
    """Return the time that pages say they were made at."""
    return datetime.now(tz=UTC)
