"""The benchmarks of a model suite, written once; each suite's own file binds them to its variants.

    class Figures(measures.Figures):
        suite = SUITE

asv finds the classes there; it passes over those here, which are abstract because they lack a suite. It hands what
``setup_cache`` returned to every benchmark, before the variant's name.
"""

import logging
import os
import pickle
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import ClassVar

from bench_models import metrics, suites
from bench_models.build import Builder
from bench_models.errors import BenchModelsError, UnavailableError
from bench_models.machine import passive_waiting
from bench_models.metrics.budgets import STATUSES, judge, worst
from bench_models.metrics.scenarios import Scenarios, scenarios
from bench_models.metrics.scorecard import Scorecard, agreement, score_unasked
from bench_models.outcomes import Failed, Measured, Outcome, Skipped
from bench_models.report.speeds import import_in_fork_server, of_this_run
from bench_models.runtimes.artifact import ArtifactRuntime
from bench_models.runtimes.session import Session
from bench_models.serving import open_session
from bench_models.sources.corpora import Corpus, LoadedCorpus
from bench_models.storage import Store
from bench_models.suites.suite import Suite

log = logging.getLogger(__name__)

# Training a baseline from nothing takes minutes; asv gives setup_cache 60 seconds unless told.
SETUP_TIMEOUT_S = 3 * 60 * 60

