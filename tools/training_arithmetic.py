"""How fast is training here, by which arithmetic? ``python tools/training_arithmetic.py`` writes docs/training.md.

The default suite's baseline is trained for an epoch in fp32, multiplied by oneDNN as recipes are and by PyTorch itself,
and under bf16 autocast, from the same weights and over the same batches. Takes minutes on a CPU with bf16 arithmetic,
and ten or more on one without.
"""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from unittest.mock import patch

from tabulate import tabulate
from transformers import TrainerCallback, trainer

from bench_models.build import Builder
from bench_models.machine import emulated_types, this_machine
from bench_models.metrics.predictions import right_answers
from bench_models.recipes import classifier, training
from bench_models.recipes.finetune import FineTune
from bench_models.recipes.onednn import FastLinears
from bench_models.recipes.step import Context
from bench_models.runtimes.eager import Eager
from bench_models.stats.proportions import paired_drop, proportion
from bench_models.storage import Store
from bench_models.suites.rotten_tomatoes import BASELINE, SUITE

PAGE = Path(__file__).resolve().parents[1] / "docs" / "training.md"
THREADS = 2
NEXT = "\n# Training again\n"

INTRODUCTION = """\
# Arithmetic of training

**In fp32, matrices are multiplied by oneDNN while something is learned**, where PyTorch would take MKL: MKL computes
with half the width of an AMD CPU's vectors. What is measured is multiplied as PyTorch does.

Every step that trains takes `mixed_precision`: False, the default, is fp32. True is bf16 autocast: matrices are
multiplied in bfloat16; weights and sensitive operations stay in fp32. The CPU does not decide: a recipe is the same
computation on each machine, but for the rounding of its sums.

The table shows one epoch of the default suite's baseline, from the same weights over the same batches, on {machine}
({arithmetic} bf16 arithmetic). `python tools/training_arithmetic.py` writes it. The time is the median over {steps}
steps; a step is a forward pass, a backward pass and an update by the optimizer.

"""

# Names of trainings, with the precision of each and where its products of fp32 are computed.
TRAININGS = {
    "fp32": (False, FastLinears),
    "fp32, multiplied by PyTorch": (False, nullcontext),
    "bf16 autocast": (True, FastLinears),
}


def main() -> None:
    """Train each way, compare, write the page."""
    builder = Builder(suite=SUITE, store=Store.default())
    step = replace(BASELINE, max_epochs=1)
    trained = {
        name: _trained(builder, name, replace(step, mixed_precision=mixed), linears)
        for name, (mixed, linears) in TRAININGS.items()
    }
    first, *_ = TRAININGS
    seconds = {name: median(outcome[0]) for name, outcome in trained.items()}
    rows = []
    for name, (_, correct) in trained.items():
        accuracy, drop = proportion(correct).scaled(100), paired_drop(trained[first][1], correct).scaled(100)
        rows.append(
            (
                name,
                f"{seconds[name]:.3f} s",
                f"{seconds[first] / seconds[name]:.2f} x",
                f"{accuracy.value:.1f} % ({accuracy.low:.1f} to {accuracy.high:.1f})",
                "" if name == first else f"{drop.value:.2f} points ({drop.low:.2f} to {drop.high:.2f})",
            )
        )
    machine = this_machine()
    words = INTRODUCTION.format(
        machine=machine.cpu,
        arithmetic="without" if "bfloat16" in emulated_types() else "with",
        steps=len(trained[first][0]),
    )
    headers = ("training", "time per step", "speed-up", "accuracy on the test split", "lost against fp32")
    _, heading, others = PAGE.read_text(encoding="utf-8").partition(NEXT)  # which tools/retraining.py tells of
    text = f"{words}{tabulate(rows, headers=headers, tablefmt='github')}\n{heading}{others}"
    PAGE.write_text(text, encoding="utf-8")
    print(PAGE.read_text(encoding="utf-8"))


class _Stopwatch(TrainerCallback):
    """Takes the time of each training step alone: no tokenizing, no fetching of batches, validating or saving."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self._began = 0.0

    def on_step_begin(self, *_: object, **__: object) -> None:
        self._began = time.perf_counter()

    def on_step_end(self, *_: object, **__: object) -> None:
        self.seconds.append(time.perf_counter() - self._began)


def _trained(
    builder: Builder, name: str, step: FineTune, linears: Callable[[], AbstractContextManager[object]]
) -> tuple[list[float], tuple[bool, ...]]:
    """Return the seconds of each training step, and which test sentences are answered right."""
    model = classifier.load(builder.checkpoint, builder.corpus.labels)
    with TemporaryDirectory() as scratch:
        context = Context(
            variant=name,
            corpus=builder.corpus,
            encoder=builder.encoder,
            home=builder.store.root,
            scratch=Path(scratch),
        )
        stopwatch = _Stopwatch()
        # A step makes its trainer itself and takes no callbacks, which nothing but this page would need; a trainer
        # starts from those in this list.
        with (
            patch.object(trainer, "DEFAULT_CALLBACKS", [*trainer.DEFAULT_CALLBACKS, stopwatch]),
            patch.object(training, "FastLinears", linears),
        ):
            model = step.apply(model, context)
    session = Eager().open(model, threads=THREADS)
    return stopwatch.seconds, right_answers(session, builder.encoder, builder.corpus.test, variant=context.variant)


if __name__ == "__main__":
    main()
