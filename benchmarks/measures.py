"""What is measured, written once; a suite's own file says on what.

    class Figures(measures.Figures):
        suite = SUITE

asv finds the classes there; those here are abstract, because they have no suite, and it passes
them over. asv hands what ``setup_cache`` returned to every benchmark, before the variant's name.
"""

import logging
import os
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import ClassVar

from bench_models import metrics, suites
from bench_models.build import Builder
from bench_models.errors import UnavailableError
from bench_models.metrics.latency import THREADS, Scenarios, scenarios
from bench_models.metrics.scorecard import Scorecard, score_unasked
from bench_models.outcomes import Measured, Outcome, Skipped
from bench_models.runtimes.session import Session
from bench_models.store import Store
from bench_models.suites.suite import Suite

log = logging.getLogger(__name__)

# Training a baseline from nothing takes minutes; asv gives setup_cache 60 seconds unless told.
SETUP_TIMEOUT_S = 3 * 60 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What every benchmark of a suite needs; built once a commit. Nothing is timed where there are no scenarios."""

    cards: dict[str, Outcome[Scorecard]]
    scenarios: Scenarios | None
    sentences: tuple[str, ...]

    def card(self, variant: str) -> Scorecard:
        """Return a variant's figures, or raise the error that it could not be measured for."""
        outcome = self.cards[variant]
        if isinstance(outcome, Measured):
            return outcome.value
        if isinstance(outcome, Skipped):
            raise NotImplementedError(outcome.reason)  # asv's word, in a setup, for "not here"
        raise RuntimeError(f"{variant} could not be measured: {outcome}")

    @property
    def batches(self) -> Scenarios:
        """What is timed."""
        if self.scenarios is None:
            raise NotImplementedError("nothing is timed where nothing could be loaded")
        return self.scenarios


def prepare(suite: Suite) -> Prepared:
    """Build and score the variants that are asked for; what was built and scored before is reused.

    A suite whose weights or sentences cannot be had here is skipped, with the reason.
    """
    asked = suite.only(os.environ.get(suites.ROWS, "").split())
    builder = Builder(suite=suite, store=Store.default())
    cards: dict[str, Outcome[Scorecard]] = dict.fromkeys(suite.names, Skipped(reason="it is not asked for"))
    try:
        suite.checkpoint.folder(builder.store.root)  # first, as it finds out at once that a hub is not there
        return Prepared(
            cards=cards | {variant.name: score_unasked(builder, variant) for variant in asked.variants},
            scenarios=scenarios(builder.encoder, builder.corpus.test),
            sentences=tuple(sentence.text for sentence in builder.corpus.test),
        )
    except UnavailableError as error:
        log.warning("%s is skipped: %s", suite.name, error)
        skipped = Skipped(reason=str(error))
        return Prepared(cards=dict.fromkeys(suite.names, skipped), scenarios=None, sentences=())


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


class Figures(_OfSuite):
    """Size, parameters, sparsity, accuracy: read off the scorecard, without importing torch."""

    def setup(self, prepared: Prepared, variant: str) -> None:
        """Skip what is skipped, fail at what failed."""
        prepared.card(variant)

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
        return list(zip(prepared.sentences, prepared.card(variant).correct, strict=True))

    track_accuracy.outcomes = "answers"  # type: ignore[attr-defined]  # a check reads it


class Latency(_OfSuite):
    """Both scenarios, on a model that is loaded once a process."""

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
        self.session = _session(self.suite, variant)

    def time_single_stream(self, prepared: Prepared, variant: str) -> None:  # noqa: ARG002  # asv's signature
        """One sentence of median length."""
        self.session(self.scenarios.single_stream)

    def time_offline(self, prepared: Prepared, variant: str) -> None:  # noqa: ARG002  # asv's signature
        """A batch of 32 sentences; the report divides by 32."""
        self.session(self.scenarios.offline)

    # A call of this takes a sample's time by itself.
    time_offline.repeat = 3  # type: ignore[attr-defined]  # asv reads it off the function


def _describe(benchmarks: type, prefix: str, described: Sequence[metrics.Metric]) -> None:
    """Give each benchmark its metric's unit for asv, and for whoever compares direction, margin and whether to."""
    for metric in described:
        benchmark = getattr(benchmarks, prefix + metric.name)
        benchmark.unit, benchmark.better, benchmark.margin = metric.unit, metric.better, metric.margin_pct
        benchmark.check = metric.checked


_describe(Figures, "track_", metrics.FIGURES)
_describe(Latency, "time_", metrics.LATENCIES)


@cache
def _session(suite: Suite, variant: str) -> Session:
    model = Builder(suite=suite, store=Store.default()).build(variant)
    return suite[variant].runtime.open(model, threads=THREADS)
