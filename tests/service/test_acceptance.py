"""A regression is accepted by two people: who sets the label, and who writes the reason."""

import pytest

from bench_models.service.acceptance import LABEL, LONGEST_REASON, acceptance

_LABELS = [{"name": "docs"}, {"name": LABEL}]
_BODY = "Faster elsewhere.\r\n\r\nAccepted regression: twice as exact\r\nMore text.\r\n"


def test_label_and_reason_accept() -> None:
    """And the sentence says why, and by whom the label was set, if that is what happened."""
    event = {"action": "labeled", "label": {"name": LABEL}, "sender": {"login": "ada"}}
    accepted = acceptance({"labels": _LABELS, "body": _BODY}, event)
    assert accepted.given
    assert (accepted.reason, accepted.by) == ("twice as exact", "ada")
    assert "set by `ada`" in accepted.sentence
    assert "`twice as exact`" in accepted.sentence


def test_other_events_do_not_tell_who_set_the_label() -> None:
    """A push by somebody else is no agreement of theirs."""
    event = {"action": "labeled", "label": {"name": "docs"}, "sender": {"login": "eve"}}
    assert acceptance({"labels": _LABELS, "body": _BODY}, event).by is None


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
    found = acceptance({"labels": labels, "body": body})
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
        "Accepted regression: <reason>\n\nAccepted regression: exact now",
    ],
)
def test_reason_may_be_an_item_or_bold(line: str) -> None:
    """And stand below an example of it."""
    assert acceptance({"labels": _LABELS, "body": f"More.\r\n{line}\r\nAnd more."}).reason == "exact now"


def test_reason_is_as_long_as_the_history_keeps_it() -> None:
    """What a check accepts is what the history shows."""
    found = acceptance({"labels": _LABELS, "body": f"Accepted regression: {'x' * 501}"})
    assert found.given
    assert len(found.reason or "") == LONGEST_REASON


def test_reason_is_shown_as_code() -> None:
    """It is a stranger's text."""
    found = acceptance({"labels": _LABELS, "body": "Accepted regression: `@everyone` <b>![x](y)"})
    assert "`'@everyone' <b>![x](y)`" in found.sentence
