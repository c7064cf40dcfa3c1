"""A suite as a frozen table: one model, one corpus, its variants and their budgets."""

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace

from bench_models.errors import BenchModelsError
from bench_models.recipes.step import Step
from bench_models.runtimes.eager import Eager
from bench_models.runtimes.session import Runtime
from bench_models.sources.checkpoints import Checkpoint
from bench_models.sources.corpora import CorpusSource
from bench_models.stats.timing import FEWEST, PAIRS


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What a variant may cost and must bring, against the suite's baseline.

    ``max_accuracy_drop_points`` is in percentage points of the test split, ``min_size_reduction_pct`` in percent of
    the baseline's artifact, and ``min_agreement_pct`` in percent of all sentences, those without labels included,
    that must be answered as the baseline answers them; None asks for none.
    """

    max_accuracy_drop_points: float
    min_size_reduction_pct: float
    min_agreement_pct: float | None = None

    def __post_init__(self) -> None:
        """Refuse limits that every variant breaks, or none can."""
        agreement = 0.0 if self.min_agreement_pct is None else self.min_agreement_pct
        limits = (self.max_accuracy_drop_points, self.min_size_reduction_pct, agreement)
        if not all(isinstance(limit, int | float) and math.isfinite(limit) for limit in limits):
            raise BenchModelsError(f"{self}: limits must be finite numbers")
        if self.min_size_reduction_pct >= 100:  # noqa: PLR2004  # percent
            raise BenchModelsError(f"{self}: nothing can be {self.min_size_reduction_pct} % smaller than the baseline")
        if not 0 <= agreement < 100:  # noqa: PLR2004  # percent
            raise BenchModelsError(
                f"{self}: an agreement of {agreement} % cannot be shown: ask for one from 0 to below 100 %"
            )


def budget(accuracy_drop: float, size_reduction: float, agreement: float | None = None) -> Budget:
    """Return a budget in points of accuracy, percent of size and, where asked for, percent of equal answers."""
    return Budget(
        max_accuracy_drop_points=accuracy_drop, min_size_reduction_pct=size_reduction, min_agreement_pct=agreement
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One row: the row it starts from, the steps that differ, the runtime and the budget.

    A row that starts from no other (``starts_from=None``) starts from the suite's checkpoint. The
    baseline has no budget: everything else is measured against it.
    """

    name: str
    starts_from: str | None
    steps: tuple[Step, ...]
    runtime: Runtime = field(default_factory=Eager)
    budget: Budget | None = None

    def __post_init__(self) -> None:
        """Refuse values that are not steps: a class that was not called, a name, a step without its tuple."""
        if not isinstance(self.steps, tuple):
            raise BenchModelsError(f"row {self.name}: steps={self.steps!r} is not a tuple: write (step,), with a comma")
        for step in self.steps:
            if not isinstance(step, Step):
                raise BenchModelsError(f"row {self.name}: {step!r} is not a step: write it as in PruneL1(amount=0.5)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """The catalogue of one model; the first row is the baseline.

    ``trains_unasked`` is whether asv may train what is not in the store yet; where training takes hours,
    rows that need it are skipped until ``bench-models build`` or ``run`` has been told to. A budget that cannot be
    told from so few sentences passes, unless the suite is ``strict``. Each variant is timed in so many ``pairs`` of
    processes beside its baseline: fewer take less time, and leave wider intervals.

    Raises ``BenchModelsError`` when rows share a name or do not start from a row above them.
    """

    name: str
    checkpoint: Checkpoint
    corpus: CorpusSource
    variants: tuple[Variant, ...]
    trains_unasked: bool = True
    strict: bool = False
    pairs: int = PAIRS

    def __post_init__(self) -> None:
        """Refuse repeated names, and rows that start from a row that is not above them."""
        if not self.variants:
            raise BenchModelsError(f"suite {self.name} has no rows: it needs at least a baseline")
        if self.pairs < FEWEST:
            raise BenchModelsError(
                f"suite {self.name}: pairs={self.pairs}: an interval needs at least {FEWEST} pairs of processes"
            )
        above: list[str] = []
        for variant in self.variants:
            self._check(variant, above)
            above.append(variant.name)
        if self.baseline.starts_from is not None or self.baseline.budget is not None:
            message = (
                f"suite {self.name}: the first row, {self.baseline.name}, is the baseline that the others are "
                "measured against, so it needs starts_from=None and budget=None"
            )
            raise BenchModelsError(message)

    @property
    def baseline(self) -> Variant:
        """The row that budgets are measured against."""
        return self.variants[0]

    @property
    def names(self) -> list[str]:
        """The variants' names, in the order of the table."""
        return [variant.name for variant in self.variants]

    @property
    def quick(self) -> list[str]:
        """The names of the baseline, and of the rows that it becomes by quick steps: those train nothing themselves."""
        return [variant.name for variant in self.variants if variant is self.baseline or not self._trains(variant)]

    def __getitem__(self, name: str) -> Variant:
        """Return the row called ``name``."""
        for variant in self.variants:
            if variant.name == name:
                return variant
        raise BenchModelsError(f"suite {self.name} has no variant {name!r}: it has {', '.join(self.names)}")

    def lineage(self, name: str) -> Iterator[Variant]:
        """Yield the rows that ``name`` is made of, the one that starts from the checkpoint first."""
        variant = self[name]
        if variant.starts_from is not None:
            yield from self.lineage(variant.starts_from)
        yield variant

    def only(self, names: Collection[str]) -> "Suite":
        """Return the baseline, the rows called so and those that they start from; all rows when none is named."""
        wanted = {variant.name for name in names for variant in self.lineage(name)} | {self.baseline.name}
        if not names:
            return self
        return replace(self, variants=tuple(variant for variant in self.variants if variant.name in wanted))

    def _trains(self, variant: Variant) -> bool:
        """Say whether a row needs a training besides the baseline's."""
        own = (row for row in self.lineage(variant.name) if row is not self.baseline)
        return any(step.trained for row in own for step in row.steps)

    def _check(self, variant: Variant, above: list[str]) -> None:
        parent = variant.starts_from
        row = f"suite {self.name}: row {variant.name}"
        if variant.name in above:
            raise BenchModelsError(f"{row} stands there twice: each row needs a name of its own")
        if parent == variant.name:
            raise BenchModelsError(f"{row} starts from itself: it must start from a row above it, or None")
        if parent is not None and parent not in above:
            known = f"one of {', '.join(above)}" if above else "None, as the first row"
            where = "stands below it" if parent in self.names else "does not exist"
            raise BenchModelsError(f"{row} starts from {parent!r}, which {where}: it must start from {known}")
