"""Whether a regression or a loss is accepted: by a label, which only maintainers set, and a written reason.

The reason stands in the description of the pull request. Code, quotations and HTML comments are not words of its
author; CommonMark's rules say where each of them ends, as on GitHub.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from markdown_it import MarkdownIt
from msgspec import Struct

from bench_models.github.actions import Account, Event, Label, PullRequest
from bench_models.github.client import Api
from bench_models.results_branch.records import LONGEST_REASON, Accepted
from bench_models.text import code, one_line

LABEL = "accept-regression"
# A line of its own, which may be bold.
_REASON = re.compile(r"[ \t]*(\*\*|__)?Accepted regression:(\*\*|__)?(.*)", re.IGNORECASE)
# What the hint and templates keep the place of a reason with.
_PLACEHOLDER = "<reason>"
_LOGIN = re.compile(r"[A-Za-z0-9\[\]_-]{1,60}")
# What GitHub calls somebody whose account is gone.
_NOBODY = "ghost"
# As much as GitHub takes of a description, in characters.
LONGEST_DESCRIPTION = 65_536
_OWN = {"paragraph_open", "heading_open"}
_COMMENT, _COMMENT_END = "<!--", "-->"
# What could hide the beginning of a line or of a comment: an escaped mark, code, a comment.
_MARK = re.compile(r"\\.|`+|<!--", re.DOTALL)
# HTML whose text is code, or no text.
_RAW = re.compile(r"<(?:script|style|template|textarea|title|pre|code|blockquote)\b", re.IGNORECASE)


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


class _Happening(Struct, frozen=True, kw_only=True):
    """An entry in the timeline of a pull request."""

    event: str
    created_at: str
    label: Label | None = None
    actor: Account | None = None


def acceptance(pull: PullRequest, event: Event | None = None) -> Acceptance:
    """Return what a pull request says, and who set the label where that is the event that brought it."""
    by = event.sender.login if event and event.sender and event.action == "labeled" and _ours(event.label) else None
    return Acceptance(labelled=any(map(_ours, pull.labels)), reason=_reason(pull.body or ""), by=by or None)


def accepted_in(api: Api, commits: Sequence[str]) -> tuple[Accepted, ...]:
    """Return the accepted regressions of the pull requests that brought these commits, each once."""
    found: dict[int, Accepted] = {}
    for commit in commits:
        for pull in api.pages(f"commits/{commit}/pulls", PullRequest):
            said = acceptance(pull)
            if pull.merged_at and said.labelled and said.reason and pull.number not in found:
                by, at = _labelled(api, pull.number, pull.merged_at)
                found[pull.number] = Accepted(
                    # Of several commits that were rebased, the newest one.
                    commit=pull.merge_commit if pull.merge_commit and pull.merge_commit in commits else commit,
                    pull_request=pull.number,
                    reason=said.reason,
                    by=by if _LOGIN.fullmatch(by) else _NOBODY,
                    at=datetime.fromisoformat(at).astimezone(UTC).replace(microsecond=0),
                )
    return tuple(found.values())


def _labelled(api: Api, number: int, merged_at: str) -> tuple[str, str]:
    """Return who set the label last, and when: they accepted it, not who wrote the reason."""
    by, at = _NOBODY, merged_at
    for each in api.pages(f"issues/{number}/events", _Happening):
        if each.event == "labeled" and _ours(each.label):
            by, at = each.actor.login if each.actor else _NOBODY, each.created_at
    return by, at


def _ours(label: Label | None) -> bool:
    return label is not None and label.name == LABEL


def _reason(body: str) -> str | None:
    """Return the first written reason; hidden text, a template's placeholder and quotations do not count."""
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
