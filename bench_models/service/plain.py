"""Strangers' text, made harmless for GitHub's Markdown.

GitHub turns ``@name``, ``#1``, ``owner/name#1``, hashes of commits and addresses into links after it has rendered
Markdown, so that escaping does not stop it: an escaped ``@`` is an ``@`` by then. Inside code it leaves text alone,
and so does Markdown. So all that a pull request can choose is shown as code, and cannot end it.
"""

import unicodedata

LONGEST = 300
# Letters, marks, numbers, punctuation and symbols: no controls, nothing hidden, nothing that turns text around.
_VISIBLE = ("L", "M", "N", "P", "S")
# What could end the code or, in a table, its cell: cells are told apart before code is.
_ENDS = str.maketrans({"`": "'", "|": "\N{BROKEN BAR}", "\\": "\N{BIG REVERSE SOLIDUS}"})
_NOTHING = "-"


def code(text: str, longest: int = LONGEST) -> str:
    """Return text as code in one line, cut where it is too long; nothing in it is a mention, link, image or HTML."""
    words = " ".join(text.translate(_ENDS).split())
    seen = "".join(each for each in words if each == " " or unicodedata.category(each)[0] in _VISIBLE).strip()
    cut = seen if len(seen) <= longest else f"{seen[: longest - 1]}\N{HORIZONTAL ELLIPSIS}"
    return f"`{cut or _NOTHING}`"
