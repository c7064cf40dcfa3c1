"""The type of a metric: its name, unit, direction, margin, and how its numbers are shown."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A quantity with a unit and a direction.

    ``better`` is the direction that improves. ``margin_pct`` is the smallest relative change, in
    percent, that a reviewer cares about. ``show`` turns a number in ``unit`` into words. Checks leave out what is
    not ``checked``: another metric tells them the same.
    """

    name: str
    unit: str
    better: Literal["lower", "higher"]
    margin_pct: float
    show: Callable[[float], str]
    checked: bool = True
