"""The measured results of one commit: asv's timings beside the scorecards, one row a variant."""

from dataclasses import dataclass

from bench_models.build import Builder
from bench_models.checkout import Checkout, require_clean
from bench_models.errors import BenchModelsError
from bench_models.history import Recorded, recorded
from bench_models.metrics import ACCURACY, LATENCIES, SIZE
from bench_models.metrics.latency import OFFLINE_SENTENCES
from bench_models.metrics.metric import Metric
from bench_models.metrics.scorecard import Scorecard, require_better_than_chance, stored
from bench_models.outcomes import Failed, Measured, Outcome, reason_of
from bench_models.stats.estimate import Estimate
from bench_models.stats.rounds import pooled
from bench_models.suites import module_name
from bench_models.suites.suite import Suite, Variant


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantResult:
    """One variant: its scorecard, and its time per sentence in each scenario, in seconds."""

    variant: Variant
    card: Outcome[Scorecard]
    single_stream: Outcome[Estimate]
    offline: Outcome[Estimate]

    @property
    def errors(self) -> list[str]:
        """Why a part could not be measured; empty when all was."""
        parts = [self.card, self.single_stream, self.offline]
        if isinstance(self.card, Failed):
            # Timing asks for the scorecard first and fails where that did, which asv tells without the reason.
            parts = [self.card, *(part for part in parts[1:] if not isinstance(part, Failed))]
        return [reason_of(part) for part in parts if not isinstance(part, Measured)]


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteResult:
    """All variants of a suite at one commit; the first one is the baseline."""

    suite: Suite
    commit: str
    variants: tuple[VariantResult, ...]

    @property
    def baseline(self) -> VariantResult:
        """The row that derived figures refer to."""
        return self.variants[0]

    def __getitem__(self, name: str) -> VariantResult:
        """Return the result of the variant called ``name``."""
        return self.variants[self.suite.names.index(name)]


def results_of(builder: Builder, checkout: Checkout) -> SuiteResult:
    """Read the results of the checked-out commit; measures nothing and imports no torch.

    Raises ``BenchModelsError`` when the commit has not been measured on this machine, or when the
    work tree holds something else: budgets are part of the commit too. So it does for a baseline at chance.
    """
    require_clean(checkout)
    suite = builder.suite
    history = recorded(checkout.root, checkout.commit, module_name(suite.name))
    if history is None:
        message = (
            f"no results of {suite.name} for commit {checkout.commit[:8]} on this machine: "
            "`tox -e bench` measures it (or `bench-models run`, in an environment of your own)"
        )
        raise BenchModelsError(message)
    single, offline = (_timings(builder, history, scenario) for scenario in LATENCIES)
    rows = (
        VariantResult(
            variant=variant,
            card=_card(builder, variant, history),
            single_stream=single[variant.name],
            offline=_per_sentence(offline[variant.name], min(OFFLINE_SENTENCES, len(builder.corpus.test))),
        )
        for variant in suite.variants
    )
    result = SuiteResult(suite=suite, commit=checkout.commit, variants=tuple(rows))
    require_better_than_chance(builder, result.baseline.card)
    return result


def _timings(builder: Builder, history: Recorded, scenario: Metric) -> dict[str, Outcome[Estimate]]:
    """Return a scenario's times; the variants that were timed pool the spread of their processes."""
    benchmark = f"{module_name(builder.suite.name)}.Latency.time_{scenario.name}"
    outcomes = {name: history.timing(benchmark, name) for name in builder.suite.names}
    timed = {name: outcome.value for name, outcome in outcomes.items() if isinstance(outcome, Measured)}
    estimates = dict(zip(timed, pooled(list(timed.values())), strict=True))
    return {
        name: outcome if not isinstance(outcome, Measured) else Measured(value=estimates[name])
        for name, outcome in outcomes.items()
    }


def _per_sentence(batch: Outcome[Estimate], sentences: int) -> Outcome[Estimate]:
    return Measured(value=batch.value.scaled(1 / sentences)) if isinstance(batch, Measured) else batch


def _card(builder: Builder, variant: Variant, history: Recorded) -> Outcome[Scorecard]:
    """Return the scorecard, provided that asv recorded the same figures for this commit."""
    card = stored(builder, variant)
    if card is None:
        return Failed(error=f"{variant.name} has not been measured with this code and these libraries")
    if not isinstance(card, Measured):
        return card
    for figure in (SIZE, ACCURACY):
        tracked = history.value(f"{module_name(builder.suite.name)}.Figures.track_{figure.name}", variant.name)
        if not isinstance(tracked, Measured):
            return tracked
        if tracked.value != figure.of(card.value):
            return Failed(
                error=f"asv recorded the {figure.name} {figure.show(tracked.value)} of {variant.name} for this commit, "
                f"but with the libraries installed now it is {figure.show(figure.of(card.value))}: measure again"
            )
    return card
