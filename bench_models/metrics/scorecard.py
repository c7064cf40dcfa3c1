"""The scorecard of a variant: its answers, weights and size, measured once per content key."""

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bench_models import serving
from bench_models.build import Builder
from bench_models.errors import BenchModelsError, EnvironmentTroubleError, UnavailableError
from bench_models.machine import library_versions, return_freed_memory, this_machine
from bench_models.metrics import predictions
from bench_models.metrics.runtime_agreement import RuntimeAgreement, compared, require_within
from bench_models.metrics.scenarios import scenarios
from bench_models.metrics.weights import artifact_bytes, naive_bytes, parameter_count, sparsity
from bench_models.outcomes import Failed, Measured, Outcome, Skipped
from bench_models.provenance import key_of, source_digest
from bench_models.runtimes import torch_trace
from bench_models.runtimes.artifact import ArtifactRuntime
from bench_models.runtimes.eager import Eager
from bench_models.runtimes.kernels import Kernel, int8_share
from bench_models.runtimes.session import THREADS
from bench_models.stats.proportions import proportion
from bench_models.suites.suite import Variant

log = logging.getLogger(__name__)

KIND = "scorecards"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorecard:
    """The figures of one variant.

    ``answers`` are the labels that it gives for the sentences of the test split, ``truth`` their right ones, and
    ``elsewhere`` those that it gives for sentences of other domains, whose right ones nobody knows; each is an index.
    ``runtime_agreement`` is None for a row in eager PyTorch, which agrees with itself. ``kernels`` are those of one
    single-stream call, or none where they could not be counted.
    """

    parameters: int
    size_bytes: int
    naive_size_bytes: int
    sparsity: float
    answers: tuple[int, ...]
    truth: tuple[int, ...]
    elsewhere: tuple[int, ...] = ()
    runtime_agreement: RuntimeAgreement | None = None
    kernels: tuple[Kernel, ...] = ()

    @property
    def correct(self) -> tuple[bool, ...]:
        """Whether each sentence of the test split is answered right."""
        return tuple(given == right for given, right in zip(self.answers, self.truth, strict=True))

    @property
    def accuracy(self) -> float:
        """The share of right answers."""
        return sum(self.correct) / len(self.truth)

    @property
    def beside_eager(self) -> RuntimeAgreement:
        """How its runtime answers beside eager PyTorch; raises ``BenchModelsError`` for a row in eager PyTorch."""
        if self.runtime_agreement is None:
            raise BenchModelsError("the row runs in eager PyTorch, and is compared with no other runtime")
        return self.runtime_agreement


@dataclass(frozen=True, slots=True, kw_only=True)
class _Record:
    """What is kept of a measurement: the scorecard, or why there is none."""

    outcome: Scorecard | str


def agreement(baseline: Scorecard, card: Scorecard) -> tuple[bool, ...]:
    """Return for each sentence whether both answers are equal, those of the test split first.

    Sentences of other domains count as much as those of the test split: nobody has to label them.
    """
    theirs, own = baseline.answers + baseline.elsewhere, card.answers + card.elsewhere
    return tuple(one == other for one, other in zip(theirs, own, strict=True))


def score(builder: Builder, variant: Variant) -> Outcome[Scorecard]:
    """Return the variant's scorecard, measuring it when its content was not measured before.

    A failure is recorded with its reason, for the report, and tried again the next time.
    """
    known = stored(builder, variant)
    if isinstance(known, Measured):
        log.info("%s: scorecard reused", variant.name)
    if isinstance(known, Measured | Skipped):
        return known
    try:
        card = _measure(builder, variant)
    except EnvironmentTroubleError:
        raise
    except Exception as error:  # whatever breaks one variant must not stop the others
        sentence = isinstance(error, BenchModelsError)
        reason = str(error) if sentence else f"{type(error).__name__}: {error}"
        log.warning("%s could not be measured: %s", variant.name, reason, exc_info=None if sentence else error)
        return failed(builder, variant, reason)
    finally:
        return_freed_memory()  # of this row, before the next one needs its own
    builder.store.put_record(KIND, scorecard_key(builder, variant), _Record(outcome=card))
    log.info("%s: measured, %.1f %% of %d test sentences right", variant.name, 100 * card.accuracy, len(card.truth))
    return Measured(value=card)


def failed(builder: Builder, variant: Variant, reason: str) -> Failed:
    """Record why a variant has no scorecard."""
    builder.store.put_record(KIND, scorecard_key(builder, variant), _Record(outcome=reason))
    return Failed(error=reason)


def score_unasked(builder: Builder, variant: Variant) -> Outcome[Scorecard]:
    """Return the variant's scorecard; skip it where it would first take hours of training that nobody asked for."""
    waiting = [] if builder.suite.trains_unasked else builder.untrained(variant.name)
    if waiting:
        command = f"bench-models build {builder.suite.name} {variant.name}"
        return Skipped(reason=f"training {' and '.join(waiting)} may take hours: `{command}` does it")
    return score(builder, variant)


