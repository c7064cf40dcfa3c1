"""Reports to draw: the real rows of the default suite, crowds of bubbles, and rows that could not be measured."""

import json
from pathlib import Path
from random import Random
from typing import Any

from bench_models.report.document import Summary, report_of

# What README.md shows of e0aaa9ee, with the recorded answers to each test sentence.
REAL = Path(__file__).with_name("rotten_tomatoes.json")

MEASURED = (
    "latency_single_stream_s",
    "speed_up_single_stream_ratio",
    "accuracy_share",
    "accuracy_drop_points",
    "size_bytes",
    "size_reduction_pct",
    "correct_by_sentence",
)


def document() -> dict[str, Any]:
    """Return the kept report of the default suite."""
    kept: dict[str, Any] = json.loads(REAL.read_text(encoding="utf-8"))
    return kept


def unmeasured(row: dict[str, Any], error: str) -> dict[str, Any]:
    """Return a row without a figure, and why."""
    return row | dict.fromkeys(MEASURED) | {"standing": "not measured", "errors": [error]}


def crowded(variants: int = 20, seed: int = 0, spread: float = 0.1) -> Summary:
    """Return what to draw of a report whose bubbles lie on each other, some of them broken, one not measured."""
    random, kept = Random(seed), document()
    template = kept["variants"][3]
    rows = [kept["variants"][0]]
    for number in range(1, variants):
        speed_up, share = 2 + spread * random.random(), 0.86 + spread * random.random() / 20
        rows.append(
            template
            | {
                "name": f"variant-number-{number:02d}",
                "standing": "broken" if number % 5 == 0 else "kept",
                "latency_single_stream_s": _around(0.0106 / speed_up),
                "speed_up_single_stream_ratio": _around(speed_up),
                "accuracy_share": _around(share, 0.02),
                "size_bytes": random.randrange(2**20, 90 * 2**20),
            }
        )
    rows[7] = unmeasured(rows[7], "RuntimeError: no such kernel")
    return report_of(kept | {"variants": rows}, "a crowd").summary


def _around(value: float, share: float = 0.1) -> dict[str, float]:
    return {"value": value, "low": value * (1 - share), "high": value * (1 + share), "level": 0.95}
