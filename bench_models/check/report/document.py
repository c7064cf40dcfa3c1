"""The report of a check as a typed document: ``report.json``, its schema, and what renderers ask of it.

The JSON is a public interface: its keys and their meaning do not change. ``check.schema.json`` beside it is generated
from these types.
"""

import json
from inspect import cleandoc
from typing import Annotated, Any, Literal, get_args

from msgspec import UNSET, Meta, Struct, UnsetType, field, to_builtins
from msgspec import json as msgspec_json

from bench_models.check.record import Ending
from bench_models.stats.estimate import Estimate
from bench_models.verdict.change import Change, Flips, Verdict
from bench_models.verdict.measurements import Better

SCHEMA_VERSION: Literal[1] = 1

# The verdicts, worst first.
ORDER: tuple[Verdict, ...] = get_args(Verdict)
Environments = Literal["one", "one each"]
_Count = Annotated[int, Meta(ge=0)]
_Number = Annotated[int, Meta(ge=1)]
_Seconds = Annotated[float, Meta(ge=0)]


class _Part(Struct, frozen=True, forbid_unknown_fields=True):
    """A part of the document, which has the keys that stand here and no others."""


class Commit(_Part, frozen=True, kw_only=True):
    """One side of the check.

    ``name`` is the commit as it was asked for; ``uncommitted`` are files measured as they lay in the working tree.
    """

    commit: Annotated[str, Meta(pattern="^[0-9a-f]{40}$", max_length=40)]
    name: str
    uncommitted: tuple[str, ...] | UnsetType = UNSET


class Shard(_Part, frozen=True, kw_only=True):
    """The share of the check that the report is about: the first of two shards is 1 of 2."""

    index: _Number
    count: _Number


class Versions(_Part, frozen=True, kw_only=True):
    """The version of a library on each side; null where a side lacks the library."""

    base: str | None
    head: str | None


class ErrorBudget(_Part, frozen=True, kw_only=True):
    """The errors that the tests may make, and the pairs after which they look.

    ``false_alarm`` is the largest share of checks of an unchanged tree that may be red. ``false_calm`` is the largest
    share of changes as large as the margin that may be called unchanged. ``accuracy_alarm`` is the largest share of
    changes that flip answers by chance alone which one outcome may call regressed; it is not part of ``false_alarm``,
    as an unchanged tree flips none.
    """

    false_alarm: float
    accuracy_alarm: float | UnsetType = UNSET
    false_calm: float
    looks_pairs: tuple[int, ...]


class Row(_Part, frozen=True, kw_only=True):
    """The verdict on one benchmark. Null means that there is no such number, and ``reason`` says why.

    ``unit`` is that of ``base`` and ``head``. ``margin_pct`` is the smallest change that counts, ``change_pct`` HEAD
    relative to BASE, greater than zero for more, and ``visible_pct`` the smallest change that would most likely have
    been seen. Reports of earlier versions call ``missing`` what is ``lost``.
    """

    benchmark: str
    parameters: tuple[str, ...]
    unit: str
    better: Better
    margin_pct: Annotated[float, Meta(ge=0)]
    stored_verdict: Literal[Verdict, "missing"] = field(name="verdict")
    reason: str
    base: float | None
    head: float | None
    change_pct: Estimate | None
    visible_pct: float | None
    pairs: _Count
    flips: Flips | None

    @property
    def verdict(self) -> Verdict:
        """What became of the benchmark, in the words of this version."""
        return "lost" if self.stored_verdict == "missing" else self.stored_verdict

    def __str__(self) -> str:
        """Return the benchmark's name as asv writes it."""
        return f"{self.benchmark}({', '.join(self.parameters)})" if self.parameters else self.benchmark