def scores(builder: Builder) -> dict[str, Outcome[Scorecard]]:
    """Score all variants; where a hub cannot be reached, each is skipped with the reason."""
    suite = builder.suite
    try:
        suite.checkpoint.folder(builder.store.root)  # first, as it finds out at once that a hub is not there
        return {variant.name: score_unasked(builder, variant) for variant in suite.variants}
    except UnavailableError as error:
        return dict.fromkeys(suite.names, Skipped(reason=str(error)))


def any_failed(found: Mapping[str, Outcome[Scorecard]]) -> bool:
    """Say whether a variant failed; a skipped one did not."""
    return any(isinstance(outcome, Failed) for outcome in found.values())


def require_better_than_chance(builder: Builder, baseline: Outcome[Scorecard]) -> None:
    """Raise ``BenchModelsError`` for a baseline that is no better than always giving the most frequent answer.

    Whoever judges budgets asks this first. Benchmarks do not: a change that makes a baseline fall so far is seen by
    its accuracy.
    """
    if not isinstance(baseline, Measured):
        return
    card = baseline.value
    share = proportion(card.correct)
    labels = Counter(sentence.label for sentence in builder.corpus.test)
    chance = labels.most_common(1)[0][1] / labels.total()
    if share.low <= chance:
        raise BenchModelsError(
            f"the baseline of {builder.suite.name} answers {share.value:.1%} of the test split right (at least "
            f"{share.low:.1%}, with {share.level:.0%} confidence), and giving always the same answer {chance:.1%}: "
            "budgets against it would mean nothing; start from weights that were trained for the task, or train longer"
        )


def stored(builder: Builder, variant: Variant) -> Outcome[Scorecard] | None:
    """Return the recorded outcome for the variant as it is now, or None; imports no torch.

    A variant whose runtime is not installed is skipped.
    """
    reason = serving.unavailable_reason(variant)
    if reason is not None:
        return Skipped(reason=reason)
    record = builder.store.get_record(KIND, scorecard_key(builder, variant), _Record)
    if record is None:
        return None
    return Failed(error=record.outcome) if isinstance(record.outcome, str) else Measured(value=record.outcome)


def scorecard_key(builder: Builder, variant: Variant) -> str:
    """Return the key of everything that decides a scorecard: model, runtime, measuring code, machine."""
    machine = this_machine()
    runtime = variant.runtime
    return key_of(
        builder.key(variant.name),
        builder.corpus_digest,
        builder.corpus.unlabelled_digest,
        repr(runtime),
        serving.artifact_key(builder, variant) if isinstance(runtime, ArtifactRuntime) else "",
        source_digest(__name__, type(runtime).__module__),  # this module imports all that measures
        library_versions(("torch", "transformers", "tokenizers", *serving.libraries_of(runtime))),
        [machine.cpu, machine.cpu_flags, machine.cores],
    )


def _eager_kernels(variant: str, call: Callable[[], object]) -> tuple[Kernel, ...]:
    """Return the kernels of a row in eager PyTorch; none where it has a product that is not known, and say which."""
    try:
        kernels = torch_trace.kernels(call)
        int8_share(kernels)
    except BenchModelsError as error:
        log.warning("%s: its kernels are not counted: %s", variant, error)
        return ()
    return kernels


def _measure(builder: Builder, variant: Variant) -> Scorecard:
    builder.train(variant.name)
    model = builder.build(variant.name)
    # As it is served, and timed: sums of floats depend on the number of threads.
    folder = serving.artifact(builder, variant, model=model)
    session = serving.open_session(builder, variant, model=model)
    test = builder.corpus.test
    texts = [each.text for each in test]
    everything = [*texts, *builder.corpus.unlabelled]
    logits = predictions.logits(session, builder.encoder, everything, variant=variant.name)
    batches = scenarios(builder.encoder, test)
    beside: RuntimeAgreement | None = None
    if folder is not None and isinstance(variant.runtime, ArtifactRuntime):
        eager = Eager().open(model, threads=THREADS)
        theirs = predictions.logits(eager, builder.encoder, texts, variant=f"{variant.name} in eager PyTorch")
        # None of these was padded: a file that has lost its mask answers only a padded batch otherwise.
        padded = session(batches.offline), eager(batches.offline)
        beside = compared(logits[: len(test)], theirs, padded=padded)
        require_within(beside, variant.runtime.tolerance, variant=variant.name, runtime=variant.runtime)
        kernels = variant.runtime.kernels(folder, batches.single_stream)
        int8_share(kernels)  # raises where they are not those of a model
    else:
        kernels = _eager_kernels(variant.name, lambda: session(batches.single_stream))
    return Scorecard(
        parameters=parameter_count(model),
        size_bytes=artifact_bytes(model) if folder is None else serving.shipped_bytes(folder),
        naive_size_bytes=naive_bytes(model),
        sparsity=sparsity(model),
        answers=predictions.labels(logits[: len(test)]),
        truth=tuple(sentence.label for sentence in test),
        elsewhere=predictions.labels(logits[len(test) :]),
        runtime_agreement=beside,
        kernels=kernels,
    )
