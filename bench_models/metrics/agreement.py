"""Agreement: whether a variant answers each sentence as its baseline does, which needs no labels."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench_models.metrics.scorecard import Scorecard


def agreement(baseline: "Scorecard", card: "Scorecard") -> tuple[bool, ...]:
    """Return for each sentence whether both answers are equal, those of the test split first.

    Sentences of other domains count as much as those of the test split: nobody has to label them.
    """
    theirs, own = baseline.answers + baseline.elsewhere, card.answers + card.elsewhere
    return tuple(one == other for one, other in zip(theirs, own, strict=True))
