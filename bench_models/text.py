"""Untrusted text, made harmless for Markdown and logs.

GitHub turns ``@name``, ``#1``, ``owner/name#1``, hashes of commits and addresses into links after it has rendered
Markdown, so escaping does not help: an escaped ``@`` is an ``@`` by then. Code is left alone. So every text that a pull
request can choose is shown as code, without any character that could end the code.
"""

LONGEST = 300
# What could end the code or, in a table, its cell: cells are told apart before code is.
_ENDS = str.maketrans({"`": "'", "|": "\N{BROKEN BAR}", "\\": "\N{BIG REVERSE SOLIDUS}"})
_NOTHING = "-"


def code(text: str, longest: int = LONGEST) -> str:
    """Return text as code in one line, cut where it is too long; nothing in it is a mention, link, image or HTML."""
    return f"`{one_line(text.translate(_ENDS), longest) or _NOTHING}`"


def one_line(text: str, longest: int = LONGEST) -> str:
    """Return what people see of a text, in one line: no controls, nothing hidden, nothing that turns text around."""
    seen = "".join(each for each in " ".join(text.split()) if each.isprintable())
    words = " ".join(seen.split())
    return words if len(words) <= longest else f"{words[: longest - 1]}\N{HORIZONTAL ELLIPSIS}"


def logged(text: str, longest: int = LONGEST) -> str:
    """Return text for a log: the runner obeys ``::command::`` where a line begins, and ``##[command]`` anywhere."""
    return one_line(text, longest).replace("##[", "# #[").replace("::", ": :")
