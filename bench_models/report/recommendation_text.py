"""Writes a recommendation: what to ship, why not the others, and what would change the answer."""

from bench_models.budgets import STATUSES
from bench_models.errors import BenchModelsError
from bench_models.metrics import SIZE
from bench_models.recommend.candidates import Candidate, in_points, sentences_needed, trade_off
from bench_models.recommend.choice import PassedOver, Recommendation, recommend
from bench_models.report.reading import Line, Report
from bench_models.stats.estimate import Estimate

_SUPERLATIVES = {
    "speed": "the fastest",
    "accuracy": "the most accurate",
    "size": "the smallest",
    "balanced": "the best by the geometric mean of speed-up and size ratio",
}
# Nobody labels more than so many times the test sentences there are.
_MANY_TIMES = 50

_COMPARATIVES = {"speed": "slower", "accuracy": "less accurate", "size": "larger", "balanced": "worse balanced"}


def recommended(report: Report, priority: str, tolerance_points: float) -> str:
    """Return the recommendation as Markdown.

    Raises ``BenchModelsError`` where there is none to give, with what would be right.
    """
    candidates = [each for each in map(_candidate, report.lines) if each is not None]
    if not candidates or candidates[0].name != report.lines[0].name:
        raise BenchModelsError(
            f"the baseline of {report.suite} was not measured at {report.commit[:8]}, so nothing can be compared with "
            f"it: {'; '.join(report.lines[0].errors) or 'a figure is missing'}"
        )
    choice = recommend(candidates, priority, tolerance_points)
    words = _Words(report=report, choice=choice, baseline=candidates[0])
    return f"{words.title()}\n\n{words.why()}\n\n{words.passed_over()}\n\n{words.what_would_change()}\n"


def _candidate(line: Line) -> Candidate | None:
    """Return a line with all that decides, or None."""
    if line.speed_up is None or line.accuracy_drop_points is None or line.size_bytes is None:
        return None
    return Candidate(
        name=line.name,
        time=_inverse(line.speed_up),
        accuracy_drop_points=line.accuracy_drop_points,
        size_bytes=line.size_bytes,
        right=line.correct_by_sentence,
    )


def _inverse(ratio: Estimate) -> Estimate:
    """Return the time that a speed-up stands for, in times of the baseline's."""
    return Estimate(value=1 / ratio.value, low=1 / ratio.high, high=1 / ratio.low, level=ratio.level)


