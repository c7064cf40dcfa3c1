"""Whole checks, simulated: pairs with a noise that is chosen, and the looks of a real check at them."""

import random
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import exp, log1p, sqrt
from statistics import fmean

from scipy.stats import binom
from tabulate import tabulate

from bench_models.check.replay import until_decided
from bench_models.stats.sequential import LOOKS
from bench_models.verdict.judge import judge
from bench_models.verdict.measurements import Benchmark, Measurements, Pair

# Offsets of pairs with a standard deviation of one, symmetric as both sides have the same luck.
OFFSETS: dict[str, Callable[[random.Random], float]] = {
    "normal": lambda draw: draw.gauss(0, 1),
    "t3": lambda draw: draw.gauss(0, 1) / sqrt(draw.gammavariate(1.5, 2)),
    "bimodal": lambda draw: (draw.choice((0, 1)) - draw.choice((0, 1))) * sqrt(1.8) + draw.gauss(0, sqrt(0.1)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """How pairs scatter around their mean; half of the variance may be common to all benchmarks of a round."""

    offsets: str = "normal"
    shared: bool = False

    def ratios(self, draw: random.Random, spreads: Sequence[float], shifts: Sequence[float]) -> list[list[float]]:
        """Return the log-ratios of as many rounds as a check may take, for each benchmark."""
        offset = OFFSETS[self.offsets]
        rounds = [offset(draw) for _ in range(LOOKS[-1])] if self.shared else None
        return [
            [
                shift
                + spread * (offset(draw) if rounds is None else sqrt(0.5) * offset(draw) + sqrt(0.5) * rounds[position])
                for position in range(LOOKS[-1])
            ]
            for spread, shift in zip(spreads, shifts, strict=True)
        ]


def times(ratios: Sequence[Sequence[float]], margin_pct: float = 3.0) -> list[Measurements]:
    """Return benchmarks whose pairs have these log-ratios."""
    return [
        Measurements(
            benchmark=Benchmark(name=f"suite.time_{index}", kind="time", unit="seconds", margin_pct=margin_pct),
            pairs=tuple(Pair(base=(1.0,), head=(exp(value),)) for value in values),
        )
        for index, values in enumerate(ratios)
    ]


def plausible(found: int, of: int, rate: float) -> bool:
    """Say whether chance gives so many at that rate, or does in fewer than one of a thousand tests."""
    return float(binom.sf(found - 1, of, rate)) > 1e-3


def fates(
    checks: int, spread: float, shift_pct: float, *, benchmarks: int = 38, slowed: int = 4
) -> list[tuple[str, int]]:
    """Return verdict and pairs of each slowed benchmark, of as many checks in which the others are unchanged."""
    draw = random.Random(0)
    shifts = [log1p(shift_pct / 100)] * slowed + [0.0] * (benchmarks - slowed)
    found: list[tuple[str, int]] = []
    for _ in range(checks):
        seen = until_decided(times(Noise().ratios(draw, [spread] * benchmarks, shifts)))
        found += [(change.verdict, change.pairs) for change in judge(seen)[:slowed]]
    return found


def partly(checks: int, slowed: float, slow_pct: float, *, spread: float = 0.005, seed: int = 0) -> list[str]:
    """Return the verdicts of as many checks of one benchmark that is slower in this share of HEAD's processes only."""
    draw, step = random.Random(seed), log1p(slow_pct / 100)
    found: list[str] = []
    for _ in range(checks):
        ratios = [draw.gauss(0, spread) + step * (draw.random() < slowed) for _ in range(LOOKS[-1])]
        found.append(judge(until_decided(times([ratios])))[0].verdict)
    return found


def print_partly() -> None:
    """Print what becomes of slow-downs of 3 % in the mean: ``python tests/support/simulating.py partly``."""
    rows = []
    for slowed, slow_pct in ((1.0, 3.0), (0.5, 6.0), (0.3, 10.0), (0.2, 15.0), (0.1, 30.0)):
        found = partly(1000, slowed, slow_pct)
        shares = [f"{found.count(each) / len(found):.1%}" for each in ("regressed", "undecided", "unchanged")]
        rows.append((f"{slowed:.0%}", f"{slow_pct:g} %", *shares))
    headers = ("slowed processes", "slow-down", "regressed", "undecided", "unchanged")
    sys.stdout.write(tabulate(rows, headers=headers, tablefmt="github", disable_numparse=True) + "\n")


def main() -> None:
    """Print what it takes to find a slow-down: ``python tests/support/simulating.py``."""
    rows = []
    for spread in (0.005, 0.01, 0.012, 0.015, 0.02):
        for shift_pct in (0.0, 3.0, 4.5, 6.0):
            found = fates(100, spread, shift_pct)
            shares = [
                f"{sum(verdict == each for verdict, _ in found) / len(found):.1%}"
                for each in ("regressed", "undecided", "unchanged")
            ]
            rows.append((f"{spread:.1%}", f"{shift_pct:g} %", *shares, f"{fmean(pairs for _, pairs in found):.1f}"))
    headers = ("spread of pairs", "slow-down", "regressed", "undecided", "unchanged", "pairs")
    sys.stdout.write(tabulate(rows, headers=headers, tablefmt="github", disable_numparse=True) + "\n")


if __name__ == "__main__":
    print_partly() if sys.argv[1:] == ["partly"] else main()
