"""The verdict job: merges shards, writes the summary, and asks whether regressions are accepted."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from bench_models.check.record import FILE, Header, read
from bench_models.check.report.findings import findings
from bench_models.check.report.writing import write_check
from bench_models.check.shards import merge
from bench_models.checkout import git
from bench_models.errors import BenchModelsError
from bench_models.github.acceptance import acceptance
from bench_models.github.actions import add_summary, set_output
from bench_models.github.pull_request import require_commits, sides
from bench_models.text import code

REGRESSED = 1
_NAMED = 5
Outcome = Literal["passed", "accepted", "regressed", "unmeasured", "undecided"]
_OUTCOMES: Mapping[int, Outcome] = {0: "passed", REGRESSED: "regressed", 2: "unmeasured", 3: "undecided"}


def judge(shards: Path, output: Path, event: Mapping[str, Any], *, strict: bool) -> int:
    """Join the shards below a folder, write report and summary, and return the status that the check ends with.

    Only a regression and a loss can be accepted: what could not be measured says nothing that anybody could agree to.
    """
    try:
        record = merge([read(file.parent) for file in _records(shards)])
        _require_about(record.header, event, Path.cwd())
        status = write_check(record, output, strict=strict)
        broken = [str(change.benchmark) for change in findings(record).of("regressed") if change.head is None]
    except BenchModelsError as error:
        add_summary(f"**The check has no verdict:** {code(str(error), 1000)}\n")
        set_output("outcome", "unmeasured")
        raise
    outcome, about = _OUTCOMES[status], ""
    if outcome == "regressed":
        accepted = acceptance(event.get("pull_request") or {}, event)
        outcome = "accepted" if accepted.given and not broken else outcome
        about = f"{_not_acceptable(broken) if broken else accepted.sentence}\n\n"
    add_summary(about + (output / "report.md").read_text(encoding="utf-8"))
    set_output("outcome", outcome)
    return 0 if outcome == "accepted" else status


def _not_acceptable(broken: list[str]) -> str:
    """Say that a benchmark which no longer runs is no price that anybody could agree to."""
    names = ", ".join(code(name) for name in broken[:_NAMED])
    more = f" and {len(broken) - _NAMED} more" if len(broken) > _NAMED else ""
    return f"**This cannot be accepted:** what ran on BASE fails on HEAD, {names}{more}. Mend or remove it."


def _require_about(header: Header, event: Mapping[str, Any], root: Path) -> None:
    """Refuse records of other commits than the pull request's, such as those of an earlier run."""
    base, head = sides(event)
    # A clone of one commit does not show where the pull request began: then its head has to do.
    parting = git("merge-base", base, head, cwd=root)
    if parting is not None:
        require_commits(parting, head)
    for name, measured, expected in (("HEAD", header.head, head), ("BASE", header.base, parting)):
        if expected is not None and measured != expected:
            raise BenchModelsError(
                f"the shards compare other commits: their {name} is {measured[:8]}, and the pull request's is "
                f"{expected[:8]}; measure them again, with `base` and `head` as `part: plan` says"
            )


def _records(shards: Path) -> list[Path]:
    found = sorted(shards.rglob(FILE))
    if not found:
        raise BenchModelsError(f"no shard left a record in {shards}: the log of its `measure` job says why")
    return found
