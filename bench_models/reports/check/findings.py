"""A record with its verdicts, computed once for all renderers."""

from dataclasses import dataclass, replace

from bench_models.paired.process import SIDES, SideName
from bench_models.paired.record import Record
from bench_models.verdict.change import Change
from bench_models.verdict.changes import exit_status, judge

# Worst first: what a reviewer must act on stands on top.
ORDER = ("regressed", "failed", "undecided", "missing", "new", "improved", "unchanged", "skipped")


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What a check found: its record and what became of each benchmark, worst first."""

    record: Record
    changes: tuple[Change, ...]
    strict: bool

    @property
    def exit_status(self) -> int:
        """0 pass, 1 regressed, 2 could not measure, 3 undecided (only if that is to count)."""
        header = self.record.header
        complete = self.record.ending == "complete" and not self.broken
        if not self.changes and complete and header.shards > 1:
            return 0  # more shards than there is work: this one had none
        return exit_status(self.changes, complete=complete, strict=self.strict)

    def of(self, verdict: str) -> list[Change]:
        """Return the changes with a verdict."""
        return [change for change in self.changes if change.verdict == verdict]

    @property
    def broken(self) -> list[str]:
        """Modules of the suite that one side cannot import, or that either cannot for another reason.

        What neither can, such as one for a library that is not installed here, says nothing of the change.
        """
        base, head = (self.record.header.broken[side] for side in SIDES)
        return sorted(module for module in base.keys() | head.keys() if base.get(module) != head.get(module))

    @property
    def changed_libraries(self) -> dict[str, tuple[str | None, str | None]]:
        """Libraries with another version on HEAD; None where a side lacks one."""
        base, head = (self._libraries(side) for side in SIDES)
        names = sorted(name for name in base.keys() | head.keys() if base.get(name) != head.get(name))
        return {name: (base.get(name), head.get(name)) for name in names}

    def _libraries(self, side: SideName) -> dict[str, str]:
        return {"Python": self.record.header.python[side], **self.record.header.libraries[side]}


def findings(record: Record, *, strict: bool = False) -> Findings:
    """Judge a record."""
    changes = judge(record.observed, record.header.shares)
    if record.ending != "complete":
        changes = [_not_reached(change) for change in changes]
    return Findings(record=record, changes=tuple(sorted(changes, key=_badness)), strict=strict)


def _not_reached(change: Change) -> Change:
    reason = "the check ended before it was decided"
    return replace(change, reason=reason) if change.verdict == "undecided" else change


def _badness(change: Change) -> tuple[int, float]:
    size = abs(change.change_pct.value) if change.change_pct else float("inf")
    return ORDER.index(change.verdict), -size