class _Words:
    """The parts of a recommendation's text, which share what they speak about."""

    def __init__(self, *, report: Report, choice: Recommendation, baseline: Candidate) -> None:
        self._report, self._choice, self._baseline = report, choice, baseline
        self._lines = {line.name: line for line in report.lines}

    def title(self) -> str:
        """Return the answer in one line."""
        return f"# {self._report.suite} at {self._report.commit[:8]}: ship {self._choice.chosen.name}"

    def why(self) -> str:
        """Return what the choice rests on."""
        choice, chosen = self._choice, self._choice.chosen
        tied = [each.name for each in choice.tied if each is not chosen]
        text = (
            f"Of the variants that lose at most {in_points(choice.tolerance_points)} of accuracy, the whole interval "
            f"counted, {chosen.name} is {'among ' if tied else ''}{_SUPERLATIVES[choice.priority]}: "
            f"{self._figures(chosen)}."
        )
        if tied:
            text += f" By that alone it cannot be told apart from {_listed(tied)}; {self._broken(tied)}."
            text += self._best_by_point()
        if chosen is self._baseline:
            text += " That is the baseline: none of the compressed variants within the tolerance is better."
        standing = self._lines[chosen.name].standing
        return f"{text} Its budget is {standing}." if standing in STATUSES else text

    def passed_over(self) -> str:
        """Return a line for each other variant with the figure that decided."""
        reasons = {each.candidate.name: self._reason(each) for each in self._choice.passed_over}
        others = [line for line in self._report.lines if line.name != self._choice.chosen.name]
        lines = [f"* {line.name}: {reasons.get(line.name) or _unmeasured(line)}" for line in others]
        return "\n".join(["Passed over:", "", *lines])

    def what_would_change(self) -> str:
        """Return what another tolerance, and more sentences, would lead to."""
        choice = self._choice
        lines = [self._by_point()]
        if choice.wider is None:
            lines.append("No larger tolerance leads to another answer.")
        else:
            tolerance, other = choice.wider
            # Rounded up: what is printed must suffice.
            lines.append(
                f"From `--accuracy-tolerance {_rounded_up(tolerance)}` on it is {other.name}: {self._figures(other)}."
            )
        return "\n".join(["What would change the answer:", "", *(f"* {line}" for line in lines)])

    def _by_point(self) -> str:
        choice, other = self._choice, self._choice.by_point
        if other is choice.chosen:
            return "Going by the points alone, without intervals of accuracy, leads to the same answer."
        drop = other.accuracy_drop_points
        text = (
            f"By the point alone it would be {other.name}, which loses {drop.value:.2f} points here, but may lose "
            f"{drop.high:.2f} elsewhere."
        )
        sentences = self._report.sentences
        if sentences is None or other is self._baseline:
            return text
        needed = sentences_needed(other, choice.tolerance_points, sentences)
        if needed is None or needed > _MANY_TIMES * sentences:
            return f"{text} That is too near the tolerance for any number of test sentences to show."
        return f"{text} If that holds, about {_about(needed)} test sentences instead of {sentences:,} would show it."

    def _best_by_point(self) -> str:
        """Say what a tie of accuracies hides."""
        best = min(self._choice.tied, key=lambda each: each.accuracy_drop_points.value)
        drop, own = best.accuracy_drop_points.value, self._choice.chosen.accuracy_drop_points.value
        if self._choice.priority != "accuracy" or drop == own:
            return ""
        return f" The best of them by its point is {best.name}, with {drop:.2f} points lost."

    def _broken(self, tied: list[str]) -> str:
        """Say which figure broke the tie."""
        by = dict.fromkeys(each.because for each in self._choice.passed_over if each.candidate.name in tied)
        words = [_COMPARATIVES[reason] for reason in by if reason in _COMPARATIVES]
        return f"what it is preferred to is {_listed(words, 'or')}" if words else "it stands first in the table"

    def _reason(self, passed: PassedOver) -> str:
        candidate, chosen = passed.candidate, self._choice.chosen
        drop = candidate.accuracy_drop_points
        if passed.because == "tolerance":
            return f"may lose {drop.high:.2f} points ({drop.value:.2f} here)"
        if passed.because == "order":
            return f"no better than {chosen.name} in anything that was asked, and further down the table"
        tie = passed.because != self._choice.priority
        figure = {
            "speed": self._speed_up(candidate),
            "accuracy": f"{drop.value:.2f} points lost",
            "size": SIZE.show(candidate.size_bytes),
            "balanced": f"{trade_off(candidate, self._baseline):.2f}, not {trade_off(chosen, self._baseline):.2f}",
        }[passed.because]
        return f"{'tied, and ' if tie else ''}{_COMPARATIVES[passed.because]}: {figure}"

    def _figures(self, candidate: Candidate) -> str:
        drop, line = candidate.accuracy_drop_points, self._lines[candidate.name]
        reduction = f" ({line.size_reduction_pct:.1f} % smaller)" if line.size_reduction_pct else ""
        lost = f"{drop.value:.2f} points lost{_interval(drop)}"
        return f"{self._speed_up(candidate)}, {SIZE.show(candidate.size_bytes)}{reduction}, {lost}"

    def _speed_up(self, candidate: Candidate) -> str:
        speed_up = self._lines[candidate.name].speed_up
        return f"{speed_up.value:.2f} x{_interval(speed_up)}" if speed_up else "speed-up not known"


def _unmeasured(line: Line) -> str:
    return f"not measured: {'; '.join(line.errors) or 'a figure is missing'}"


def _interval(estimate: Estimate) -> str:
    return "" if estimate.exact else f" ({estimate.ends('.2f')})"


def _rounded_up(points: float) -> str:
    hundredths = round(points * 100, 6)
    return f"{-(-hundredths // 1) / 100:.2f}"


def _about(count: int) -> str:
    """Return a count with two digits that mean something."""
    return f"{round(count, 2 - len(str(count))):,}" if count > 99 else str(count)  # noqa: PLR2004  # two digits


def _listed(names: list[str], last: str = "and") -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {last} {names[-1]}"
