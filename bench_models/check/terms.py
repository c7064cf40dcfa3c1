"""The terms of a benchmark (margin, direction, timeout) where the two commits state different ones.

Attributes are not part of asv's version, so that a commit could widen a margin or turn a direction around beside the
regression that it brings. What makes a verdict milder counts from the next commit on, when it is BASE's, too.
"""

import math
from collections.abc import Iterator
from typing import Any

from bench_models.check.worker.protocol import Message
from bench_models.verdict.measurements import DEFAULT_BETTER, DEFAULT_MARGIN_PCT


def agreed(base: Message, head: Message, default_timeout_s: float) -> Message:
    """Return HEAD's description with BASE's direction and way of timing, the smaller margin and the longer timeouts."""
    timeouts = [float(side["timeout_s"] or default_timeout_s) for side in (base, head)]
    caches = [float(side["cache_timeout_s"] or own) for side, own in zip((base, head), timeouts, strict=True)]
    return head | {
        "better": base["better"] or DEFAULT_BETTER,
        "margin_pct": _smaller_margin(base, head),
        "cold": base["cold"],
        # Both sides must have the time that BASE had.
        "timeout_s": max(timeouts),
        "cache_timeout_s": max(caches),
    }


def differences(base: Message, head: Message) -> Iterator[str]:
    """Yield in words what HEAD describes differently, of all that decides a verdict."""
    for name, key, default in (("better", "better", DEFAULT_BETTER), ("margin", "margin_pct", DEFAULT_MARGIN_PCT)):
        old, new = (default if side[key] is None else side[key] for side in (base, head))
        if old != new:
            yield f"{name} was {old} and is {new}"
    for name, old in base["sampling"].items():
        if old != head["sampling"].get(name, old):
            yield f"{name} was {old} and is {head['sampling'][name]}"
    if base["answers"] != head["answers"]:
        yield f"its outcomes are {'gone' if base['answers'] else 'new'}"


def _smaller_margin(base: Message, head: Message) -> Any:  # noqa: ANN401  # whatever a suite's author wrote
    """Return HEAD's margin, or BASE's where that is one and is smaller."""
    old, new = (DEFAULT_MARGIN_PCT if side["margin_pct"] is None else side["margin_pct"] for side in (base, head))
    # Others are refused where they are HEAD's: a commit that mends BASE's can be judged. 0 is for numbers that repeat.
    sound = all(isinstance(margin, int | float) and 0 <= margin < math.inf for margin in (old, new))
    useful = old or not head["timer"]
    return min(old, new) if sound and useful else new