_NO_SENTENCES = Corpus(labels=(), train=(), validation=(), test=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What every benchmark of a suite needs, built once a commit; without scenarios nothing is timed.

    Each scorecard lies in a file of its own, in the folder where asv runs ``setup_cache`` and then the benchmarks. So a
    check can see which of them a benchmark depends on.
    """

    names: tuple[str, ...]
    scenarios: Scenarios | None = None
    corpus: Corpus = _NO_SENTENCES

    def card(self, variant: str) -> Scorecard:
        """Return a variant's figures, or raise the error that it could not be measured for."""
        outcome = self._outcome(variant)
        if isinstance(outcome, Measured):
            return outcome.value
        if isinstance(outcome, Skipped):
            raise NotImplementedError(outcome.reason)  # asv's word, in a setup, for "not here"
        raise RuntimeError(f"{variant} could not be measured: {outcome}")

    @property
    def scored(self) -> list[str]:
        """The variants that have a scorecard, in the order of the suite."""
        return [variant for variant in self.names if isinstance(self._outcome(variant), Measured)]

    @staticmethod
    def _outcome(variant: str) -> Outcome[Scorecard]:
        outcome: Outcome[Scorecard] = pickle.loads(_card_of(variant).read_bytes())  # noqa: S301  # of setup_cache
        return outcome

    @property
    def batches(self) -> Scenarios:
        """What is timed."""
        if self.scenarios is None:
            raise NotImplementedError("nothing is timed where nothing could be loaded")
        return self.scenarios


def _card_of(variant: str) -> Path:
    return Path(f"{variant}.card")


def prepare(suite: Suite) -> Prepared:
    """Build and score the variants that are asked for; what was built and scored before is reused.

    A suite whose weights or sentences cannot be had here is skipped, with the reason.
    """
    os.environ.update(passive_waiting())  # before torch is imported: training takes several threads
    asked = suite.only(os.environ.get(suites.ROWS, "").split())
    builder = Builder(suite=suite, store=Store.default())
    names = tuple(suite.names)
    cards: dict[str, Outcome[Scorecard]] = dict.fromkeys(names, Skipped(reason="it is not asked for"))
    try:
        suite.checkpoint.folder(builder.store.root)  # first, as it finds out at once that a hub is not there
        cards |= {variant.name: score_unasked(builder, variant) for variant in asked.variants}
        timed = scenarios(builder.encoder, builder.corpus.test)
        return Prepared(names=names, scenarios=timed, corpus=builder.corpus)
    except UnavailableError as error:
        log.warning("%s is skipped: %s", suite.name, error)
        cards = dict.fromkeys(names, Skipped(reason=str(error)))
        return Prepared(names=names)
    finally:
        for variant, outcome in cards.items():
            _card_of(variant).write_bytes(pickle.dumps(outcome))


class _OfSuite(ABC):
    """Benchmarks with one parameter, the variant."""

    # asv would take a digest of the source, and drop the history whenever a comment changes.
    version = "1"
    param_names: ClassVar[list[str]] = ["variant"]
    params: ClassVar[list[list[str]]]

    @property
    @abstractmethod
    def suite(self) -> Suite:
        """The suite that a subclass sets."""

    def __init_subclass__(cls, **kwargs: object) -> None:
        """Make the suite's variants the benchmark's parameters."""
        super().__init_subclass__(**kwargs)
        if isinstance(cls.suite, Suite):
            cls.params = [cls.suite.names]


class _OfScorecard(_OfSuite):
    """Benchmarks that are read off the scorecard, without importing torch."""

    def setup(self, prepared: Prepared, variant: str) -> None:
        """Skip a variant that was skipped, and fail for one that failed."""
        prepared.card(variant)


class Figures(_OfScorecard):
    """Size, parameters, sparsity, accuracy, kernels."""

    def track_parameters(self, prepared: Prepared, variant: str) -> float:
        """Weights and biases, packed ones included."""
        return metrics.PARAMETERS.of(prepared.card(variant))

    def track_size(self, prepared: Prepared, variant: str) -> float:
        """The serialized artifact."""
        return metrics.SIZE.of(prepared.card(variant))

    def track_naive_size(self, prepared: Prepared, variant: str) -> float:
        """Parameters and buffers in memory, which misses packed weights."""
        return metrics.NAIVE_SIZE.of(prepared.card(variant))

    def track_sparsity(self, prepared: Prepared, variant: str) -> float:
        """The share of exact zeros."""
        return metrics.SPARSITY.of(prepared.card(variant))

    def track_accuracy(self, prepared: Prepared, variant: str) -> float:
        """The share of the test split that is answered right."""
        return metrics.ACCURACY.of(prepared.card(variant))

    def track_error_rate(self, prepared: Prepared, variant: str) -> float:
        """The same with lower being better, for asv's own regression page."""
        return metrics.ERROR_RATE.of(prepared.card(variant))

    def answers(self, prepared: Prepared, variant: str) -> list[tuple[str, bool]]:
        """Each test sentence, and whether it is answered right: a check compares commits sentence by sentence."""
        texts = (sentence.text for sentence in prepared.corpus.test)
        return list(zip(texts, prepared.card(variant).correct, strict=True))

    def track_int8_share(self, prepared: Prepared, variant: str) -> float:
        """The share of multiply-accumulates of matrix products that ran in integer arithmetic."""
        return metrics.INT8_SHARE.of(prepared.card(variant))

    def track_kernels(self, prepared: Prepared, variant: str) -> float:
        """How many kernels ran for one sentence; more of them where operators are no longer fused."""
        return metrics.KERNELS.of(prepared.card(variant))

    def track_agreement(self, prepared: Prepared, variant: str) -> float:
        """The share of sentences, labelled or not, that is answered as the baseline answers them."""
        return fmean(agreement(prepared.card(self.suite.baseline.name), prepared.card(variant)))

    def equal_answers(self, prepared: Prepared, variant: str) -> list[tuple[str, bool]]:
        """Each sentence, labelled or not, and whether it is answered as the baseline answers it."""
        equal = agreement(prepared.card(self.suite.baseline.name), prepared.card(variant))
        texts = [sentence.text for sentence in prepared.corpus.test]
        return list(zip([*texts, *prepared.corpus.unlabelled], equal, strict=True))

    def track_disagreement(self, prepared: Prepared, variant: str) -> float:
        """The same with lower being better, for asv's own regression page."""
        return 1 - self.track_agreement(prepared, variant)

    def track_budget(self, prepared: Prepared, variant: str) -> float:
        """The verdict on the variant's budget: 0 for kept (or none to keep), 1 for open, 2 for broken."""
        budget = self.suite[variant].budget
        if budget is None:
            return STATUSES.index("kept")
        lines = judge(budget, prepared.card(self.suite.baseline.name), prepared.card(variant))
        return STATUSES.index(worst([line.status for line in lines]))

    # A check reads these.
    track_accuracy.outcomes = "answers"  # type: ignore[attr-defined]
    track_agreement.outcomes = "equal_answers"  # type: ignore[attr-defined]


class RuntimeFigures(_OfScorecard):
    """How rows answer that are not in eager PyTorch."""

    def __init_subclass__(cls, **kwargs: object) -> None:
        """Take the rows whose runtime ships a file of its own, of which a suite that binds this has some."""
        super().__init_subclass__(**kwargs)
        if isinstance(cls.suite, Suite):
            rows = [each.name for each in cls.suite.variants if isinstance(each.runtime, ArtifactRuntime)]
            if not rows:
                raise BenchModelsError(
                    f"suite {cls.suite.name}: all rows are in eager PyTorch, of which {cls.__name__} tells nothing: "
                    "leave it out of the suite's benchmarks"
                )
            cls.params = [rows]

    def track_runtime_agreement(self, prepared: Prepared, variant: str) -> float:
        """The share of the test split that the runtime answers as eager PyTorch does with the same model."""
        return metrics.RUNTIME_AGREEMENT.of(prepared.card(variant))

    def equal_in_eager(self, prepared: Prepared, variant: str) -> list[tuple[str, bool]]:
        """Each test sentence, and whether the runtime answers it as eager PyTorch does with the same model."""
        texts = (sentence.text for sentence in prepared.corpus.test)
        return list(zip(texts, prepared.card(variant).beside_eager.equal, strict=True))

    def track_logit_difference(self, prepared: Prepared, variant: str) -> float:
        """The largest difference of a logit between the runtime and eager PyTorch."""
        return metrics.LOGIT_DIFFERENCE.of(prepared.card(variant))

    # A check reads it.
    track_runtime_agreement.outcomes = "equal_in_eager"  # type: ignore[attr-defined]


class Latency(_OfSuite):
    """Both latency scenarios, on a model that is loaded once a process."""

    # Two processes a figure, as processes differ by more than calls do. The number of samples is
    # fixed, so that the report can tell whose they are.
    rounds = 2
    repeat = 10
    sample_time = 0.1
    warmup_time = 0.3
    timeout = 300

    def setup(self, prepared: Prepared, variant: str) -> None:
        """Load the variant; asv may call this before every sample, so the load is cached."""
        prepared.card(variant)
        self.scenarios = prepared.batches
        self.session = _session(self.suite, variant, prepared.corpus)

    def time_single_stream(self, prepared: Prepared, variant: str) -> None:  # noqa: ARG002  # asv's signature
        """One sentence of median length."""
        self.session(self.scenarios.single_stream)

    def time_offline(self, prepared: Prepared, variant: str) -> None:  # noqa: ARG002  # asv's signature
        """A batch of 32 sentences; the report divides by 32."""
        self.session(self.scenarios.offline)

    # A call of this takes a sample's time by itself.
    time_offline.repeat = 3  # type: ignore[attr-defined]  # asv reads it off the function


class SpeedUp(_OfSuite):
    """How many times as fast as the baseline: both in turn, in fresh pairs of processes on one core.

    A ratio of times that were taken beside each other is what a busy machine disturbs least: of all that needs a
    clock it alone may be compared over the history of a runner. The pairs go to the store, for the report.
    """

    # The first one that asv runs measures all variants.
    timeout = SETUP_TIMEOUT_S

    def setup(self, prepared: Prepared, variant: str) -> None:
        """Measure the speed-ups of this run, unless another benchmark of it has done so."""
        prepared.card(variant)
        self.ratio = 1.0
        if variant == self.suite.baseline.name:
            return
        prepared.card(self.suite.baseline.name)
        found = of_this_run(self.suite, prepared.scored[1:], type(self))[variant]
        if isinstance(found, Skipped):
            raise NotImplementedError(found.reason)
        if isinstance(found, Failed):
            raise RuntimeError(  # noqa: TRY004  # an outcome, and none of a wrong type
                f"the speed-up of {variant} could not be measured: {found.error}"
            )
        self.ratio = found.value

    def track_speed_up(self, prepared: Prepared, variant: str) -> float:  # noqa: ARG002  # asv's signature
        """The baseline's time for one sentence of median length, over the variant's."""
        return self.ratio

    def track_relative_latency(self, prepared: Prepared, variant: str) -> float:  # noqa: ARG002  # asv's signature
        """The same with lower being better, for asv's own regression page."""
        return 1 / self.ratio


def _describe(benchmarks: type, prefix: str, described: Sequence[metrics.Metric]) -> None:
    """Give each benchmark its metric's unit, for asv, and its direction, margin and check flag, for a check."""
    for metric in described:
        benchmark = getattr(benchmarks, prefix + metric.name)
        benchmark.unit, benchmark.better, benchmark.margin = metric.unit, metric.better, metric.margin_pct
        benchmark.check = metric.checked


_describe(Figures, "track_", (*metrics.FIGURES, *metrics.AGAINST_BASELINE))
_describe(RuntimeFigures, "track_", metrics.OF_RUNTIMES)
_describe(Latency, "time_", metrics.LATENCIES)
_describe(SpeedUp, "track_", metrics.RATIOS)


_sessions: dict[tuple[Suite, str], Session] = {}


def _session(suite: Suite, variant: str, corpus: Corpus) -> Session:
    """Return a variant, loaded once a process."""
    if (suite, variant) not in _sessions:
        builder = Builder(suite=replace(suite, corpus=LoadedCorpus(corpus=corpus)), store=Store.default())
        _sessions[suite, variant] = open_session(builder, suite[variant])
    return _sessions[suite, variant]


import_in_fork_server()
