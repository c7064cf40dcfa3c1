"""A benchmark's history as pages show it: points in the order of commits, and asv's regressions as change points."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from urllib.parse import quote

from bench_models.results_branch.records import Accepted


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """A commit that has results; ``revision`` is its place in asv's linear order."""

    sha: str
    revision: int
    at: datetime

    @property
    def short(self) -> str:
        """The part of the hash that people read."""
        return self.sha[:8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """What was measured at a commit."""

    commit: Commit
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePoint:
    """A step upwards that asv found and that lasts; ``accepted`` where people took it on purpose.

    ``before`` is the last commit measured before it, or None where ``after`` is the only commit it can be.
    """

    setting: str
    before: Commit | None
    after: Commit
    old: float
    new: float
    accepted: Accepted | None

    @property
    def change_pct(self) -> float | None:
        """The relative change, or None where there was nothing before."""
        return (self.new / self.old - 1) * 100 if self.old else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a graph: a benchmark in one setting (machine, branch, libraries); unlike ones are never joined."""

    setting: str
    points: tuple[Point, ...]
    change_points: tuple[ChangePoint, ...]

    @property
    def newest(self) -> Point:
        """The last point."""
        return self.points[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One benchmark with one set of parameters; the line that was measured last comes first."""

    benchmark: str
    title: str
    parameters: tuple[tuple[str, str], ...]
    better: Literal["lower", "higher"]
    show: Callable[[float], str]
    lines: tuple[Line, ...]

    @property
    def newest(self) -> Point:
        """The point that was measured last."""
        return self.lines[0].newest

    @property
    def asv_address(self) -> str:
        """The place of this graph on asv's own page."""
        chosen = "&".join(f"p-{quote(name, safe='')}={quote(value, safe='')}" for name, value in self.parameters)
        return f"#{quote(self.benchmark)}" + (f"?{chosen}" if chosen else "")

    @property
    def change_points(self) -> list[ChangePoint]:
        """The regressions of all lines."""
        return [change_point for line in self.lines for change_point in line.change_points]


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What has a page of its own: a variant, or in another project's suite a module of benchmarks."""

    suite: str
    variant: str | None
    file: str
    series: tuple[Series, ...]

    @property
    def name(self) -> str:
        """What people call it."""
        return self.variant or self.suite

    @property
    def benchmarks(self) -> set[str]:
        """The benchmarks of its series: one with parameters has several."""
        return {series.benchmark for series in self.series}

    @property
    def change_points(self) -> list[tuple[Series, ChangePoint]]:
        """The regressions of all its benchmarks, with the benchmark."""
        return [(series, change_point) for series in self.series for change_point in series.change_points]

    @property
    def open(self) -> list[ChangePoint]:
        """The regressions that nobody accepted."""
        return [change_point for _, change_point in self.change_points if change_point.accepted is None]
