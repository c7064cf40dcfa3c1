"""Whether a regression or a loss is accepted: by a label, which only maintainers set, and a written reason.

The reason stands in the description of the pull request. CommonMark's rules say what its author says there: code,
quotations and HTML comments are not his words, and each ends where GitHub ends it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from markdown_it import MarkdownIt

from bench_models.github.client import Api
from bench_models.results_branch.records import LONGEST_REASON, Accepted
from bench_models.text import code, one_line

LABEL = "accept-regression"
# A line of its own, which may be bold.
_REASON = re.compile(r"[ \t]*(\*\*|__)?Accepted regression:(\*\*|__)?(.*)", re.IGNORECASE)
# What the hint and templates keep the place of a reason with.
_PLACEHOLDER = "<reason>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """What a pull request says about its regressions; ``by`` is who set the label, where the event tells."""

    labelled: bool
    reason: str | None
    by: str | None = None

    @property
    def given(self) -> bool:
        """Whether both are there."""
        return self.labelled and self.reason is not None

    @property
    def sentence(self) -> str:
        """Say what became of regressions and losses, and what is missing where something is."""
        how = f"add the label `{LABEL}` and a line `Accepted regression: <reason>` to the pull request's description"
        if self.given:
            by = f"The label `{LABEL}` was set by {code(self.by)}" if self.by else f"The label `{LABEL}` is set"
            why = code(self.reason or "")
            return f"**What regressed or was lost is accepted.** {by}, and the written reason is: {why}."
        if self.labelled:
            return (
                f"**Not accepted yet:** the label `{LABEL}` is set, but the pull request's description has no line "
                "`Accepted regression: <reason>`; add one."
            )
        if self.reason is not None:
            return (
                f"**Not accepted yet:** the description gives a reason, {code(self.reason)}, but the label `{LABEL}` "
                "is missing; somebody who may set labels has to agree."
            )
        return f"To accept what regressed or was lost, {how}."


def acceptance(pull_request: Mapping[str, Any], event: Mapping[str, Any] | None = None) -> Acceptance:
    """Read a pull request as GitHub describes it, and the event that brought it, if that is at hand."""
    labels = [str(label.get("name")) for label in pull_request.get("labels") or ()]
    return Acceptance(
        labelled=LABEL in labels, reason=_reason(pull_request.get("body") or ""), by=_labeller(event or {})
    )


def _reason(body: str) -> str | None:
    """Return the first written reason; what nobody sees is none, nor what a template says, nor what is quoted."""
    for line in prose(body):
        found = _REASON.fullmatch(line)
        if found:
            before, after, rest = found.groups()
            # Bold ends after the colon, or with the line.
            text = rest.strip().removesuffix(before) if before and not after else rest
            reason = one_line(text, LONGEST_REASON)
            if reason and reason.strip("`*_ ") != _PLACEHOLDER:
                return reason
    return None


def _labeller(event: Mapping[str, Any]) -> str | None:
    """Return who set the label, if that is what happened; other events do not say."""
    if event.get("action") == "labeled" and (event.get("label") or {}).get("name") == LABEL:
        login = (event.get("sender") or {}).get("login")
        return str(login) if login else None
    return None


_LOGIN = re.compile(r"[A-Za-z0-9\[\]_-]{1,60}")
# What GitHub calls somebody whose account is gone.
_NOBODY = "ghost"


def accepted_in(api: Api, commits: Iterable[str]) -> tuple[Accepted, ...]:
    """Return the accepted regressions of the pull requests that brought these commits, each once."""
    commits = tuple(commits)
    found: dict[int, Accepted] = {}
    for commit in commits:
        for pull_request in api.pages(f"commits/{commit}/pulls"):
            number = int(pull_request["number"])
            if pull_request.get("merged_at") and number not in found:
                one = _accepted(api, pull_request, _arrival(pull_request, commit, commits))
                found |= {number: one} if one else {}
    return tuple(found.values())


def _accepted(api: Api, pull_request: Mapping[str, Any], commit: str) -> Accepted | None:
    said = acceptance(pull_request)
    if not (said.labelled and said.reason):
        return None
    number = int(pull_request["number"])
    by, at = _labelled(api, number, str(pull_request["merged_at"]))
    return Accepted(commit=commit, pull_request=number, reason=said.reason, by=by, at=_date(at))


def _labelled(api: Api, number: int, merged_at: str) -> tuple[str, str]:
    """Return who set the label last, and when: they accepted it, not who wrote the reason."""
    by, at = _NOBODY, merged_at
    for event in api.pages(f"issues/{number}/events"):
        if event.get("event") == "labeled" and (event.get("label") or {}).get("name") == LABEL:
            login = str((event.get("actor") or {}).get("login", ""))
            by, at = (login if _LOGIN.fullmatch(login) else _NOBODY), str(event["created_at"])
    return by, at


def _arrival(pull_request: Mapping[str, Any], commit: str, commits: tuple[str, ...]) -> str:
    """Return the commit that brought a pull request; of several that were rebased, its last one."""
    merged = str(pull_request.get("merge_commit_sha"))
    return merged if merged in commits else commit


def _date(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC).replace(microsecond=0)


# As much as GitHub takes of a description, in characters.
LONGEST_DESCRIPTION = 65_536

_OWN = {"paragraph_open", "heading_open"}
_COMMENT, _COMMENT_END = "<!--", "-->"
# What could hide the beginning of a line or of a comment: an escaped mark, code, a comment.
_MARK = re.compile(r"\\.|`+|<!--", re.DOTALL)
# HTML whose text is code, or no text.
_RAW = re.compile(r"<(?:script|style|template|textarea|title|pre|code|blockquote)\b", re.IGNORECASE)


def prose(text: str) -> Iterator[str]:
    """Yield the lines of paragraphs and headings, which may be items of lists, and of blocks of HTML."""
    quoted, before = 0, ""
    for token in MarkdownIt("commonmark").parse(text[:LONGEST_DESCRIPTION]):
        if token.type in {"blockquote_open", "blockquote_close"}:
            quoted += token.nesting
        elif token.type == "html_block":
            shown, ended = _html(token.content)
            if not quoted and not _RAW.search(token.content):
                yield from shown.split("\n")
            if not ended:
                return  # what a browser hides is everything that follows
        elif token.type == "inline" and before in _OWN and not quoted:
            yield from _paragraph(token.content).split("\n")
        before = token.type


def _html(block: str) -> tuple[str, bool]:
    """Return HTML without its comments, and whether the last of them ended."""
    parts, at = [], 0
    while (begin := block.find(_COMMENT, at)) >= 0:
        parts.append(block[at:begin])
        at = _end_of_comment(block, begin)
        if not at:
            return "".join(parts), False
    return "".join((*parts, block[at:])), True


def _paragraph(text: str) -> str:
    """Return a paragraph without its comments; in these and in code no line begins."""
    parts, at = [], 0
    while mark := _MARK.search(text, at):
        begin, end = mark.span()
        parts.append(text[at:begin])
        found, at = mark[0], end
        if found == _COMMENT and (closed := _end_of_comment(text, begin)):
            found, at = "", closed
        elif found[0] == "`" and (closing := re.compile(rf"(?<!`){found}(?!`)").search(text, end)):
            at = closing.end()
            found = text[begin:at].replace("\n", " ")
        parts.append(found)
    return "".join((*parts, text[at:]))


def _end_of_comment(text: str, begin: int) -> int:
    """Return where a comment ends, which may share the hyphens of its beginning; 0 where it does not end."""
    found = text.find(_COMMENT_END, begin + 2)
    return found + len(_COMMENT_END) if found >= 0 else 0
