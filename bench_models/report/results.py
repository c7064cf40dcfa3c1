"""The results of one commit: asv's numbers, scorecards and pairs of speed-ups, one row per variant."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bench_models.asv.history import Recorded, recorded
from bench_models.build import Builder
from bench_models.checkout import Checkout, require_clean
from bench_models.errors import BenchModelsError
from bench_models.metrics import ACCURACY, OFFLINE, SINGLE_STREAM, SIZE, SPEED_UP
from bench_models.metrics.latency import OFFLINE_SENTENCES
from bench_models.metrics.metric import Metric
from bench_models.metrics.scorecard import Scorecard, require_better_than_chance, stored
from bench_models.metrics.speed_up import SpeedUp, Turns, kept, seconds_of, seconds_of_baseline, times_as_fast
from bench_models.outcomes import Failed, Measured, Outcome, reason_of
from bench_models.stats.estimate import Estimate
from bench_models.stats.rounds import LEVEL
from bench_models.suites import module_name
from bench_models.suites.suite import Suite, Variant


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantResult:
    """One variant: its scorecard, and in each scenario its time per sentence, in seconds, and its speed-up."""

    variant: Variant
    card: Outcome[Scorecard]
    single_stream: Outcome[Estimate]
    offline: Outcome[Estimate]
    speed_up: Outcome[Estimate]
    offline_speed_up: Outcome[Estimate]

    @property
    def errors(self) -> list[str]:
        """Why a part could not be measured; empty when all was."""
        parts = [self.card, self.single_stream, self.offline, self.speed_up]
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
    found = _Timed(
        builder=builder, history=history, pairs={name: _pairs(builder, name, history) for name in suite.names[1:]}
    )
    rows = (
        VariantResult(
            variant=variant,
            card=_card(builder, variant, history),
            single_stream=found.seconds(variant.name, SINGLE_STREAM),
            offline=_per_sentence(
                found.seconds(variant.name, OFFLINE), min(OFFLINE_SENTENCES, len(builder.corpus.test))
            ),
            speed_up=found.speed_up(variant.name, SINGLE_STREAM),
            offline_speed_up=found.speed_up(variant.name, OFFLINE),
        )
        for variant in suite.variants
    )
    result = SuiteResult(suite=suite, commit=checkout.commit, variants=tuple(rows))
    require_better_than_chance(builder, result.baseline.card)
    return result


_PAIRS_OF: Mapping[Metric, Callable[[SpeedUp], tuple[Turns, ...]]] = {
    SINGLE_STREAM: lambda found: found.single_stream,
    OFFLINE: lambda found: found.offline,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Timed:
    """What needed a clock: ``pairs`` of each variant with the baseline, and asv's times of what has none."""

    builder: Builder
    history: Recorded
    pairs: Mapping[str, Outcome[SpeedUp]]

    def speed_up(self, name: str, scenario: Metric) -> Outcome[Estimate]:
        """Return how many times as fast as the baseline a variant is."""
        if name == self.builder.suite.baseline.name:
            return Measured(value=Estimate(value=1.0, low=1.0, high=1.0, level=LEVEL))
        found = self.pairs[name]
        if not isinstance(found, Measured):
            return found
        return Measured(value=times_as_fast(_PAIRS_OF[scenario](found.value)))

    def seconds(self, name: str, scenario: Metric) -> Outcome[Estimate]:
        """Return the time of a call: of the processes in pairs, or where there are none, of asv's."""
        if name == self.builder.suite.baseline.name:
            rounds = self._rounds(scenario)
            if rounds:
                return Measured(value=seconds_of_baseline(rounds))
        else:
            found = self.pairs[name]
            if isinstance(found, Measured):
                return Measured(value=seconds_of(_PAIRS_OF[scenario](found.value)))
        outcome = self.history.timing(f"{module_name(self.builder.suite.name)}.Latency.time_{scenario.name}", name)
        return Measured(value=outcome.value.estimate) if isinstance(outcome, Measured) else outcome

    def _rounds(self, scenario: Metric) -> list[list[Turns]]:
        """Return the pairs by round, those of the first rounds first: variants may stem from several runs."""
        rounds: dict[tuple[int, str], list[Turns]] = {}
        for found in self.pairs.values():
            if isinstance(found, Measured):
                for turn, pair in enumerate(_PAIRS_OF[scenario](found.value)):
                    rounds.setdefault((turn, found.value.run), []).append(pair)
        return [rounds[key] for key in sorted(rounds)]


def _pairs(builder: Builder, name: str, history: Recorded) -> Outcome[SpeedUp]:
    """Return the pairs of a variant, provided that they are those that asv recorded for this commit."""
    tracked = history.value(f"{module_name(builder.suite.name)}.SpeedUp.track_{SPEED_UP.name}", name)
    if not isinstance(tracked, Measured):
        return tracked
    found = kept(builder.store, builder.suite.name, name, tracked.value)
    if found is None:
        return Failed(
            error=f"asv recorded the speed-up {SPEED_UP.show(tracked.value)} of {name} for this commit, but the pairs "
            f"that it was made of are not in {builder.store.root}: measure again"
        )
    return Measured(value=found)


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
