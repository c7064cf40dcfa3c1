"""What does the check's rule on accuracy find? ``python tools/accuracy_power.py`` prints the table of docs/check.md.

Nothing is measured and nothing is drawn: every way in which the stray flips can fall is counted, by the rule itself.
"""

from collections import Counter
from math import comb

from bench_models.metrics import ACCURACY
from bench_models.verdict.answers import decided
from bench_models.verdict.change import Verdict

SENTENCES = (1083, 2000)
LOSSES_POINTS = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0)
STRAY_PCT = (0, 1, 3, 6)
OUTCOMES = 19
RIGHT = 0.87  # the share of right answers on BASE, of which the margin is a part
_SHOWN: tuple[Verdict, ...] = ("regressed", "undecided", "unchanged")


def table() -> str:
    """Return the operating characteristics as Markdown."""
    heads = " | ".join(f"{pct} % flipped besides" for pct in STRAY_PCT)
    lines = [f"| sentences | loss | {heads} |", f"| --: | --: | {' | '.join('---' for _ in STRAY_PCT)} |"]
    for count in SENTENCES:
        for points in LOSSES_POINTS:
            cells = " | ".join(_cell(points, pct, count) for pct in STRAY_PCT)
            lines.append(f"| {count:,} | {points:g} points | {cells} |")
    return "\n".join(lines) + "\n"


def harmless() -> str:
    """Return how often a change is red that loses nothing and flips answers by chance."""
    lines = [f"| sentences | flipped | one outcome red | any of {OUTCOMES} red |", "| --: | --: | --: | --: |"]
    for count in SENTENCES:
        for pct in STRAY_PCT:
            red = _chances(0.0, pct, count).get("regressed", 0.0)
            lines.append(f"| {count:,} | {pct} % | {100 * red:.2f} % | {100 * (1 - (1 - red) ** OUTCOMES):.1f} % |")
    return "\n".join(lines) + "\n"


def chances(loss: int, stray: int, count: int, margin: float) -> dict[Verdict, float]:
    """Return how likely each verdict is on a change that loses ``loss`` examples and flips ``stray`` more.

    Each of the stray ones is as likely to be lost as to be won, independently of the others.
    """
    found: Counter[Verdict] = Counter()
    for lost in range(stray + 1):
        found[decided(loss + lost, stray - lost, count, margin)] += comb(stray, lost)
    return {verdict: ways / 2**stray for verdict, ways in found.items()}


def _cell(points: float, stray_pct: int, count: int) -> str:
    found = _chances(points, stray_pct, count)
    return " / ".join(f"{100 * found.get(verdict, 0.0):.1f}" for verdict in _SHOWN)


def _chances(points: float, stray_pct: int, count: int) -> dict[Verdict, float]:
    loss, stray = round(points / 100 * count), round(stray_pct / 100 * count)
    return chances(loss, stray, count, ACCURACY.margin_pct / 100 * RIGHT)


if __name__ == "__main__":
    print(table())
    print(harmless(), end="")
