"""What the main job says while it runs: what is to be done, how long that takes here, and each row when it is done.

Until something was measured in this run, times are by rule of thumb, and the words say which it is.
"""

import logging
import math
import time
from collections.abc import Container, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import fmean
from typing import TYPE_CHECKING

from bench_models.build import Builder
from bench_models.metrics import ACCURACY, SINGLE_STREAM, SIZE, SPEED_UP
from bench_models.metrics.latency import SpeedUp, by_round, seconds_of, seconds_of_baseline, times_as_fast
from bench_models.metrics.scorecard import Scorecard, stored
from bench_models.metrics.scoring import Scored, is_emulated, side_by_side
from bench_models.outcomes import Measured, Outcome, Skipped, reason_of
from bench_models.runtimes.artifact import ArtifactRuntime
from bench_models.serving import unavailable_reason
from bench_models.suites.suite import Suite, Variant
from bench_models.text import listed

if TYPE_CHECKING:
    from transformers import TrainerControl, TrainerState, TrainingArguments

log = logging.getLogger(__name__)

# Steps of a training that tell how long all of it takes: batches of like length come together, fifty of them sorted.
STEPS = 50
# Rules of thumb, for what was not measured yet. A sentence that is scored, in one thread, takes so many times its share
# of a training step, which computes forwards once and backwards twice. A row is timed beside the baseline for so long,
# most of which does not depend on the machine; and what is started for all of them, asv and pytest too, takes so long.
_SCORED = 2 / 3
_TIMED_S = 30.0
_STARTED_S = 60.0
# What ends sooner is not worth a sentence.
_SHORT_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a run has to do: the rows to train, those to score, and those to time, beside those that were timed."""

    training: tuple[str, ...]
    scoring: tuple[str, ...]
    timing: tuple[str, ...]
    timed: tuple[str, ...] = ()

    def sentence(self) -> str:
        """Return what is done and what is reused, and how long it takes as far as that is known before it begins."""
        scored = [name for name in self.rows if name not in self.scoring]
        parts = [f"{_counted(len(self.timing), 'row')} to time", f"to train: {_named(self.training)}"]
        parts += [f"to score: {_named(self.scoring)}"]
        parts += [f"scores of {_counted(len(scored), 'row')} are reused"] if scored else []
        again = "under the same conditions (--retime takes them anew)"
        parts += [f"times of {_counted(len(self.timed), 'row')} are reused, {again}"] if self.timed else []
        known = f" (the first {'steps' if self.training else 'row'} will show how long)"
        if not self.scoring:
            known = f" (about {duration(self.timing_s)} on quiet cores, by rule of thumb)" if self.timing else ""
        return f"{'; '.join(parts)}{known}"

    @property
    def timing_s(self) -> float:
        """How long timing and all that follows take, by rule of thumb; the baseline is part of each pair."""
        return _STARTED_S + _TIMED_S * (len(self.timing) - 1) if self.timing else 0.0

    @property
    def rows(self) -> tuple[str, ...]:
        """All rows of the table."""
        return (*self.timing, *self.timed)


def plan(builder: Builder, reused: Container[str] = ()) -> Plan:
    """Look up what is in the store already, of the rows whose runtime is installed; times of some are reused."""
    known = {each.name: stored(builder, each) for each in builder.suite.variants}
    rows = [name for name, outcome in known.items() if not isinstance(outcome, Skipped)]
    baseline = builder.suite.baseline.name
    due = [name for name in rows if name not in reused]
    # The baseline is timed beside each of the others.
    timing = () if due == [baseline] and len(rows) > 1 else tuple(due)
    return Plan(
        training=tuple(dict.fromkeys(row for name in rows for row in builder.untrained(name))),
        scoring=tuple(name for name in rows if not isinstance(known[name], Measured)),
        timing=timing,
        timed=tuple(name for name in rows if name not in timing),
    )


def left_out(suite: Suite, whole: Suite) -> tuple[str, str]:
    """Say how many rows of the whole suite are not measured, and which they are and why; nothing where all are."""
    missing = [name for name in whole.names if name not in suite.names]
    if not missing:
        return "", ""
    slow = [name for name in missing if is_emulated(whole, whole[name])]
    besides = f"; this CPU emulates the 16-bit arithmetic of {listed(slow)}" if slow else ""
    reasons = {name: unavailable_reason(whole[name]) for name in missing}
    besides += "".join(f"; {name}: {reason}" for name, reason in reasons.items() if reason)
    counted = f"{len(missing)} of {len(whole.names)} rows are not asked for: their names add them, and --all every row"
    return counted, f"they are {_named(missing)}{besides}"


@dataclass(kw_only=True)
class Table:
    """The rows that are done: a line each, aligned, as soon as there is something to say of it."""

    builder: Builder
    plan: Plan
    reused: Mapping[str, SpeedUp] = field(default_factory=dict)
    _begun: float = field(default_factory=time.monotonic)
    _scoring_s: list[float] = field(default_factory=list)
    _pairs: int = 0

    def head(self) -> None:
        """Write what the columns are."""
        log.info("%s", self._line("variant", "accuracy", "size", "latency", "speed-up"))

    def began(self) -> None:
        """Take the time from now on."""
        self._begun = time.monotonic()

    def scored(self, scored: Scored) -> None:
        """Show a row, with its times if they are known; after the first ones scored, say how long others take."""
        pairs = self.reused.get(scored.row)
        log.info("%s", self._row(scored.row, scored.outcome, Measured(value=pairs) if pairs else None))
        if scored.seconds is None or len(self._scoring_s) == side_by_side():
            return
        self._scoring_s.append(scored.seconds)
        if len(self._scoring_s) == side_by_side():
            self._estimate()

    def _estimate(self) -> None:
        """Say how long the other rows take to score; those that are emulated come last, and take longer."""
        suite = self.builder.suite
        slower = [name for name in self.plan.scoring if is_emulated(suite, suite[name])]
        written = [name for name in self.plan.scoring if _takes_minutes(suite[name])]
        left = fmean(self._scoring_s) * ((len(self.plan.scoring) - len(slower)) / side_by_side() - 1)
        if left > _SHORT_S or written:
            besides = f"; {listed(slower)} perhaps longer, as this CPU emulates 16-bit arithmetic" if slower else ""
            besides += f"; {listed(written)} minutes more, unless what is shipped is kept already" if written else ""
            log.info("the other rows take about %s to score, if they are as fast%s", duration(max(left, 0.0)), besides)

    def timed(self, name: str, outcome: Outcome[SpeedUp] | None) -> None:
        """Show a row with its times, when it has all its pairs; after the first round, say how long others take."""
        self._pairs += 1
        pairs = self.builder.suite.pairs
        if self._pairs == len(self.plan.timing) - 1:
            seconds = time.monotonic() - self._begun
            if seconds * pairs > _SHORT_S:
                log.info(
                    "a first pair of each row took %s: %d of them take about %s",
                    duration(seconds),
                    pairs,
                    duration(seconds * pairs),
                )
        if isinstance(outcome, Measured) and len(outcome.value.single_stream) < pairs:
            return
        card = stored(self.builder, self.builder.suite[name])
        if card is not None and outcome is not None:
            log.info("%s", self._row(name, card, outcome))

    def baseline(self, found: Mapping[str, Outcome[SpeedUp]]) -> None:
        """Show the baseline with its time, when all pairs are taken: it is part of each of them."""
        rounds = by_round([each.value for each in found.values() if isinstance(each, Measured)], SINGLE_STREAM)
        baseline = self.builder.suite.baseline
        card = stored(self.builder, baseline)
        if rounds and isinstance(card, Measured):
            seconds = seconds_of_baseline(rounds).value
            log.info("%s", self._line(baseline.name, *_figures(card.value), SINGLE_STREAM.show(seconds)))

    def _row(self, name: str, card: Outcome[Scorecard], times: Outcome[SpeedUp] | None) -> str:
        for outcome in (card, times):
            if outcome is not None and not isinstance(outcome, Measured):
                return f"{self._line(name)}  not measured: {reason_of(outcome)}"
        cells = _figures(card.value)  # type: ignore[union-attr]  # Measured
        if times is not None:
            pairs = times.value.single_stream  # type: ignore[union-attr]  # Measured
            cells += [SINGLE_STREAM.show(seconds_of(pairs).value), SPEED_UP.show(times_as_fast(pairs).value)]
        return self._line(name, *cells)

    def _line(self, name: str, *cells: str) -> str:
        width = max(map(len, ("variant", *self.plan.rows)))
        return "  ".join((f"{name:<{width}}", *(f"{cell:>10}" for cell in cells)))


def _takes_minutes(row: Variant) -> bool:
    return isinstance(row.runtime, ArtifactRuntime) and row.runtime.takes_minutes


def _figures(card: Scorecard) -> list[str]:
    return [ACCURACY.show(card.accuracy), SIZE.show(card.size_bytes)]


@contextmanager
def estimating(plan: Plan, sentences: int) -> Iterator[None]:
    """Say how long a run takes, by the first steps of its first training, and of each other one how long that takes.

    ``sentences`` are those that scoring a row answers. Follows the steps by the list of callbacks that transformers
    gives to every trainer; imports transformers only where something is trained.
    """
    if not plan.training:
        yield
        return
    from bench_models.recipes.classifier import leave_torchao_out

    leave_torchao_out()
    from transformers import TrainerCallback, trainer

    begun: list[float] = []

    class Steps(TrainerCallback):
        def on_train_begin(self, *_: object, **__: object) -> None:
            begun.append(time.monotonic())

        def on_step_end(
            self,
            args: "TrainingArguments",
            state: "TrainerState",
            control: "TrainerControl",  # noqa: ARG002  # transformers' signature
            **_: object,
        ) -> None:
            few = min(STEPS, math.ceil(state.max_steps / 4))
            if state.global_step == few:
                step_s = (time.monotonic() - begun[-1]) / few
                scored_s = step_s / args.per_device_train_batch_size * _SCORED
                rest_s = len(plan.scoring) / side_by_side() * sentences * scored_s + plan.timing_s
                trainings_s = [(state.max_steps - few) * step_s]
                if len(begun) == 1:
                    trainings_s += [state.max_steps * step_s] * (len(plan.training) - 1)
                _tell(trainings_s, rest_s if len(begun) == 1 else None, few)

    trainer.DEFAULT_CALLBACKS.append(Steps)  # type: ignore[arg-type]  # it holds any callback
    try:
        yield
    finally:
        trainer.DEFAULT_CALLBACKS.remove(Steps)  # type: ignore[arg-type]  # likewise


def _tell(trainings_s: list[float], rest_s: float | None, steps: int) -> None:
    """Say how long trainings take, and what comes after them."""
    if trainings_s[0] < _SHORT_S:
        return
    training = f"training takes at most {duration(trainings_s[0])} more, from its first {steps} steps"
    if rest_s is None:
        log.info("this %s", training)
        return
    others = f", {_counted(len(trainings_s) - 1, 'other')} as long each" if len(trainings_s) > 1 else ""
    whole, rest = duration(sum(trainings_s) + rest_s), duration(rest_s)
    log.info("about %s for all: this %s%s, and the rest %s, by rule of thumb", whole, training, others, rest)


def duration(seconds: float) -> str:
    """Return a time in words, as exactly as an estimate deserves."""
    if seconds < 90:  # noqa: PLR2004  # from there on minutes say enough
        return f"{math.ceil(seconds)} s"
    minutes = round(seconds / 60)
    return f"{minutes} minutes" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"  # noqa: PLR2004  # likewise


def _counted(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def _named(names: "tuple[str, ...] | list[str]") -> str:
    return ", ".join(names) or "nothing"
