"""The two sides of a check, and the raw, validated measurements of one benchmark on both."""

import math
from dataclasses import dataclass, replace
from typing import Literal

from bench_models.outcomes import Failed, Skipped
from bench_models.stats.sequential import SAME_REPEATS

SideName = Literal["base", "head"]
SIDES: tuple[SideName, SideName] = ("base", "head")

Better = Literal["lower", "higher"]

# The defaults of a suite that states nothing; asv, too, takes lower numbers for better.
DEFAULT_BETTER: Better = "lower"
DEFAULT_MARGIN_PCT = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """One benchmark with one combination of parameters, as both sides know it.

    ``kind`` tells what is timed in blocks from what returns a number. ``margin_pct`` is the smallest
    relative change that a reviewer cares about, and ``better`` the direction that improves.
    """

    name: str
    parameters: tuple[str, ...] = ()
    kind: Literal["time", "value"]
    unit: str
    better: Better = DEFAULT_BETTER
    margin_pct: float = DEFAULT_MARGIN_PCT

    def __post_init__(self) -> None:
        """Refuse attributes that a suite's author got wrong."""
        if self.better not in {"lower", "higher"}:
            raise ValueError(f'{self.name}: better is "lower" or "higher", not {self.better!r}')
        if not isinstance(self.margin_pct, int | float) or not 0 <= self.margin_pct < math.inf:
            raise ValueError(f"{self.name}: margin is a percentage of 0 or more, not {self.margin_pct!r}")
        if self.kind == "time" and not self.margin_pct:
            raise ValueError(
                f"{self.name}: a margin of {self.margin_pct!r} is for numbers that repeat exactly; times scatter, "
                f"and none could ever be called unchanged: give it one above 0, {DEFAULT_MARGIN_PCT:g} is usual"
            )

    def __str__(self) -> str:
        """Return the name as asv writes it."""
        return f"{self.name}({', '.join(self.parameters)})" if self.parameters else self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One replicate: the numbers that a fresh process on either side gave.

    Seconds per call, a number for each block, for what is timed; a single number for a value.
    """

    base: tuple[float, ...]
    head: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse unequal numbers of blocks, and numbers that are not finite."""
        if not self.base or len(self.base) != len(self.head):
            raise ValueError(f"a pair has as many numbers on both sides, not {len(self.base)} and {len(self.head)}")
        if not all(math.isfinite(number) for number in (*self.base, *self.head)):
            raise ValueError(f"a measurement is a finite number, not {self.base} and {self.head}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """Which examples either side answered right, and what they are."""

    base: tuple[bool, ...]
    head: tuple[bool, ...]
    examples: tuple[str, ...]

    def __post_init__(self) -> None:
        """Refuse answers about different examples."""
        if not len(self.base) == len(self.head) == len(self.examples) > 0:
            counts = f"{len(self.base)} and {len(self.head)} answers about {len(self.examples)} examples"
            raise ValueError(f"both sides answer the same examples, and at least one: here are {counts}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Absent:
    """A side does not have the benchmark."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The check could not compare the sides, through no fault of either: ``error`` says why."""

    error: str


Trouble = Absent | Skipped | Failed | Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurements:
    """A benchmark with all that was measured of it; ``base`` and ``head`` say why a side cannot be measured.

    ``unaffected`` says why the change cannot affect it, so that it need not be measured. ``shard`` is the part of the
    check that measured it, on a machine with a noise of its own.
    """

    benchmark: Benchmark
    pairs: tuple[Pair, ...] = ()
    answers: Answers | None = None
    base: Trouble | None = None
    head: Trouble | None = None
    unaffected: str = ""
    shard: int = 1

    def __post_init__(self) -> None:
        """Refuse times that no clock shows."""
        if self.benchmark.kind == "time":
            wrong = [number for pair in self.pairs for number in (*pair.base, *pair.head) if number <= 0]
            if wrong:
                raise ValueError(f"{self.benchmark}: a time is greater than zero, not {wrong[0]}")

    def troubled(self, side: SideName, trouble: Trouble) -> "Measurements":
        """Return the same with what keeps a side, ``base`` or ``head``, from being measured."""
        return replace(self, base=trouble) if side == "base" else replace(self, head=trouble)

    @property
    def works(self) -> bool:
        """Whether neither side has met trouble."""
        return self.base is None and self.head is None

    @property
    def repeats(self) -> bool:
        """Whether each side gave the same number every time, so that there may be no noise to average out."""
        return all(pair.base == self.pairs[0].base and pair.head == self.pairs[0].head for pair in self.pairs)

    @property
    def scatters(self) -> bool:
        """Whether it is judged by statistics: times, and numbers that do not repeat."""
        return self.benchmark.kind == "time" or (self.answers is None and not self.repeats)

    @property
    def unsettled(self) -> bool:
        """Whether more pairs tell more: of times, and of numbers unless both sides gave the same one often enough."""
        same = len(self.pairs) >= SAME_REPEATS and self.repeats and self.pairs[0].base == self.pairs[0].head
        return self.benchmark.kind == "time" or (self.answers is None and not same)

    @property
    def positive(self) -> bool:
        """Whether all its numbers are above zero, so that it has ratios."""
        return all(number > 0 for pair in self.pairs for number in (*pair.base, *pair.head))

    @property
    def sized(self) -> bool:
        """Whether BASE's numbers have a size that a change can be relative to: not all are zero."""
        return any(number for pair in self.pairs for number in pair.base)
