"""Judges the record of a check, and makes the report that all renderers use."""

from dataclasses import replace

from msgspec import UNSET, structs

from bench_models.check.record import Header, Record
from bench_models.check.report.document import (
    ORDER,
    SCHEMA_VERSION,
    Commit,
    ErrorBudget,
    Report,
    Shard,
    Versions,
    row_of,
)
from bench_models.check.report.sentence import headline
from bench_models.stats.sequential import EQUIVALENCE_ALPHA, FAMILYWISE_ALPHA, LOOKS
from bench_models.verdict.answers import ACCURACY_ALPHA
from bench_models.verdict.change import Change
from bench_models.verdict.judge import NOT_MEASURED, exit_status, judge
from bench_models.verdict.measurements import SIDES

_BUDGET = ErrorBudget(
    false_alarm=FAMILYWISE_ALPHA, accuracy_alarm=ACCURACY_ALPHA, false_calm=EQUIVALENCE_ALPHA, looks_pairs=LOOKS
)


def findings(record: Record, *, strict: bool = False) -> Report:
    """Return the report of a record; ``strict`` says that an undecided benchmark fails the check."""
    header = record.header
    changes = judge(record.measurements, header.shares)
    if record.ending != "complete":
        changes = [_not_reached(change) for change in changes]
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
        rows=tuple(row_of(change) for change in sorted(changes, key=_badness)),
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


def _not_reached(change: Change) -> Change:
    reason = "the check ended before it was decided"
    return replace(change, reason=reason) if change.verdict == "undecided" else change


def _badness(change: Change) -> tuple[int, float]:
    size = abs(change.change_pct.value) if change.change_pct else float("inf")
    return ORDER.index(change.verdict), -size
