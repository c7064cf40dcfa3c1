"""The results of one commit: asv's numbers, scorecards and pairs of speed-ups become one report a variant.

``write_report`` writes them to ``results/`` as Markdown, JSON and figure, and to standard output.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bench_models.asv.results import Recorded, recorded
from bench_models.build import Builder
from bench_models.checkout import Checkout, require_clean
from bench_models.errors import BenchModelsError
from bench_models.machine import MEASURING_LIBRARIES, library_versions, this_machine
from bench_models.metrics import ACCURACY, ERROR_RATE, INT8_SHARE, OFFLINE, SINGLE_STREAM, SIZE, SPEED_UP, Metric
from bench_models.metrics.budgets import BudgetLine, accuracy_drop_points, fails, judge, size_reduction_pct, worst
from bench_models.metrics.latency import (
    SpeedUp,
    by_round,
    kept,
    seconds_of,
    seconds_of_baseline,
    times_as_fast,
)
from bench_models.metrics.scenarios import OFFLINE_SENTENCES
from bench_models.metrics.scorecard import Scorecard, agreement, require_better_than_chance, stored
from bench_models.metrics.scoring import measured_unasked
from bench_models.outcomes import Failed, Measured, Outcome, Skipped, Value, reason_of
from bench_models.report.document import FOLDER, VERSION, Report, Standing, VariantReport, text_of
from bench_models.report.markdown import markdown
from bench_models.runtimes.eager import Eager
from bench_models.runtimes.session import THREADS
from bench_models.serving import libraries_of
from bench_models.stats.estimate import Estimate
from bench_models.stats.proportions import proportion
from bench_models.stats.timing import LEVEL
from bench_models.storage import write_atomically
from bench_models.suites import module_name
from bench_models.suites.suite import Suite, Variant

# Where the arithmetic of a variant may come from, beside those that time it.
_LIBRARIES = (*MEASURING_LIBRARIES, "bitsandbytes", "torchao")


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """What needed a clock: in each scenario the seconds per sentence and the speed-up; None where nobody asked."""

    single_stream: Outcome[Estimate] | None = None
    offline: Outcome[Estimate] | None = None
    speed_up: Outcome[Estimate] | None = None
    offline_speed_up: Outcome[Estimate] | None = None


def write_report(report: Report, root: Path, *, interrupted: bool = False) -> int:
    """Write a report into the checkout at ``root``, print it, and return its exit status.

    One of a run that was interrupted has a name of its own and no figure, and leaves a whole one in its place.
    """
    from bench_models.report.figure.render import write_figure

    text = markdown(report)
    whole = root / FOLDER / report.suite
    broken_off = whole.with_name(f"{whole.name}-interrupted")
    path = broken_off if interrupted else whole
    write_atomically(path.with_suffix(".md"), text)
    write_atomically(path.with_suffix(".json"), text_of(report))
    sys.stdout.write(f"{text}\n")
    drawn = ""
    if not interrupted:
        for suffix in (".md", ".json"):
            broken_off.with_suffix(suffix).unlink(missing_ok=True)
        write_figure(report.summary, path.parent)
        drawn = ", and the figure to .svg and .png (and -dark)"
    sys.stdout.write(f"Written to {FOLDER}/{path.name}.md and .json{drawn}\n")
    return report.exit_status


def results_of(builder: Builder, checkout: Checkout) -> Report:
    """Return the report of the checked-out commit; measures nothing and imports no torch.

    Raises ``BenchModelsError`` when the commit has not been measured on this machine, or when the
    work tree holds something else: budgets are part of the commit too. So it does for a baseline at chance.
    """
    require_clean(checkout)
    suite = builder.suite
    history = recorded(checkout.root, checkout.commit, module_name(suite.name))
    if history is None:
        raise BenchModelsError(
            f"no results of {suite.name} for commit {checkout.commit[:8]} on this machine: `tox -e bench` measures it "
            "(or `bench-models run`, in an environment of your own)"
        )
    cards = [_card(builder, variant, history) for variant in suite.variants]
    require_better_than_chance(builder, cards[0])
    pairs = {name: _pairs(builder, name, history) for name in suite.names[1:]}
    return _report(builder, checkout, cards, _Clock(builder=builder, history=history, pairs=pairs))


def interrupted_results(builder: Builder, checkout: Checkout, found: Mapping[str, Outcome[SpeedUp]]) -> Report:
    """Return the report of a main job that was interrupted before asv recorded anything: scorecards, and ``found``."""
    variants = builder.suite.variants
    cards = [stored(builder, variant) or _interrupted(variant.name, "scored") for variant in variants]
    pairs = {name: found.get(name) or _interrupted(name, "timed") for name in builder.suite.names[1:]}
    return _report(builder, checkout, cards, _Clock(builder=builder, history=_NothingRecorded(), pairs=pairs))


def asked_of_asv(suite: Suite, checkout: Checkout) -> list[str]:
    """Return the rows that were measured at a commit, or failed; where there are none, those that ``run`` measures."""
    history = recorded(checkout.root, checkout.commit, module_name(suite.name))
    tracked = f"{module_name(suite.name)}.Figures.track_{SIZE.name}"
    names = suite.names if history else []
    measured = [name for name in names if history and not isinstance(history.value(tracked, name), Skipped)]
    return measured or measured_unasked(suite)


def _report(builder: Builder, checkout: Checkout, cards: Sequence[Outcome[Scorecard]], clock: "_Clock") -> Report:
    suite = builder.suite
    variants = tuple(
        variant_report(variant, card, cards[0], clock.times(variant.name))
        for variant, card in zip(suite.variants, cards, strict=True)
    )
    return Report(
        schema_version=VERSION,
        suite=suite.name,
        commit=checkout.commit,
        strict=suite.strict,
        exit_status=exit_status(variants, strict=suite.strict),
        machine=this_machine(),
        versions=library_versions((*_LIBRARIES, *_of_runtimes(suite, variants))),
        latency_threads=THREADS,
        offline_batch_sentences=OFFLINE_SENTENCES,
        variants=variants,
    )


def _of_runtimes(suite: Suite, variants: Sequence[VariantReport]) -> list[str]:
    """Return the libraries of the runtimes that measured variants are in."""
    measured = [each.name for each in variants if each.standing != "not measured"]
    return list(dict.fromkeys(library for name in measured for library in libraries_of(suite[name].runtime)))


def exit_status(variants: Sequence[VariantReport], *, strict: bool) -> Literal[0, 1, 2]:
    """Return 2 when something could not be measured, else 1 when a budget is broken (``strict``: or open), else 0."""
    if any(each.standing == "not measured" for each in variants):
        return 2
    broken = any(fails(line.status, strict=strict) for each in variants for line in each.budgets)
    return 1 if broken else 0


def variant_report(
    variant: Variant, card: Outcome[Scorecard], baseline: Outcome[Scorecard], times: Times
) -> VariantReport:
    """Return all that is known of a variant, and judge its budget."""
    own, reference = _value(card), _value(baseline)
    errors = _errors(card, times)
    budget = variant.budget if own else None
    if budget and not reference:
        errors.append("its budget cannot be judged, because the baseline could not be measured")
    budgets = judge(budget, reference, own) if budget and reference and own else ()
    equal = agreement(reference, own) if reference and own else ()
    beside = own.runtime_agreement if own else None
    return VariantReport(
        name=variant.name,
        standing=_standing(variant, budgets, errors),
        errors=tuple(dict.fromkeys(errors)),
        latency_single_stream_s=_value(times.single_stream),
        latency_offline_s_per_sentence=_value(times.offline),
        speed_up_single_stream_ratio=_value(times.speed_up),
        speed_up_offline_ratio=_value(times.offline_speed_up),
        parameters_count=own.parameters if own else None,
        size_bytes=own.size_bytes if own else None,
        naive_size_bytes=own.naive_size_bytes if own else None,
        size_reduction_pct=size_reduction_pct(reference, own) if reference and own else None,
        sparsity_share=own.sparsity if own else None,
        accuracy_share=proportion(own.correct) if own else None,
        error_rate_share=ERROR_RATE.of(own) if own else None,
        accuracy_drop_points=accuracy_drop_points(reference, own) if reference and own else None,
        agreement_share=proportion(equal) if equal else None,
        agreement_sentences_count=len(own.answers) + len(own.elsewhere) if own else None,
        runtime=None if isinstance(variant.runtime, Eager) else str(variant.runtime),
        runtime_agreement_share=proportion(beside.equal) if beside else None,
        logit_difference=beside.logit_difference if beside else None,
        int8_share=INT8_SHARE.of(own) if own and own.kernels else None,
        kernels={kernel.operator: kernel.count for kernel in own.kernels} if own and own.kernels else None,
        correct_by_sentence="".join("01"[right] for right in own.correct) if own else None,
        budgets=budgets,
    )


def _standing(variant: Variant, budgets: Sequence[BudgetLine], errors: Sequence[str]) -> Standing:
    if errors:
        return "not measured"
    if budgets:
        return worst([line.status for line in budgets])
    return "baseline" if variant.starts_from is None else "no budget"


def _errors(card: Outcome[Scorecard], times: Times) -> list[str]:
    """Return why a part could not be measured; nothing when all was."""
    timed = [each for each in (times.single_stream, times.offline, times.speed_up) if each is not None]
    if isinstance(card, Skipped):
        timed = []
    if isinstance(card, Failed):
        # Timing asks for the scorecard first and fails where that did, which asv tells without the reason.
        timed = [each for each in timed if not isinstance(each, Failed)]
    return [reason_of(each) for each in (card, *timed) if not isinstance(each, Measured)]


def _interrupted(name: str, done: str) -> Skipped:
    return Skipped(reason=f"the run was interrupted before {name} was {done}")


class _NothingRecorded:
    """The history of a commit that asv has not come to."""

    def timing(self, _: str, name: str) -> Skipped:
        """Return why a row has no times."""
        return _interrupted(name, "timed")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Clock:
    """Where times are looked up: ``pairs`` of each variant with the baseline, else asv's times of one process."""

    builder: Builder
    history: Recorded | _NothingRecorded
    pairs: Mapping[str, Outcome[SpeedUp]]

    def times(self, name: str) -> Times:
        """Return what was timed of a variant."""
        batch = self._seconds(name, OFFLINE)
        sentences = min(OFFLINE_SENTENCES, len(self.builder.corpus.test))
        return Times(
            single_stream=self._seconds(name, SINGLE_STREAM),
            offline=Measured(value=batch.value.scaled(1 / sentences)) if isinstance(batch, Measured) else batch,
            speed_up=self._speed_up(name, SINGLE_STREAM),
            offline_speed_up=self._speed_up(name, OFFLINE),
        )

    def _speed_up(self, name: str, scenario: Metric) -> Outcome[Estimate]:
        if name == self.builder.suite.baseline.name:
            return Measured(value=Estimate(value=1.0, low=1.0, high=1.0, level=LEVEL))
        found = self.pairs[name]
        return Measured(value=times_as_fast(found.value.pairs(scenario))) if isinstance(found, Measured) else found

    def _seconds(self, name: str, scenario: Metric) -> Outcome[Estimate]:
        """Return the time of a call: of the processes in pairs, or where there are none, of asv's."""
        if name == self.builder.suite.baseline.name:
            taken = [each.value for each in self.pairs.values() if isinstance(each, Measured)]
            rounds = by_round(taken, scenario)
            if rounds:
                return Measured(value=seconds_of_baseline(rounds))
        else:
            found = self.pairs[name]
            if isinstance(found, Measured):
                return Measured(value=seconds_of(found.value.pairs(scenario)))
        outcome = self.history.timing(f"{module_name(self.builder.suite.name)}.Latency.time_{scenario.name}", name)
        return Measured(value=outcome.value.estimate) if isinstance(outcome, Measured) else outcome


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


def _value(outcome: Outcome[Value] | None) -> Value | None:
    return outcome.value if isinstance(outcome, Measured) else None