class Report(_Part, frozen=True, kw_only=True):
    """What became of each benchmark between two commits. A key that holds a quantity ends in its unit.

    ``sentence`` is the verdict on the whole check, for a person; the Markdown report begins with it. ``exit_status`` is
    0 for pass, 1 for regressed or lost, 2 where something was not measured, or nothing was, and 3 for undecided, where
    that counts. ``ending`` says whether everything was measured. ``counts`` tells how many benchmarks have each
    verdict, and ``changes`` lists them, worst first.

    ``broken_modules`` are, for each side, the modules of the suite that cannot be imported, with the error. ``python``
    is its version on each side; ``machines`` has one entry for each shard that was merged. ``environments`` says
    whether both sides ran in one environment; they do when their pins are equal.

    ``rewritten`` are benchmarks whose asv version differs between the commits: HEAD's file ran on both sides, so the
    change of the benchmark itself is not judged. All others ran from each side's own suite. ``redescribed`` is what
    HEAD describes differently, of all that decides a verdict: BASE's terms counted. ``added`` are benchmarks that
    BASE's own suite lacks: HEAD's file was tried on BASE, too. ``suite_changes`` are files below the suite's folder
    that differ between the commits: what they change in what is measured is part of the verdict. ``unaffected`` are
    benchmarks that depend on nothing that changed: they are unchanged without having been measured, or were measured
    all the same because all were to be (``--audit``). Older reports have
    ``suites``, too, which says whose suite ran.

    ``timed_s`` is the part of ``wall_s`` inside timed calls.
    """

    schema_version: Literal[1]
    sentence: str
    exit_status: Annotated[int, Meta(ge=0, le=3)]
    ending: Ending
    base: Commit
    head: Commit
    shard: Shard
    counts: dict[str, _Count]
    rows: tuple[Row, ...] = field(name="changes")
    broken_modules: dict[str, dict[str, str]]
    changed_libraries: dict[str, Versions]
    python: dict[str, str]
    machines: Annotated[tuple[dict[str, Any], ...], Meta(min_length=1)]
    environments: Environments
    rewritten: tuple[str, ...] = ()
    redescribed: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    suites: Literal["head", "own"] | UnsetType = UNSET
    suite_changes: tuple[str, ...] = ()
    unaffected: tuple[str, ...] | UnsetType = UNSET
    threads: _Number
    began: str
    wall_s: _Seconds
    timed_s: _Seconds
    error_budget: ErrorBudget

    @property
    def broken(self) -> list[str]:
        """The modules of the suite that HEAD alone cannot import.

        What neither side can import, such as a module for a library that is not installed here, says nothing of the
        change.
        """
        broken = self.broken_modules
        return sorted(broken.get("head", {}).keys() - broken.get("base", {}).keys())

    @property
    def not_needed(self) -> list[Row]:
        """The benchmarks that are unchanged without having been measured."""
        names = self.unaffected or ()
        return [row for row in self.rows if str(row) in names and not row.pairs]

    @property
    def doubtful(self) -> list[Row]:
        """The benchmarks that seem to depend on nothing that changed, and yet were measured to have changed."""
        changed = (*self.of("regressed"), *self.of("lost"), *self.of("improved"))
        return [row for row in changed if str(row) in (self.unaffected or ())]

    def of(self, verdict: Verdict) -> list[Row]:
        """Return the rows with a verdict."""
        return [row for row in self.rows if row.verdict == verdict]


def schema() -> dict[str, Any]:
    """Return the JSON schema of a report."""
    about = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "bench_models check"}
    made = about | msgspec_json.schema(Report)
    made["$defs"]["Estimate"]["additionalProperties"] = False
    for part in made["$defs"].values():
        part["description"] = cleandoc(part["description"])
    return made


def as_json(report: Report) -> str:
    """Return a report as the content of ``report.json``; a text that is not valid Unicode is escaped."""
    return json.dumps(to_builtins(report), indent=2) + "\n"


def row_of(change: Change) -> Row:
    """Return a change as JSON has it."""
    benchmark = change.benchmark
    return Row(
        benchmark=benchmark.name,
        parameters=benchmark.parameters,
        unit=benchmark.unit,
        better=benchmark.better,
        margin_pct=benchmark.margin_pct,
        stored_verdict=change.verdict,
        reason=change.reason,
        base=change.base,
        head=change.head,
        change_pct=change.change_pct,
        visible_pct=change.detectable_pct,
        pairs=change.pairs,
        flips=change.flips,
    )
