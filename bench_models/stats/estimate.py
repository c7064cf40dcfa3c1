"""The type of an estimate: a point, its interval, and the interval's confidence level."""

import math
from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A point with the interval that covers the true value with probability ``level``.

    Raises ``ValueError`` unless all numbers are finite and ``low <= value <= high``.
    """

    value: float
    low: float
    high: float
    level: Annotated[float, Meta(gt=0, lt=1)]

    def __post_init__(self) -> None:
        """Validate at the door, so that nothing behind it has to."""
        if not all(math.isfinite(number) for number in (self.value, self.low, self.high)):
            raise ValueError(f"an estimate needs finite numbers, not {self.value} [{self.low}, {self.high}]")
        if not self.low <= self.value <= self.high:
            raise ValueError(f"the interval [{self.low}, {self.high}] does not hold the point {self.value}")
        if not 0 < self.level < 1:
            raise ValueError(f"a confidence level lies between 0 and 1, not at {self.level}")

    @property
    def exact(self) -> bool:
        """Whether nothing is uncertain."""
        return self.low == self.high

    def ends(self, spec: str) -> str:
        """Return the two ends of the interval in words, as the format ``spec`` writes them: ``1.20 to 1.35``."""
        return f"{self.low:{spec}} to {self.high:{spec}}"

    def scaled(self, factor: float) -> "Estimate":
        """Return the estimate in another unit, ``factor > 0`` times as many."""
        return Estimate(value=self.value * factor, low=self.low * factor, high=self.high * factor, level=self.level)
