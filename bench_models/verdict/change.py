"""The type of a change: the verdict on one benchmark between two commits."""

from dataclasses import dataclass
from typing import Annotated, Literal

from msgspec import Meta, Struct

from bench_models.stats.estimate import Estimate
from bench_models.verdict.measurements import Benchmark

# Worst first: what a reviewer must act on stands on top.
Verdict = Literal[
    "regressed",
    "lost",
    "failed",
    "undecided",
    "not comparable",
    "fails on both",
    "new",
    "improved",
    "unchanged",
    "skipped",
]

_Count = Annotated[int, Meta(ge=0)]


class Flips(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The examples that the sides answer differently.

    ``lost`` are examples that HEAD gets wrong and BASE right, ten at most, and ``won`` the reverse. ``p_value`` is
    McNemar's, exact and one-sided: how likely chance makes as uneven a split, to this side; reports of earlier versions
    have the two-sided one.
    """

    right_to_wrong: _Count
    wrong_to_right: _Count
    p_value: float
    lost: tuple[str, ...]
    won: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A verdict on one benchmark with the numbers that it rests on.

    ``change_pct`` is HEAD relative to BASE, above zero where HEAD's number is larger; its
    interval is the one that decided, at its own level. ``detectable_pct`` is the smallest worsening that
    would most likely have been seen, or None where none of any size would.
    """

    benchmark: Benchmark
    verdict: Verdict
    reason: str
    base: float | None = None
    head: float | None = None
    change_pct: Estimate | None = None
    pairs: int = 0
    detectable_pct: float | None = None
    flips: Flips | None = None


def worsening_of(benchmark: Benchmark, change: float) -> float:
    """Return a change with the sign of what it does to the user: greater than zero is worse."""
    return change if benchmark.better == "lower" else -change
