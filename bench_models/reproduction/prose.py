"""Prose in lines that a reviewer can read in a diff."""

import textwrap

_WIDTH = 120


def paragraph(text: str, indent: str = "") -> str:
    """Return a text in lines; addresses and words with hyphens stay whole."""
    return textwrap.fill(text, width=_WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def item(text: str) -> str:
    """Return a text as an item of a list."""
    return paragraph(f"* {text}", indent="  ")
