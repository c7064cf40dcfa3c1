"""A regression is accepted by two people: who sets the label, and who writes the reason."""

import html
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from support.github_server import pull_request

from bench_models.github.acceptance import LABEL, acceptance
from bench_models.github.actions import event_of
from bench_models.results_branch.records import LONGEST_REASON

_LABELS = [{"name": "docs"}, {"name": LABEL}]
_BODY = "Faster elsewhere.\r\n\r\nAccepted regression: twice as exact\r\nMore text.\r\n"


def test_label_and_reason_accept() -> None:
    """And the sentence says why, and by whom the label was set, if that is what happened."""
    event = {"action": "labeled", "label": {"name": LABEL}, "sender": {"login": "ada"}}
    accepted = acceptance(pull_request(labels=_LABELS, body=_BODY), event_of(event))
    assert accepted.given
    assert (accepted.reason, accepted.by) == ("twice as exact", "ada")
    assert "set by `ada`" in accepted.sentence
    assert "`twice as exact`" in accepted.sentence


def test_other_events_do_not_tell_who_set_the_label() -> None:
    """A push by somebody else is no agreement of theirs."""
    event = {"action": "labeled", "label": {"name": "docs"}, "sender": {"login": "eve"}}
    assert acceptance(pull_request(labels=_LABELS, body=_BODY), event_of(event)).by is None


@pytest.mark.parametrize(
    ("labels", "body", "said"),
    [
        (_LABELS, None, "has no line `Accepted regression: <reason>`"),
        (_LABELS, "Accepted regression:   \n", "has no line"),
        (_LABELS, "Accepted regression: <reason>\n", "has no line"),
        (_LABELS, "- **Accepted regression:** `<reason>`\n", "has no line"),
        (_LABELS, "<!-- Say why:\nAccepted regression: exact now\n-->\n", "has no line"),
        (_LABELS, "<!--\nAccepted regression: never closed\n", "has no line"),
        (_LABELS, "```\nAccepted regression: an example\n```\n", "has no line"),
        (_LABELS, "Text <!-- and\nAccepted regression: hidden -->\n", "has no line"),
        (_LABELS, "Not `code\nAccepted regression: an example` of it\n", "has no line"),
        (_LABELS, "<!-- `\nAccepted regression: hidden\n` -->\n", "has no line"),
        (_LABELS, "\\`<!--\nAccepted regression: hidden\n` -->\n", "has no line"),
        (_LABELS, "<div><!--\n\nAccepted regression: never closed\n", "has no line"),
        (_LABELS, "[note]: <> '\nAccepted regression: the title of nothing\n'\n", "has no line"),
        (_LABELS, "<pre>\nAccepted regression: an example\n</pre>\n", "has no line"),
        (_LABELS, "~~~~text\n~~~\nAccepted regression: an example\n~~~~\n", "has no line"),
        (_LABELS, "```\nAccepted regression: never closed\n", "has no line"),
        (_LABELS, "More:\n\n    Accepted regression: an example\n", "has no line"),
        (_LABELS, "> Accepted regression: somebody else's\n", "has no line"),
        (_LABELS, "Accepted regression: \u200b\u202e\n", "has no line"),
        (_LABELS, "It is an Accepted regression: so there\n", "has no line"),
        ([{"name": "docs"}], _BODY, "the label `accept-regression` is missing"),
        ([], "", "To accept what regressed or was lost, add the label"),
    ],
)
def test_one_without_the_other_does_not(labels: list[dict[str, str]], body: str | None, said: str) -> None:
    """And the sentence says what is missing."""
    found = acceptance(pull_request(labels=labels, body=body))
    assert not found.given
    assert said in found.sentence


