"""Writes the comment on a pull request from a report's figures, in place of the one before."""

import re
from contextlib import suppress

from msgspec import Struct

from bench_models.check.report.document import Report
from bench_models.check.report.markdown import differing, news, table, unjudged
from bench_models.check.report.sentence import summary
from bench_models.check.report.worth_having import no_longer_worth_having
from bench_models.errors import BenchModelsError
from bench_models.github.acceptance import Acceptance, acceptance
from bench_models.github.actions import Account, Event, Run
from bench_models.github.check_run import pull_request_of, report_about, run_of
from bench_models.github.client import Api
from bench_models.text import code

MARKER = "<!-- bench-models: check -->"
LONGEST = 65_536  # GitHub's own limit, in characters
AUTHOR = "github-actions[bot]"
_ROWS = 50
# A table is padded for terminals, and code has no two spaces in a row.
_PADDING = re.compile(" {2,}")
_RUN = re.compile(r"/actions/runs/(\d+)\)")


class _Comment(Struct, frozen=True, kw_only=True):
    """A comment on a pull request."""

    id: int
    body: str | None = None
    user: Account | None = None


def comment(event: Event, api: Api) -> str:
    """Post or update the comment on a finished check, and return what was done; raise where there is no verdict.

    A comment on an earlier check is replaced then, too: it must not look as if it were about this commit.
    """
    run = run_of(event, api.repository)
    pull = pull_request_of(run, api)
    number = pull.number
    try:
        body = written(report_about(run, api), run, acceptance(pull))
    except BenchModelsError:
        with suppress(BenchModelsError):
            _replace(_without_verdict(run), number, api, run)
        raise
    return post(body, number, api, run)


def post(body: str, number: int, api: Api, run: Run) -> str:
    """Post the comment, or put it in the place of the one before."""
    replaced = _replace(body, number, api, run)
    if replaced is None:
        api.post(f"issues/{number}/comments", {"body": body})
        return f"posted a comment on pull request {number}"
    return f"updated the comment {replaced} on pull request {number}"


def _replace(body: str, number: int, api: Api, run: Run) -> int | None:
    """Replace our own comment and return its number, or None where there is none."""
    ours = next((each for each in api.pages(f"issues/{number}/comments", _Comment) if _is_ours(each)), None)
    if ours is None:
        return None
    _require_newest(run, ours.body or "")
    api.patch(f"issues/comments/{ours.id}", {"body": body})
    return ours.id


def _without_verdict(run: Run) -> str:
    return (
        f"{MARKER}\n\n**There is no verdict on commit {code(run.head[:8])}:** its newest check left no report that "
        f"can be used. The job `comment` says what is wrong, and [the run]({run.url}) why.\n"
    )


def written(report: Report, run: Run, accepted: Acceptance) -> str:
    """Return the comment's Markdown; all that the pull request could choose stands in it as code."""
    status, shown = report.exit_status, news(report)
    parts = [
        MARKER,
        f"**{summary(report)}**",
        _despite(run, status, accepted),
        unjudged(report, code),
        differing(report, code),
        no_longer_worth_having(report, code),
        accepted.sentence if status == 1 else "",
        _PADDING.sub(" ", table(shown[:_ROWS], code)) if shown else "",
        f"{len(shown) - _ROWS} more rows are in the report." if len(shown) > _ROWS else "",
        "" if report.ending == "complete" else "The check ended early: this is what was measured until then.",
        f"Commit {code(run.head[:8])} against {code(report.base.commit[:8])}, side by side on one machine; "
        f"[the whole report]({run.url}) is with the run. An interval that holds zero says that there may be no change.",
    ]
    text = "\n\n".join(part for part in parts if part) + "\n"
    if len(text) > LONGEST:
        raise BenchModelsError(f"the comment has {len(text):,} characters, and GitHub takes {LONGEST:,}")
    return text


def _require_newest(run: Run, shown: str) -> None:
    """Refuse to replace a newer run's verdict; a run that is repeated keeps its number, and is newer all the same."""
    # The last link is our own: those before it may be a stranger's.
    newest = int((_RUN.findall(shown) or ["0"])[-1])
    if run.attempt == 1 and newest > run.id:
        raise BenchModelsError(f"the comment tells of run {newest}, which began after run {run.id}: it stays")


def _despite(run: Run, status: int, accepted: Acceptance) -> str:
    """Say that a run is red though its report is not: what the report lacks may be what failed."""
    passes = status == 0 or (status == 1 and accepted.given)
    if not passes or run.conclusion != "failure":
        return ""
    return "**The run is red all the same:** one of its jobs failed, and the page of the run says which."


def _is_ours(each: _Comment) -> bool:
    """Say whether we wrote a comment: it has our marker and our name."""
    return each.user == Account(login=AUTHOR, type="Bot") and (each.body or "").startswith(MARKER)
