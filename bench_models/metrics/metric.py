"""What a metric is: one object that says how its numbers are named, compared and shown."""

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


def show_size(size_bytes: float) -> str:
    """Return a size in MiB (2^20 bytes), or where it is smaller than one, in KiB (2^10)."""
    if size_bytes >= 2**20:
        return f"{size_bytes / 2**20:.1f} MiB"
    kib = size_bytes / 2**10
    return f"{kib:,.0f} KiB" if kib >= 10 else f"{kib:.1f} KiB"  # noqa: PLR2004  # two digits say enough


def show_ms(seconds: float) -> str:
    """Return a time in milliseconds, with three significant digits."""
    milliseconds = seconds * 1e3
    # "#" keeps trailing zeros, and with them a bare decimal point; a second and more needs no exponent.
    digits = f"{milliseconds:#.3g}".rstrip(".")
    return f"{milliseconds:,.0f} ms" if "e+" in digits else f"{digits} ms"


def show_share(share: float) -> str:
    """Return a share as a percentage."""
    return f"{share * 100:.1f} %"


def show_count(count: float) -> str:
    """Return a whole number with its thousands apart."""
    return f"{count:,.0f}"
