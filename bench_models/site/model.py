"""What the pages show, as typed records: histories with change points, tables of variants, and the whole site."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from urllib.parse import quote, urlsplit

from bench_models.outcomes import Measured, Outcome, reason_of
from bench_models.results_branch.records import Accepted, StoredCheck
from bench_models.stats.estimate import Estimate

# The folder of these pages, beside asv's own files.
FOLDER = "bench-models"
_GITHUB = re.compile(r"(https://[^/]+/[^/]+/[^/]+)/commit/")


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
    """What was measured at a commit; ``of`` is the variant that it is of, where that changes from commit to commit."""

    commit: Commit
    value: float
    of: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePoint:
    """A lasting rise of a line; ``accepted`` is set where people took it on purpose.

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
        """The relative change, or None where the old level is zero."""
        return (self.new / self.old - 1) * 100 if self.old else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a graph: a benchmark in one setting (machine, branch, libraries); unlike ones are never joined.

    ``setting`` names what differs between the lines of the graph, and ``of_asv`` is all that asv says of it.
    """

    setting: str
    of_asv: str
    points: tuple[Point, ...]
    change_points: tuple[ChangePoint, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One benchmark with one set of parameters; the line that was measured last comes first.

    ``benchmark`` is empty where asv has no graph of it.
    """

    benchmark: str
    title: str
    parameters: tuple[tuple[str, str], ...]
    better: Literal["lower", "higher"]
    show: Callable[[float], str]
    lines: tuple[Line, ...]

    @property
    def newest(self) -> Point:
        """The point that was measured last."""
        return self.lines[0].points[-1]

    @property
    def asv_address(self) -> str:
        """The place of this graph on asv's own page."""
        chosen = "&".join(f"p-{quote(name, safe='')}={quote(value, safe='')}" for name, value in self.parameters)
        return f"#{quote(self.benchmark)}" + (f"?{chosen}" if chosen else "")

    @property
    def change_points(self) -> list[ChangePoint]:
        """The change points of all lines."""
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
    def change_points(self) -> list[tuple[Series, ChangePoint]]:
        """The change points of all its benchmarks, each with its benchmark."""
        return [(series, change_point) for series in self.series for change_point in series.change_points]

    @property
    def open(self) -> list[ChangePoint]:
        """The change points that nobody accepted."""
        return [change_point for _, change_point in self.change_points if change_point.accepted is None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A number as people read it, with what stands beneath it, and as a script sorts it."""

    text: str
    beneath: tuple[str, ...] = ()
    sort: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One variant; ``standing`` is empty where its budget is not known."""

    history: History
    cells: tuple[Cell, ...]
    standing: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One benchmark of all variants: what was measured of each, with an interval where there were samples."""

    series: Series
    values: dict[str, Outcome[float]]
    estimates: dict[str, Estimate]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A suite at one commit on one machine; ``budgets`` is the verdict that asv recorded for each variant."""

    suite: str
    commit: Commit
    machine: str
    rows: tuple[Row, ...]
    columns: tuple[Column, ...]
    budgets: dict[str, Outcome[float]]

    @property
    def failures(self) -> list[str]:
        """A sentence on each empty cell."""
        return [
            f"{column.series.title} of {name}: {reason_of(value)}"
            for column in self.columns
            for name, value in column.values.items()
            if not isinstance(value, Measured)
        ]

    @property
    def judged(self) -> bool:
        """Whether the budgets of its variants are known."""
        return any(row.standing for row in self.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Instructions:
    """How results are made in this project: asv's command, and whether it has a model suite and the workflow."""

    measure: str
    has_suite: bool
    has_workflow: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """All that the pages show.

    ``pictures`` are the suites with a trade-off figure, and ``leaderboards`` are those histories, by suite, that are of
    no variant but of whichever leads; there are ``instructions`` where there are no commits.
    """

    project: str
    show_commit_url: str
    made_at: datetime
    checks: tuple[StoredCheck, ...]
    accepted: tuple[Accepted, ...]
    left_aside: tuple[str, ...]
    result_files: int
    has_asv: bool = False
    commits: tuple[Commit, ...] = ()
    histories: tuple[History, ...] = ()
    tables: tuple[Table, ...] = ()
    pictures: frozenset[str] = frozenset()
    leaderboards: Mapping[str, History] = field(default_factory=dict)
    instructions: Instructions | None = None

    @property
    def change_points(self) -> list[tuple[History, Series, ChangePoint]]:
        """All change points: those not accepted first, then the newest."""
        found = [
            (history, series, change_point)
            for history in self.histories
            for series, change_point in history.change_points
        ]
        return sorted(found, key=lambda each: (each[2].accepted is not None, -each[2].after.revision))

    def commit_address(self, sha: str) -> str:
        """Return where a commit can be read, or nothing where the project does not say so."""
        address = f"{self.show_commit_url}{sha}"
        return address if urlsplit(address).scheme in {"http", "https"} else ""

    def request_address(self, number: int) -> str:
        """Return where a pull request can be read, if commits are on GitHub."""
        repository = _GITHUB.fullmatch(self.show_commit_url)
        return f"{repository[1]}/pull/{number}" if repository else ""
