"""What a benchmark is judged by where the two commits describe it differently.

Attributes are not part of asv's version, so that a commit could widen a margin or turn a direction around beside the
regression that it brings. What makes a verdict milder counts from the next commit on, when it is BASE's, too.
"""

import math
from collections.abc import Iterator
from typing import Any

from bench_models.paired.channel import Message
from bench_models.verdict.observations import DEFAULT_BETTER, DEFAULT_MARGIN_PCT


def agreed(base: Message, head: Message) -> Message:
    """Return HEAD's description with BASE's direction, the smaller margin and the longer timeouts."""
    return head | {
        "better": base["better"] or DEFAULT_BETTER,
        "margin_pct": _smaller_margin(base, head),
        "timeout_s": _longer(base["timeout_s"], head["timeout_s"]),
        "cache_timeout_s": _longer(base["cache_timeout_s"], head["cache_timeout_s"]),
    }


def differences(base: Message, head: Message) -> Iterator[str]:
    """Yield in words what HEAD describes differently, of all that decides a verdict."""
    for name, key, default in (("better", "better", DEFAULT_BETTER), ("margin", "margin_pct", DEFAULT_MARGIN_PCT)):
        old, new = (default if side[key] is None else side[key] for side in (base, head))
        if old != new:
            yield f"{name} was {old} and is {new}"
    if base["answers"] != head["answers"]:
        yield f"its outcomes are {'gone' if base['answers'] else 'new'}"


def _smaller_margin(base: Message, head: Message) -> Any:  # noqa: ANN401  # whatever a suite's author wrote
    """Return HEAD's margin, or BASE's where that is one and is smaller."""
    old, new = (DEFAULT_MARGIN_PCT if side["margin_pct"] is None else side["margin_pct"] for side in (base, head))
    # Others are refused where they are HEAD's: a commit that mends BASE's can be judged.
    sound = all(isinstance(margin, int | float) and 0 < margin < math.inf for margin in (old, new))
    return min(old, new) if sound else new


def _longer(one: float | None, other: float | None) -> float | None:
    """Return the longer of two timeouts, of which None is the default: both sides must have the time that BASE had."""
    return None if one is None or other is None else max(one, other)
