"""Reports change points of the history in one open issue, each of them once."""

import hashlib
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from msgspec import Struct
from tabulate import tabulate

from bench_models.asv.history import Series
from bench_models.github.client import Api
from bench_models.stats.change_points import LASTING, NEAR, SCATTERS, ChangePoint, change_points, levels
from bench_models.text import code

LABEL = "performance-step"
_MARK = re.compile(r"<!-- bench-models steps: ([0-9a-f ]*) -->")
_TITLE = "The history shows a step"
_LONGEST = 60


class _Issue(Struct, frozen=True, kw_only=True):
    """An issue, or a pull request, which GitHub lists among them."""

    number: int
    state: str
    body: str | None = None
    pull_request: dict[str, Any] | None = None

    @property
    def marks(self) -> list[str]:
        """The change points that it reports."""
        found = _MARK.search(self.body or "")
        return found[1].split() if found else []


@dataclass(frozen=True, slots=True, kw_only=True)
class Regression:
    """A change point for the worse in the history of one benchmark: the commit that it begins at, and those near it."""

    series: Series
    change_point: ChangePoint
    commit: str
    near: tuple[str, ...]

    @property
    def mark(self) -> str:
        """What the change point is known by."""
        return self._mark(self.commit)

    def known(self, marks: Collection[str]) -> bool:
        """Say whether it was reported already, perhaps as beginning a commit or two away."""
        return any(self._mark(commit) in marks for commit in self.near)

    def _mark(self, commit: str) -> str:
        series = self.series
        words = (series.machine, series.environment, series.benchmark, *series.parameters, commit)
        return hashlib.sha256("\0".join(words).encode()).hexdigest()[:16]


def regressions(histories: Sequence[Series], commits: Sequence[str], accepted: Collection[str]) -> list[Regression]:
    """Return the change points of some histories that nobody accepted; ``commits`` are oldest first."""
    found = [each for series in histories for each in _regressions(series, commits)]
    return [each for each in found if not set(each.near) & set(accepted)]


def _regressions(series: Series, commits: Sequence[str]) -> Iterator[Regression]:
    places = [place for place, commit in enumerate(commits) if commit in series.values]
    measured = [commits[place] for place in places]
    fit = levels([series.values[commit] for commit in measured], [series.weights.get(commit) for commit in measured])
    for each in change_points(fit, series.threshold):
        # What was not measured on this machine may have brought it as well.
        since, at = places[each.position - 1] + 1, places[each.position]
        near = tuple(commits[max(0, since - NEAR) : at + NEAR + 1])
        yield Regression(series=series, change_point=each, commit=commits[at], near=near)


def tell(api: Api, found: Sequence[Regression]) -> str | None:
    """Add what no issue reports yet to the open issue, or open one; return what was done, or None."""
    issues = [issue for issue in api.pages("issues", _Issue, labels=LABEL, state="all") if not issue.pull_request]
    told = {mark for issue in issues for mark in issue.marks}
    new = [regression for regression in found if not regression.known(told)]
    if not new:
        return None
    opened = next((issue for issue in issues if issue.state == "open" and issue.marks), None)
    if opened is None:
        made = api.post("issues", {"title": _TITLE, "body": body(new, ()), "labels": [LABEL]})
        return f"opened issue {made['number']}"
    here = [regression for regression in found if regression in new or regression.known(opened.marks)]
    api.patch(f"issues/{opened.number}", {"body": body(here, opened.marks)})
    return f"updated issue {opened.number}"


def body(found: Sequence[Regression], marks: Sequence[str]) -> str:
    """Return the text of the issue; ``marks`` are those that it has already."""
    everything = " ".join(dict.fromkeys((*marks, *(regression.mark for regression in found))))
    columns = ("benchmark", "machine", "from", "to", "change", "begins at")
    table = tabulate(
        [_row(regression) for regression in found[:_LONGEST]], headers=columns, tablefmt="github", disable_numparse=True
    )
    more = f"\n\nand {len(found) - _LONGEST} more." if len(found) > _LONGEST else ""
    return (
        f"{table}{more}\n\n"
        f"A step is listed when its new level has lasted for {LASTING} measured commits, is above the old one by more "
        f"than asv.conf.json's threshold and by more than {SCATTERS:g} standard deviations of a single commit, and no "
        "later level is as low again. It may have begun at a commit nearby, or with the machine: "
        "`bench-models check COMMIT~1 COMMIT` tells.\n\n"
        "If it is meant, give the pull request the label `accept-regression` and a line `Accepted regression: "
        "<reason>`. Close this issue when all is said: a step that was listed is not listed again.\n\n"
        f"<!-- bench-models steps: {everything} -->\n"
    )


def _row(regression: Regression) -> tuple[str, ...]:
    series, change_point = regression.series, regression.change_point
    name = " ".join((series.benchmark, *series.parameters))
    before, after = (code(f"{value:.4g} {series.unit}") for value in (change_point.before, change_point.after))
    return code(name), code(series.machine), before, after, f"{change_point.pct:+.1f} %", code(regression.commit[:8])
