"""A record with its verdicts, computed once for all renderers."""

from dataclasses import dataclass, replace

from bench_models.check.record import Record
from bench_models.check.report.sentence import broken_on_head, told
from bench_models.verdict.change import Change, Verdict
from bench_models.verdict.judge import NOT_MEASURED, exit_status, judge
from bench_models.verdict.measurements import SIDES, SideName

# Worst first: what a reviewer must act on stands on top.
ORDER: tuple[Verdict, ...] = (
    "regressed",
    "lost",
    "failed",
    "undecided",
    "not comparable",
    "fails on both",
    "new",
    "improved",
    "unchanged",
    "skipped",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What a check found: its record and what became of each benchmark, worst first."""

    record: Record
    changes: tuple[Change, ...]
    strict: bool

    @property
    def exit_status(self) -> int:
        """0 pass, 1 regressed or lost, 2 could not measure, 3 undecided (only if that is to count)."""
        complete = self.record.ending == "complete" and not self.broken
        if (
            complete
            and self.record.header.shards > 1
            and NOT_MEASURED.issuperset(each.verdict for each in self.changes)
        ):
            return 0  # nothing of a shard may be measured where others have more
        return exit_status(self.changes, complete=complete, strict=self.strict)

    def of(self, verdict: Verdict) -> list[Change]:
        """Return the changes with a verdict."""
        return [change for change in self.changes if change.verdict == verdict]

    @property
    def broken(self) -> list[str]:
        """Modules of the suite that HEAD alone cannot import."""
        return broken_on_head(self.record.header.broken)

    @property
    def sentence(self) -> str:
        """What was shown and what was not."""
        changes = [(change.verdict, change.detectable_pct) for change in self.changes]
        return told(changes, complete=self.record.ending == "complete", broken=len(self.broken))

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
    changes = judge(record.measurements, record.header.shares)
    if record.ending != "complete":
        changes = [_not_reached(change) for change in changes]
    return Findings(record=record, changes=tuple(sorted(changes, key=_badness)), strict=strict)


def _not_reached(change: Change) -> Change:
    reason = "the check ended before it was decided"
    return replace(change, reason=reason) if change.verdict == "undecided" else change


def _badness(change: Change) -> tuple[int, float]:
    size = abs(change.change_pct.value) if change.change_pct else float("inf")
    return ORDER.index(change.verdict), -size
