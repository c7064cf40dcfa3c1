"""Makes the report of a check: merges the records of its shards, judges them, and writes Markdown and JSON."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from msgspec import UNSET, structs

from bench_models.check.record import Ending, Header, Record, make_hidden
from bench_models.check.report.document import (
    ORDER,
    SCHEMA_VERSION,
    Commit,
    ErrorBudget,
    Report,
    Shard,
    Versions,
    as_json,
    row_of,
)
from bench_models.check.report.markdown import markdown
from bench_models.check.report.sentence import headline
from bench_models.checkout import in_short
from bench_models.errors import BenchModelsError
from bench_models.stats.sequential import EQUIVALENCE_ALPHA, FAMILYWISE_ALPHA, LOOKS
from bench_models.storage import write_atomically, writing_to
from bench_models.verdict.answers import ACCURACY_ALPHA
from bench_models.verdict.change import Change
from bench_models.verdict.judge import NOT_MEASURED, exit_status, judge
from bench_models.verdict.measurements import SIDES, Measurements, SideName

# What all shards of a check have in common besides the plan. Machines may differ: each compares both commits itself.
_COMMON: tuple[str, ...] = (
    "base",
    "head",
    "uncommitted",
    "shards",
    "threads",
    "python",
    "libraries",
    "rewritten",
    "added",
    "redescribed",
)
_WORST: tuple[Ending, ...] = ("crashed", "interrupted", "complete")


def merge(records: Sequence[Record]) -> Record:
    """Return the whole check as one record, in which every benchmark keeps its shard's number.

    Raises ``BenchModelsError`` for shards of different checks, for shards that disagree about a benchmark, for
    a shard that is there twice and for shards that are missing.
    """
    first, *others = sorted(records, key=lambda record: record.header.shard)
    for other in others:
        _require_common(first.header, other.header)
        _require_one_plan(first.header, other.header)
    _require_all([record.header.shard for record in records], first.header.shards)
    measurements = _each_once((first, *others))
    broken: dict[SideName, dict[str, str]] = {
        side: {module: error for record in records for module, error in record.header.broken[side].items()}
        for side in SIDES
    }
    header = replace(
        first.header,
        shard=1,
        shards=1,
        broken=broken,
        machines=tuple(machine for record in (first, *others) for machine in record.header.machines),
    )
    return Record(
        header=header,
        measurements=tuple(measurements[name] for name in header.plan if name in measurements),
        ending=min((record.ending for record in records), key=_WORST.index),
        wall_s=sum(record.wall_s for record in records),
        timed_s=sum(record.timed_s for record in records),
    )


def _require_common(first: Header, other: Header) -> None:
    files = sorted({*first.uncommitted, *other.uncommitted})
    if files and (first.head, first.uncommitted) != (other.head, other.uncommitted):
        raise BenchModelsError(
            f"shards {first.shard} and {other.shard} are not of one check: HEAD had uncommitted changes in "
            f"{in_short(files)}, and they were not the same for both; commit them (a temporary commit will do), and "
            "measure both shards at that commit"
        )
    for name in _COMMON:
        here, there = getattr(first, name), getattr(other, name)
        if here != there:
            raise BenchModelsError(
                f"shards {first.shard} and {other.shard} are not of one check, they differ in {name}: "
                f"{_difference(here, there)}; measure both shards at the same commits and with the same libraries"
            )


def _require_one_plan(first: Header, other: Header) -> None:
    for name in {**first.plan, **other.plan}:
        here, there = (header.plan.get(name, "not there") for header in (first, other))
        if here != there:
            raise BenchModelsError(
                f"shards {first.shard} and {other.shard} disagree about {name}: it is {here!r} in the one and "
                f"{there!r} in the other; give it the same attributes and parameters on every machine, and measure "
                "both again"
            )


def _each_once(records: Sequence[Record]) -> dict[str, Measurements]:
    """Return the measurements of each benchmark of the plan; exactly one shard measures each."""
    measurements: dict[str, Measurements] = {}
    for record in records:
        for each in record.measurements:
            name = str(each.benchmark)
            if name in measurements or name not in record.header.plan:
                where = f"shard {measurements[name].shard}, too" if name in measurements else "no plan"
                raise BenchModelsError(
                    f"shard {record.header.shard} measured {name}, which is in {where}: measure all shards again, "
                    "with the same version of bench-models"
                )
            measurements[name] = each
    forgotten = next((name for name in records[0].header.plan if name not in measurements), None)
    if forgotten is not None and all(record.ending != "crashed" for record in records):
        raise BenchModelsError(
            f"{forgotten} is planned, and no shard took it: measure all shards again, with the same version of "
            "bench-models"
        )
    return measurements


def _difference(here: object, there: object) -> str:
    if isinstance(here, dict) and isinstance(there, dict):
        name = next(key for key in {**here, **there} if here.get(key) != there.get(key))
        return f"{name}: {_difference(here.get(name), there.get(name))}"
    return f"{str(here)[:80]} and {str(there)[:80]}"


def _require_all(present: Sequence[int], count: int) -> None:
    twice = sorted({shard for shard in present if present.count(shard) > 1})
    missing = sorted(set(range(1, count + 1)) - set(present))
    if twice or missing:
        wrong = [f"shard {each}/{count} is missing" for each in missing]
        wrong += [f"shard {each}/{count} is there twice" for each in twice]
        raise BenchModelsError(f"{'; '.join(wrong)}: give each shard's folder once")


_BUDGET = ErrorBudget(
    false_alarm=FAMILYWISE_ALPHA, accuracy_alarm=ACCURACY_ALPHA, false_calm=EQUIVALENCE_ALPHA, looks_pairs=LOOKS
)


def report_on(record: Record, *, strict: bool = False) -> Report:
    """Return the report of a record; ``strict`` says that an undecided benchmark fails the check."""
    header = record.header
    changes = judge(record.measurements, header.shares)
    if record.ending != "complete":
        early = "the check ended before it was decided"
        changes = [replace(each, reason=early) if each.verdict == "undecided" else each for each in changes]
    verdicts = [change.verdict for change in changes]
    report = Report(
        schema_version=SCHEMA_VERSION,
        sentence="",
        exit_status=0,
        ending=record.ending,
        base=Commit(commit=header.base, name=header.base_name),
        head=Commit(commit=header.head, name=header.head_name, uncommitted=header.uncommitted),
        shard=Shard(index=header.shard, count=header.shards),
        counts={verdict: verdicts.count(verdict) for verdict in ORDER},
        rows=tuple(map(row_of, sorted(changes, key=_badness))),
        broken_modules={str(side): modules for side, modules in header.broken.items()},
        changed_libraries=_changed_libraries(header),
        python={str(side): version for side, version in header.python.items()},
        machines=header.machines,
        environments=header.environments,
        rewritten=header.rewritten,
        redescribed=header.redescribed,
        added=header.added,
        suite_changes=header.suite_changes,
        unaffected=tuple(str(each.benchmark) for each in record.measurements if each.unaffected) or UNSET,
        threads=header.threads,
        began=header.began,
        wall_s=record.wall_s,
        timed_s=record.timed_s,
        error_budget=_BUDGET,
    )
    status = _exit_status(report, changes, strict=strict)
    return structs.replace(report, sentence=headline(report), exit_status=status)


def _exit_status(report: Report, changes: list[Change], *, strict: bool) -> int:
    """Return 0 for pass, 1 for regressed or lost, 2 for not measured, 3 for undecided (if that is to count)."""
    complete = report.ending == "complete" and not report.broken
    if complete and report.shard.count > 1 and NOT_MEASURED.issuperset(change.verdict for change in changes):
        return 0  # a shard may measure nothing where others measure more
    return exit_status(changes, complete=complete, strict=strict)


def _changed_libraries(header: Header) -> dict[str, Versions]:
    """Return the libraries, Python included, whose version differs between the sides."""
    base, head = ({"Python": header.python[side], **header.libraries[side]} for side in SIDES)
    names = sorted(name for name in base.keys() | head.keys() if base.get(name) != head.get(name))
    return {name: Versions(base=base.get(name), head=head.get(name)) for name in names}


def _badness(change: Change) -> tuple[int, float]:
    size = abs(change.change_pct.value) if change.change_pct else float("inf")
    return ORDER.index(change.verdict), -size


def write_check(record: Record, folder: Path, *, strict: bool = False) -> int:
    """Write and print the report of a record, and return its exit status."""
    report = report_on(record, strict=strict)
    # Errors and names are the suite's, and may hold half a character, which no file can.
    text = markdown(report).encode(errors="backslashreplace").decode()
    with writing_to(folder):
        make_hidden(folder)
    write_atomically(folder / "report.md", text)
    write_atomically(folder / "report.json", as_json(report))
    sys.stdout.write(f"{text}\nWritten to {folder}/report.md and {folder}/report.json\n")
    return report.exit_status
