"""The three outcomes of a measurement: Measured, Skipped, Failed. Only Measured has a value."""

from dataclasses import dataclass
from typing import Generic, TypeVar

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured(Generic[Value]):
    """The measurement worked."""

    value: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """The measurement was not attempted, on purpose."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """The measurement was attempted and broke."""

    error: str


Outcome = Measured[Value] | Skipped | Failed


def reason_of(trouble: Skipped | Failed) -> str:
    """Return why a measurement has no value."""
    return trouble.error if isinstance(trouble, Failed) else trouble.reason
