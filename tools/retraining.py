"""What becomes of the budgets when a recipe is trained again? Record some trainings, then read off how they scatter.

    python tools/retraining.py --seed 3 baseline        # trains one row, and scores it and what starts from it
    python tools/retraining.py --seed 3                  # every row
    python tools/retraining.py --seed 3 --bf16           # the same in bf16 autocast
    python tools/retraining.py --table                   # the table of docs/training.md, and the budgets that follow

Each training is kept in the store under its own key, and each row is added to tools/retrainings.json as soon as it is
scored: what is stopped goes on where it was. Other weights of the baseline make all rows anew, so that a seed takes as
long as training and scoring the whole suite. Seeds may run side by side; with OMP_NUM_THREADS=1 each takes one core.
"""

import argparse
import json
import logging
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from budget_rates import Retraining, caught, families_of, rate, scatters, smallest
from filelock import FileLock
from tabulate import tabulate

from bench_models import suites
from bench_models.build import Builder
from bench_models.errors import BenchModelsError
from bench_models.metrics.budgets import Counts, counts_of, judge_counts, worst
from bench_models.metrics.scorecard import score
from bench_models.outcomes import Measured, reason_of
from bench_models.recipes.finetune import FineTune
from bench_models.recipes.step import Step
from bench_models.storage import Store, write_atomically
from bench_models.suites.suite import Budget, Suite

FILE = Path(__file__).resolve().with_name("retrainings.json")
LOSSES = (1, 2, 3, 4)

log = logging.getLogger(__name__)


def main() -> None:
    """Train and record, or show what was recorded."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="*", help="train these, and score what starts from them; default: all")
    parser.add_argument("--seed", type=int, help="of every step that trains")
    parser.add_argument("--bf16", action="store_true", help="train in bf16 autocast")
    parser.add_argument(
        "--table", action="store_true", help="print the table, and budgets that an unchanged recipe keeps"
    )
    options = parser.parse_args()
    suite = suites.load(suites.DEFAULT)
    if options.table:
        print(table(suite, read(FILE)))
        return
    if options.seed is None:
        parser.error("give a --seed, or --table")
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    builder = Builder(suite=suite, store=Store.default())
    record(builder, FILE, seed=options.seed, bf16=options.bf16, rows=options.rows)


def record(builder: Builder, file: Path, *, seed: int, bf16: bool, rows: Sequence[str]) -> None:
    """Train what is missing and add each row to the file, unless it is there with the same content key."""
    suite = builder.suite
    builder = replace(builder, suite=retrained(suite, seed=seed, bf16=bf16))
    baseline = builder.suite.baseline
    families = families_of(suite)
    asked = set(rows) or set(suite.names)
    for name in sorted(asked - set(suite.names)):
        raise BenchModelsError(f"{suite.name} has no row {name!r}: it has {', '.join(suite.names)}")
    for variant in builder.suite.variants[1:]:
        if not {variant.name, families[variant.name]} & asked:
            continue
        place = {"row": variant.name, "seed": seed, "precision": "bf16" if bf16 else "fp32"}
        key = builder.key(variant.name)
        if any(each["key"] == key and place.items() <= each.items() for each in _read(file)):
            log.info("%s with seed %d is recorded", variant.name, seed)
            continue
        outcomes = [score(builder, each) for each in (baseline, variant)]
        cards = [each.value for each in outcomes if isinstance(each, Measured)]
        if len(cards) < len(outcomes):
            raise BenchModelsError(f"{variant.name} with seed {seed} was not measured: {_reasons(outcomes)}")
        counts = counts_of(*cards)
        with FileLock(builder.store.root / "retrainings.lock"):  # another seed may be recorded at this moment
            _add(file, place | {"key": key} | asdict(counts))


def retrained(suite: Suite, *, seed: int, bf16: bool) -> Suite:
    """Return the suite with another seed in every step that trains."""
    variants = (
        replace(variant, steps=tuple(_reseeded(step, seed, bf16=bf16) for step in variant.steps))
        for variant in suite.variants
    )
    return replace(suite, variants=tuple(variants))


def read(file: Path) -> list[Retraining]:
    """Return the recorded trainings."""
    return [
        Retraining(
            row=each["row"],
            seed=each["seed"],
            precision=each["precision"],
            counts=Counts(**{name: each[name] for name in Counts.__dataclass_fields__}),
        )
        for each in _read(file)
    ]


def table(suite: Suite, retrainings: Sequence[Retraining]) -> str:
    """Return how each row scatters, which budget that leads to, and how often it catches a loss."""
    families, budgets = families_of(suite), {each.name: each.budget for each in suite.variants if each.budget}
    recorded = {each.row for each in retrainings}
    budgets = {row: budget for row, budget in budgets.items() if row in recorded}
    least = smallest(budgets, retrainings, families)
    lost = scatters(retrainings, "accuracy drop")
    alike = scatters(retrainings, "agreement")
    rows = [
        (
            row,
            lost[row].trainings,
            f"{lost[row].usual:.2f}",
            f"{lost[row].deviation:.2f}",
            f"{alike[row].usual:.1f} %",
            f"{alike[row].deviation:.2f}",
            _limits(budget),
            _kept(row, budget, retrainings),
            _limits(least[row]),
            *(f"{100 * caught(row, budget, retrainings, loss):.0f} %" for loss in LOSSES),
        )
        for row, budget in budgets.items()
    ]
    headers = (
        "row", "trainings", "drop, points", "deviation of its bound", "agreement", "deviation of its bound", "budget",
        "kept in",
        "smallest budget", *(f"caught: {loss} more" for loss in LOSSES),
    )  # fmt: skip
    share, tightest = rate(budgets, retrainings, families), rate(least, retrainings, families)
    text = tabulate(rows, headers=headers, tablefmt="github", disable_numparse=True)
    return (
        f"{text}\n\nAn unchanged recipe breaks one of these budgets in at most {100 * share:.2f} % of trainings, and "
        f"one of the smallest in {100 * tightest:.2f} %."
    )


def _kept(row: str, budget: Budget, retrainings: Sequence[Retraining]) -> str:
    """Return in how many trainings the budget was shown to be kept; in others it was open, or broken."""
    lines = [judge_counts(budget, each.counts) for each in retrainings if each.row == row]
    return f"{sum(worst([line.status for line in each]) == 'kept' for each in lines)} of {len(lines)}"


def _limits(budget: Budget) -> str:
    alike = "" if budget.min_agreement_pct is None else f", {budget.min_agreement_pct:.1f} %"
    return f"{budget.max_accuracy_drop_points:.1f} points{alike}"


def _reseeded(step: Step, seed: int, *, bf16: bool) -> Step:
    if not isinstance(step, FineTune):  # which every step that trains is
        return step
    return replace(step, seed=seed, mixed_precision=bf16 or step.mixed_precision)


def _reasons(outcomes: Sequence[Any]) -> str:
    return "; ".join(reason_of(each) for each in outcomes if not isinstance(each, Measured))


def _read(file: Path) -> list[dict[str, Any]]:
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else []


def _add(file: Path, entry: dict[str, Any]) -> None:
    """Put an entry in the place of an older one, in a file that is whole at any time."""
    others = [each for each in _read(file) if _place(each) != _place(entry)]
    entries = sorted([*others, entry], key=_place)
    lines = ",\n".join(f"  {json.dumps(each)}" for each in entries)
    write_atomically(file, f"[\n{lines}\n]\n")


def _place(entry: dict[str, Any]) -> tuple[str, int, str]:
    return entry["precision"], entry["seed"], entry["row"]


if __name__ == "__main__":
    main()
