"""The three panels of bars: latency, accuracy and size, a row a variant."""

import math
from typing import TYPE_CHECKING

from matplotlib.ticker import MaxNLocator

from bench_models.metrics import ACCURACY, SINGLE_STREAM, SIZE
from bench_models.report.figure import rows
from bench_models.report.figure.themes import Theme
from bench_models.report.reading import Line, Report

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MINUS = "\N{MINUS SIGN}"
# An axis of accuracies starts at a whole multiple of so many percent.
_STEP_PCT = 5


def latency(axes: "Axes", report: Report, theme: Theme) -> None:
    """Draw latencies from zero, and write each speed-up at the end of its bar."""
    rows.frame(axes, report, theme, "Latency, ms", "bars: one sentence, one thread; in words: speed-up")
    ends = [1e3 * line.latency_s.high for line in report.lines if line.latency_s]
    axes.set_xlim(0, 1.36 * max(ends, default=1.0))
    for row, line in enumerate(report.lines):
        if line.latency_s is None:
            rows.absent(axes, row, line, theme)
            continue
        time = line.latency_s.scaled(1e3)
        rows.bar(axes, row, line, theme, time.value)
        rows.whisker(axes, row, time, theme)
        rows.write(axes, row, time.high, f"{SINGLE_STREAM.show(line.latency_s.value)} {_speed_up(line)}", theme)


def accuracy(axes: "Axes", report: Report, theme: Theme) -> None:
    """Draw accuracies with the baseline's as a line; the axis says where it starts."""
    shares = [line.accuracy.scaled(100) for line in report.lines if line.accuracy]
    lowest = min((share.low for share in shares), default=0.0)
    highest = max((share.high for share in shares), default=100.0)
    start = max(0, _STEP_PCT * math.floor((lowest - 1) / _STEP_PCT))
    note = f"axis starts at {start} %; dashed: baseline; in words: points against it, on the same sentences"
    rows.frame(axes, report, theme, "Accuracy, %", note)
    axes.set_xlim(start, start + 1.34 * (highest - start))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    reference = report.lines[0].accuracy
    if reference is not None:
        axes.axvline(100 * reference.value, color=theme.ink, linestyle=(0, (4, 3)), linewidth=1, zorder=3)
    for row, line in enumerate(report.lines):
        if line.accuracy is None:
            rows.absent(axes, row, line, theme)
            continue
        share = line.accuracy.scaled(100)
        rows.bar(axes, row, line, theme, share.value)
        rows.whisker(axes, row, share, theme)
        rows.write(axes, row, highest, f"{ACCURACY.show(line.accuracy.value)}  {_drop(line)}", theme)


def size(axes: "Axes", report: Report, theme: Theme) -> None:
    """Draw sizes from zero, with the reduction written in the bar."""
    rows.frame(axes, report, theme, "Size, MiB", "what is shipped, packed weights included; in the bar: reduction")
    mib = [line.size_bytes / 2**20 if line.size_bytes is not None else None for line in report.lines]
    longest = max((each for each in mib if each is not None), default=1.0)
    axes.set_xlim(0, 1.2 * longest)
    for row, (line, length) in enumerate(zip(report.lines, mib, strict=True)):
        if length is None or line.size_bytes is None:
            rows.absent(axes, row, line, theme)
            continue
        rows.bar(axes, row, line, theme, length)
        inside = length > 0.2 * longest
        rows.write(axes, row, length, SIZE.show(line.size_bytes) + ("" if inside else f"  {_reduction(line)}"), theme)
        if inside:
            rows.write_in(axes, (length, row), _reduction(line), line, theme)


def _speed_up(line: Line) -> str:
    return f"\N{MIDDLE DOT} {line.speed_up.value:.2f} x" if line.speed_up and line.standing != "baseline" else ""


def _drop(line: Line) -> str:
    drop = line.accuracy_drop_points
    if drop is None or line.standing == "baseline":
        return ""
    return f"{0.0 - drop.value:+.2f}".replace("-", _MINUS) if round(drop.value, 2) else "0.00"


def _reduction(line: Line) -> str:
    reduction = line.size_reduction_pct
    return f"{-reduction:+.0f} %".replace("-", _MINUS) if reduction and abs(reduction) >= 0.5 else ""  # noqa: PLR2004  # what would print as zero