@pytest.mark.parametrize(
    "line",
    [
        "Accepted regression: exact now",
        "  accepted Regression:exact now  ",
        "- Accepted regression: exact now",
        "* **Accepted regression:** exact now",
        "**Accepted regression: exact now**",
        "+ __Accepted regression:__ exact now",
        "```\nAccepted regression: an example\n```\nAccepted regression: exact now",
        "```code``` in a line\nAccepted regression: exact now",
        "<!-- Accepted regression: hidden -->\r\nAccepted regression: exact now",
        "The template's `<!--` is gone.\r\nAccepted regression: exact now",
        "It begins with `` ` <!-- ``, and\r\nAccepted regression: exact now",
        "```html\r\n<!-- an example\r\n```\r\nAccepted regression: exact now",
        "~~~\n<!--\n~~~\nAccepted regression: exact now\n```\n-->\n```",
        "As in:\n\n    <!-- an example\n\nAccepted regression: exact now",
        "A comment begins with \\<!-- and\nAccepted regression: exact now",
        "It never ends: <!-- and\nAccepted regression: exact now",
        "<!-->\nAccepted regression: exact now\n-->",
        "<!-- ``` -->\nAccepted regression: exact now",
        "Accepted regression: exact <!-- ask Ada -->now",
        "<!-- why -->Accepted regression: exact now",
        "1. Accepted regression: exact now",
        "Accepted regression: exact now\r\n---",
        "<details>\nAccepted regression: exact now\n</details>",
        "Accepted regression: <reason>\n\nAccepted regression: exact now",
    ],
)
def test_reason_may_be_an_item_or_bold(line: str) -> None:
    """And stand below an example of it."""
    assert acceptance(pull_request(labels=_LABELS, body=f"More.\r\n{line}\r\nAnd more.")).reason == "exact now"


def test_reason_is_as_long_as_the_history_keeps_it() -> None:
    """What a check accepts is what the history shows."""
    found = acceptance(pull_request(labels=_LABELS, body=f"Accepted regression: {'x' * 501}"))
    assert found.given
    assert len(found.reason or "") == LONGEST_REASON


def test_reason_is_shown_as_code() -> None:
    """It is a stranger's text."""
    found = acceptance(pull_request(labels=_LABELS, body="Accepted regression: `@everyone` <b>![x](y)"))
    assert "`'@everyone' <b>![x](y)`" in found.sentence


def test_comment_in_the_code_of_a_reason_is_a_part_of_it() -> None:
    """As people see it there."""
    body = "Accepted regression: `<!--` is found, too\n"
    assert acceptance(pull_request(labels=_LABELS, body=body)).reason == "`<!--` is found, too"


_PIECES = (
    *("<!--", "-->", "<!-->", "`", "``", "```", "~~~", "\\", "\n", "\n\n", "- ", "  ", "    ", "text", "<div>"),
    *("\nAccepted regression: yes", "Accepted regression: yes") * 3,
)


def seen(body: str) -> bool:
    """Say whether somebody who looks at the rendered text sees the line, outside of code."""
    shown = MarkdownIt("commonmark").render(body)
    # As a browser reads it: a comment that begins with > ends at once, and one without an end hides the rest.
    shown = re.sub(r"<!--(?:-?>|.*?(?:-->|\Z))", "", shown, flags=re.DOTALL)
    shown = re.sub(r"<(pre|code)>.*?</\1>", "`", shown, flags=re.DOTALL)
    lines = re.sub(r"<[^>]*>", "\n", shown.replace("<div>", "|")).split("\n")
    return any(html.unescape(line).strip().startswith("Accepted regression: yes") for line in lines)


@given(st.lists(st.sampled_from(_PIECES), max_size=14).map("".join))
def test_reason_counts_where_people_see_it_and_nowhere_else(body: str) -> None:
    """Whatever begins and ends around it; where one comment begins in the mark of another, rather not."""
    counts = acceptance(pull_request(labels=_LABELS, body=body)).reason is not None
    assert counts <= seen(body)
    if body.count("<!--") <= 1:
        assert counts == seen(body)


@pytest.mark.parametrize("piece", ["<!--", "` `` ", "```\n", "[", "> ", "- ", "*a ", "<div>\n", "\\`", "a`" * 3 + "``"])
def test_no_description_keeps_a_job_busy(piece: str) -> None:
    """A stranger writes it, and as long as GitHub allows."""
    began = time.process_time()
    acceptance(pull_request(labels=_LABELS, body=piece * (65_536 // len(piece))))
    assert time.process_time() - began < 20
