"""What the author of a Markdown text says in it: its lines without code, quotations and HTML comments.

CommonMark's rules decide what is which, and its parser applies them: the beginning of a comment inside code is text,
code inside a comment is hidden, and each ends where GitHub ends it.
"""

import re
from collections.abc import Iterator

from markdown_it import MarkdownIt

# As much as GitHub takes of a description, in characters.
LONGEST = 65_536

_OWN = {"paragraph_open", "heading_open"}
_COMMENT, _COMMENT_END = "<!--", "-->"
# What could hide the beginning of a line or of a comment: an escaped mark, code, a comment.
_MARK = re.compile(r"\\.|`+|<!--", re.DOTALL)
# HTML whose text is code, or no text.
_RAW = re.compile(r"<(?:script|style|template|textarea|title|pre|code|blockquote)\b", re.IGNORECASE)


def prose(text: str) -> Iterator[str]:
    """Yield the lines of paragraphs and headings, which may be items of lists, and of blocks of HTML."""
    quoted, before = 0, ""
    for token in MarkdownIt("commonmark").parse(text[:LONGEST]):
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
