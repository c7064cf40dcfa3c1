"""Text: numbers with units, untrusted text made harmless for Markdown and logs, JSON read strictly, errors in words.

GitHub turns ``@name``, ``#1``, ``owner/name#1``, hashes of commits and addresses into links after it has rendered
Markdown, so escaping does not help: an escaped ``@`` is an ``@`` by then. Code is left alone. So every text that a pull
request can choose is shown as code, without any character that could end the code.
"""

import json
import re
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from bench_models.stats.estimate import Estimate

LONGEST = 300
# What could end the code or, in a table, its cell: cells are told apart before code is.
_ENDS = str.maketrans({"`": "'", "|": "\N{BROKEN BAR}", "\\": "\N{BIG REVERSE SOLIDUS}"})


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


def show_times(ratio: float) -> str:
    """Return a ratio with two decimals."""
    return f"{ratio:.2f} x"


def show_logit(logit: float) -> str:
    """Return a logit, or a difference of logits, with two significant digits."""
    return f"{logit:.2g}"


def show_points(points: float) -> str:
    """Return a difference of percentages."""
    return f"{points:.2f} points"


def with_interval(estimate: Estimate, show: Callable[[float], str]) -> str:
    """Return a number with its interval, ``11.6 ms (10.9 to 12.4)``; where nothing is uncertain, the number alone."""
    if estimate.exact:
        return show(estimate.value)
    low, high = (show(end).partition(" ")[0] for end in (estimate.low, estimate.high))
    return f"{show(estimate.value)} ({low} to {high})"


def listed(names: Sequence[str], last: str = "and") -> str:
    """Return one or more names as a list in a sentence: ``a, b and c``."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {last} {names[-1]}"


def code(text: str, longest: int = LONGEST) -> str:
    """Return text as code in one line, cut where it is too long; nothing in it is a mention, link, image or HTML."""
    return f"`{one_line(text.translate(_ENDS), longest) or '-'}`"


def one_line(text: str, longest: int = LONGEST) -> str:
    """Return what people see of a text, in one line: no controls, nothing hidden, nothing that turns text around."""
    seen = "".join(each for each in " ".join(text.split()) if each.isprintable())
    words = " ".join(seen.split())
    return words if len(words) <= longest else f"{words[: longest - 1]}\N{HORIZONTAL ELLIPSIS}"


def logged(text: str, longest: int = LONGEST) -> str:
    """Return text for a log: the runner obeys ``::command::`` where a line begins, and ``##[command]`` anywhere."""
    return one_line(text, longest).replace("##[", "# #[").replace("::", ": :")


def strict_json(text: str) -> Any:  # noqa: ANN401  # whatever stands in it
    """Return what a text in JSON says; raises ``ValueError`` where it is not JSON, or says NaN as Python does."""
    return json.loads(text, parse_constant=_refuse)


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a number of JSON")


def fault_of(error: Exception) -> str:
    """Return what an error says of a document that was read, in words that need no Python."""
    if isinstance(error, KeyError):
        return f"it lacks {str(error.args[0])[:80]!r}"
    if isinstance(error, UnicodeError):
        return "it is not text in UTF-8"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, AttributeError | IndexError | TypeError):
        return "a part of it is of another kind than expected, such as a number in place of a list"
    return re.sub(r"\[Errno -?\d+\] ", "", str(error)) or "no reason is given"


def installing(extra: str) -> str:
    """Return what to run for an extra, at the versions that this project is tested with."""
    return (
        f'python -m pip install --constraint constraints.txt "bench-models[{extra}]" '
        "(constraints.txt pins what is tested together, and lies in the repository of bench-models)"
    )
