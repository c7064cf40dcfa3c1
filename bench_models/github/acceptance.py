"""Whether a regression or a loss is accepted: by a label, which only maintainers set, and a written reason."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bench_models.github.markdown_prose import prose
from bench_models.results_branch.records import LONGEST_REASON
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
