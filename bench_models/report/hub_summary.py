"""Scores a suite of the model hub, and writes a Markdown table of each variant's outcome or why it was skipped."""

from collections.abc import Mapping

from bench_models.build import Builder
from bench_models.errors import UnavailableError
from bench_models.metrics import ACCURACY, PARAMETERS, SIZE
from bench_models.metrics.scorecard import Scorecard, score_unasked
from bench_models.outcomes import Failed, Measured, Outcome, Skipped, reason_of
from bench_models.text import code

_FIGURES = (PARAMETERS, SIZE, ACCURACY)
_NAMES = " | ".join(figure.name for figure in _FIGURES)
_HEAD = f"| variant | outcome | {_NAMES} | why |\n| --- | --- | --: | --: | --: | --- |"

Visit = Mapping[str, Outcome[Scorecard]]


def visit(builder: Builder) -> Visit:
    """Score all variants; where the hub cannot be reached, each is skipped with the reason."""
    suite = builder.suite
    try:
        suite.checkpoint.folder(builder.store.root)  # first, as it finds out at once that a hub is not there
        return {variant.name: score_unasked(builder, variant) for variant in suite.variants}
    except UnavailableError as error:
        return dict.fromkeys(suite.names, Skipped(reason=str(error)))


def failed(found: Visit) -> bool:
    """Say whether a variant failed; a skipped one did not."""
    return any(isinstance(outcome, Failed) for outcome in found.values())


def table(suite: str, found: Visit) -> str:
    """Return the table in Markdown."""
    measured = sum(isinstance(outcome, Measured) for outcome in found.values())
    rows = "\n".join(f"| {code(name)} | {_cells(outcome)} |" for name, outcome in found.items())
    return f"**{suite}: {measured} of {len(found)} variants were measured.**\n\n{_HEAD}\n{rows}\n"


def _cells(outcome: Outcome[Scorecard]) -> str:
    if isinstance(outcome, Measured):
        figures = (figure.show(figure.of(outcome.value)) for figure in _FIGURES)
        return f"measured | {' | '.join(figures)} | -"
    return f"{type(outcome).__name__.lower()} | - | - | - | {code(reason_of(outcome))}"
