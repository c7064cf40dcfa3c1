"""When a regression is accepted: a label, which only people with a say can set, and a written reason."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bench_models.service.plain import code, one_line

LABEL = "accept-regression"
_REASON = re.compile(r"^[ \t]*Accepted regression:[ \t]*(\S.*?)[ \t]*$", re.MULTILINE | re.IGNORECASE)
# What is longer is cut, here and so in the history: a reason is a sentence.
LONGEST_REASON = 300


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
        """Say what became of the regressions, and what is missing where something is."""
        how = f"add the label `{LABEL}` and a line `Accepted regression: <reason>` to the pull request's description"
        if self.given:
            by = f"The label `{LABEL}` was set by {code(self.by)}" if self.by else f"The label `{LABEL}` is set"
            return f"**The regression is accepted.** {by}, and the written reason is: {code(self.reason or '')}."
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
        return f"To accept what regressed, {how}."


def acceptance(pull_request: Mapping[str, Any], event: Mapping[str, Any] | None = None) -> Acceptance:
    """Read a pull request as GitHub describes it, and the event that brought it, if that is at hand."""
    labels = [str(label.get("name")) for label in pull_request.get("labels") or ()]
    found = _REASON.search((pull_request.get("body") or "").replace("\r\n", "\n"))
    # What nobody can see is no reason, nor is the place that a template keeps for one.
    reason = one_line(found[1], LONGEST_REASON) if found else ""
    written = reason if reason != "<reason>" else ""
    return Acceptance(labelled=LABEL in labels, reason=written or None, by=_labeller(event or {}))


def _labeller(event: Mapping[str, Any]) -> str | None:
    """Return who set the label, if that is what happened; other events do not say."""
    if event.get("action") == "labeled" and (event.get("label") or {}).get("name") == LABEL:
        login = (event.get("sender") or {}).get("login")
        return str(login) if login else None
    return None
