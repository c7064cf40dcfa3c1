"""Writes the comment on a pull request from a report's figures, in place of the one before."""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from bench_models.errors import BenchModelsError
from bench_models.github.acceptance import Acceptance, acceptance
from bench_models.github.check_run import Run, pull_request_of, report_about, run_of
from bench_models.github.client import Api
from bench_models.results_branch.sanitized_report import told_of
from bench_models.text import code
from bench_models.units import show_ms

MARKER = "<!-- bench-models: check -->"
LONGEST = 65_536  # GitHub's own limit, in characters
AUTHOR = "github-actions[bot]"
_ROWS = 50
_UNJUDGED = (
    ("rewritten", "The benchmark itself changed, and that was not judged", "HEAD's file ran on both sides"),
    ("redescribed", "HEAD describes benchmarks differently", "BASE's terms counted"),
)
_NAMED = 3
_UNCOUNTED = ("unchanged", "skipped")
_RUN = re.compile(r"/actions/runs/(\d+)\)")


def comment(event: Mapping[str, Any], api: Api) -> str:
    """Post or update the comment on a finished check; return what was done, or raise with why nothing was told.

    Where the check left no verdict, a comment on an earlier one must not stand there as if it were about this commit.
    """
    run = run_of(event, api.repository)
    pull = pull_request_of(run, api)
    number = int(pull["number"])
    try:
        body = written(report_about(run, api), run, acceptance(pull))
    except BenchModelsError:
        with suppress(BenchModelsError):
            _replace(_verdict_lacks(run), number, api, run)
        raise
    return post(body, number, api, run)


def post(body: str, number: int, api: Api, run: Run) -> str:
    """Put the comment where the one before stands, if there is one."""
    replaced = _replace(body, number, api, run)
    if replaced is None:
        api.post(f"issues/{number}/comments", {"body": body})
        return f"posted a comment on pull request {number}"
    return f"updated the comment {replaced} on pull request {number}"


def _replace(body: str, number: int, api: Api, run: Run) -> int | None:
    """Replace the comment that is there and return its number: it has our marker, and we wrote it."""
    ours = next((each for each in api.pages(f"issues/{number}/comments") if _is_ours(each)), None)
    if ours is None:
        return None
    _require_newest(run, str(ours["body"]))
    api.patch(f"issues/comments/{int(ours['id'])}", {"body": body})
    return int(ours["id"])


def _verdict_lacks(run: Run) -> str:
    return (
        f"{MARKER}\n\n**There is no verdict on commit {code(run.head[:8])}:** its newest check left no report that "
        f"can be used. The job `comment` says what is wrong, and [the run]({run.url}) why.\n"
    )


def written(report: Mapping[str, Any], run: Run, accepted: Acceptance) -> str:
    """Return the comment's Markdown; all that the pull request could choose stands in it as code."""
    status = int(report["exit_status"])
    shown = [change for change in report["changes"] if change["verdict"] not in _UNCOUNTED]
    parts = [
        MARKER,
        f"**{told_of(report)}**",
        _despite(run, status, accepted),
        _unjudged(report),
        _differing(report),
        accepted.sentence if status == 1 else "",
        _table(shown[:_ROWS]) if shown else "",
        f"{len(shown) - _ROWS} more rows are in the report." if len(shown) > _ROWS else "",
        "" if report["ending"] == "complete" else "The check ended early: this is what was measured until then.",
        f"Commit {code(run.head[:8])} against {code(str(report['base']['commit'])[:8])}, side by side on one machine; "
        f"[the whole report]({run.url}) is with the run. An interval that holds zero says that there may be no change.",
    ]
    text = "\n\n".join(part for part in parts if part) + "\n"
    if len(text) > LONGEST:
        raise BenchModelsError(f"the comment has {len(text):,} characters, and GitHub takes {LONGEST:,}")
    return text


def _require_newest(run: Run, shown: str) -> None:
    """Refuse to replace a newer run's verdict; a run that is repeated keeps its number, and is newer all the same."""
    # The last one is our own link: what stands before it may be a stranger's.
    newest = int((_RUN.findall(shown) or ["0"])[-1])
    if run.attempt == 1 and newest > run.id:
        raise BenchModelsError(f"the comment tells of run {newest}, which began after run {run.id}: it stays")


def _despite(run: Run, status: int, accepted: Acceptance) -> str:
    """Say that a run is red though its report is not: what failed besides may be what the report lacks."""
    passes = status == 0 or (status == 1 and accepted.given)
    if not passes or run.conclusion != "failure":
        return ""
    return "**The run is red all the same:** one of its jobs failed, and the page of the run says which."


def _unjudged(report: Mapping[str, Any]) -> str:
    parts = []
    for key, said, why in _UNJUDGED:
        changed = report.get(key)
        if changed:
            more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
            parts.append(f"**{said}:** {code(changed[0], 160)}{more}; {why}.")
    return "\n\n".join(parts)


def _differing(report: Mapping[str, Any]) -> str:
    changed = report.get("suite_changes")
    if not changed or "suites" in report:  # older reports have them, too, and mean something else
        return ""
    names = ", ".join(code(name, 160) for name in changed[:_NAMED])
    more = f" and {len(changed) - _NAMED} more" if len(changed) > _NAMED else ""
    but = ", but for the benchmarks above" if report.get("rewritten") else ""
    return (
        f"Files of the suite differ ({names}{more}): each side ran its own{but}, so a change of what they measure is "
        "part of the verdict."
    )


def _is_ours(each: Mapping[str, Any]) -> bool:
    author = each.get("user") or {}
    return author.get("login") == AUTHOR and author.get("type") == "Bot" and str(each.get("body")).startswith(MARKER)


def _table(changes: Sequence[Mapping[str, Any]]) -> str:
    lines = [
        "| verdict | benchmark | BASE | HEAD | change | interval | why |",
        "| --- | --- | --: | --: | --: | --: | --- |",
    ]
    return "\n".join([*lines, *(_row(change) for change in changes)])


def _row(change: Mapping[str, Any]) -> str:
    name = " ".join((change["benchmark"], *change["parameters"]))
    estimate = change["change_pct"]
    cells = (
        change["verdict"],
        code(name, 160),
        _number(change, "base"),
        _number(change, "head"),
        "-" if estimate is None else f"{estimate['value']:+.2f} %",
        "-" if estimate is None else _interval(estimate),
        f"{code(change['reason'])}{_detectable(change)}",
    )
    return f"| {' | '.join(cells)} |"


def _detectable(change: Mapping[str, Any]) -> str:
    detectable = change["visible_pct"]
    if change["verdict"] != "undecided" or detectable is None:
        return ""
    return f"; a change of {detectable:.1f} % would most likely have been seen"


def _interval(estimate: Mapping[str, float]) -> str:
    low, high = estimate["low"], estimate["high"]
    return "exact" if low == high else f"{low:+.2f} to {high:+.2f}"


def _number(change: Mapping[str, Any], side: str) -> str:
    value = change[side]
    if value is None:
        return "-"
    return show_ms(value) if change["unit"] == "seconds" else code(f"{value:,.6g} {change['unit']}", 40)
