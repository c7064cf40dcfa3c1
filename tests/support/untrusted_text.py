"""What strangers plant, and what of it a reader of Markdown would see."""

from hypothesis import strategies as st
from markdown_it import MarkdownIt

_PLANTED = (
    "@everyone",
    "owner/repo#1",
    "#1",
    "GH-1",
    "https://evil.example",
    "www.evil.example",
    "<img src=x>",
    "</code>@me",
    "![x](https://evil.example/x.png)",
    "[x](javascript:alert(1))",
    "<!-- bench-models: check -->",
    "`@me`",
    "``@me``",
    "\\`@me\\`",
    "a\\",
    "a | @me",
    "a\\|@me",
    "\n\n@me",
    "\r\n# heading",
    "deadbeefdeadbeef",
    "\N{RIGHT-TO-LEFT OVERRIDE}txt",
    "&#64;me",
    "&commat;me",
    "  ",
    "",
    "```",
    "\N{ZERO WIDTH SPACE}@me",
    "\ud800",
)
untrusted = st.one_of(
    st.text(max_size=400),
    st.lists(st.sampled_from((*_PLANTED, *"`|\\\n@#<>[]()!& ")), max_size=12).map("".join),
)


def outside_code(markdown: str) -> str:
    """Return what a reader of Markdown sees outside code, links and HTML as written."""
    found = []
    for token in MarkdownIt("commonmark").enable("table").parse(markdown):
        if token.type in {"html_block", "fence", "code_block"}:
            found.append(f"<{token.type}>{token.content}")
        for child in token.children or ():
            if child.type in {"text", "html_inline"}:
                found.append(child.content)
            elif child.type in {"link_open", "image"}:
                found.append(f"<{child.type} {child.attrs}>")
    return "\n".join(found)
