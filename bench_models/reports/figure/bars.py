"""The three panels of bars: latency, accuracy and size, a row a variant."""

import math
from typing import TYPE_CHECKING

from matplotlib.ticker import MaxNLocator

from bench_models.metrics import ACCURACY, SINGLE_STREAM, SIZE
from bench_models.reports.figure.themes import Theme
from bench_models.reports.reading import Line, Report
from bench_models.stats.estimate import Estimate

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MINUS = "\N{MINUS SIGN}"
_HEIGHT = 0.68
_SMALL = 8.0
# An axis of accuracies starts at a whole multiple of so many percent.
_STEP_PCT = 5


def latency(axes: "Axes", report: Report, theme: Theme) -> None:
    """Draw latencies from zero, and write each speed-up at the end of its bar."""
    _frame(axes, report, theme, "Latency, ms", "bars: one sentence, one thread; in words: speed-up")
    ends = [1e3 * line.latency_s.high for line in report.lines if line.latency_s]
    axes.set_xlim(0, 1.36 * max(ends, default=1.0))
    for row, line in enumerate(report.lines):
        if line.latency_s is None:
            _absent(axes, row, line, theme)
            continue
        time = line.latency_s.scaled(1e3)
        _bar(axes, row, line, theme, time.value)
        _whisker(axes, row, time, theme)
        _write(axes, row, time.high, f"{SINGLE_STREAM.show(line.latency_s.value)} {_speed_up(line)}", theme)


def accuracy(axes: "Axes", report: Report, theme: Theme) -> None:
    """Draw accuracies with the baseline's as a line; the axis says where it starts."""
    shares = [line.accuracy.scaled(100) for line in report.lines if line.accuracy]
    lowest = min((share.low for share in shares), default=0.0)
    highest = max((share.high for share in shares), default=100.0)
    start = max(0, _STEP_PCT * math.floor((lowest - 1) / _STEP_PCT))
    note = f"axis starts at {start} %; dashed: baseline; in words: points against it, on the same sentences"
    _frame(axes, report, theme, "Accuracy, %", note)
    axes.set_xlim(start, start + 1.34 * (highest - start))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    reference = report.lines[0].accuracy
    if reference is not None:
        axes.axvline(100 * reference.value, color=theme.ink, linestyle=(0, (4, 3)), linewidth=1, zorder=3)
    for row, line in enumerate(report.lines):
        if line.accuracy is None:
            _absent(axes, row, line, theme)
            continue
        share = line.accuracy.scaled(100)
        _bar(axes, row, line, theme, share.value)
        _whisker(axes, row, share, theme)
        _write(axes, row, highest, f"{ACCURACY.show(line.accuracy.value)}  {_drop(line)}", theme)


def size(axes: "Axes", report: Report, theme: Theme) -> None:
    """Draw sizes from zero, with the reduction written in the bar."""
    _frame(axes, report, theme, "Size, MiB", "what is shipped, packed weights included; in the bar: reduction")
    mib = [line.size_bytes / 2**20 if line.size_bytes is not None else None for line in report.lines]
    longest = max((each for each in mib if each is not None), default=1.0)
    axes.set_xlim(0, 1.2 * longest)
    for row, (line, length) in enumerate(zip(report.lines, mib, strict=True)):
        if length is None or line.size_bytes is None:
            _absent(axes, row, line, theme)
            continue
        _bar(axes, row, line, theme, length)
        inside = length > 0.2 * longest
        _write(axes, row, length, SIZE.show(line.size_bytes) + ("" if inside else f"  {_reduction(line)}"), theme)
        if inside:
            _write_in(axes, row, length, line, theme)


def _frame(axes: "Axes", report: Report, theme: Theme, title: str, note: str) -> None:
    """Prepare a panel with a row for each variant, the baseline on top."""
    axes.set_title(title, loc="left", fontsize=11, fontweight="bold", color=theme.ink, pad=20)
    axes.annotate(
        note, (0, 1), (0, 6), xycoords="axes fraction", textcoords="offset points", fontsize=_SMALL, color=theme.faint
    )
    axes.set_ylim(len(report.lines) - 0.5, -0.5)
    axes.set_yticks(range(len(report.lines)), [line.name for line in report.lines], fontsize=8.5, color=theme.ink)
    axes.tick_params(axis="y", length=0, pad=4)
    axes.tick_params(axis="x", labelsize=_SMALL, colors=theme.faint, length=0)
    axes.grid(axis="x", color=theme.faint, alpha=0.25, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[:].set_visible(False)
    for row in range(0, len(report.lines), 2):
        axes.axhspan(row - 0.5, row + 0.5, color=theme.stripe, zorder=0, linewidth=0)


def _bar(axes: "Axes", row: int, line: Line, theme: Theme, end: float) -> None:
    """Draw a bar from the start of the axis."""
    start, _ = axes.get_xlim()
    axes.barh(
        row,
        end - start,
        left=start,
        height=_HEIGHT,
        color=theme.fill(line.standing),
        hatch="////" if line.standing == "broken" else None,
        edgecolor=theme.ground,
        linewidth=0.5,
        zorder=2,
    )


def _whisker(axes: "Axes", row: int, estimate: Estimate, theme: Theme) -> None:
    """Draw an interval; nothing for an exact figure."""
    if estimate.low == estimate.high:
        return
    arms = [[estimate.value - estimate.low], [estimate.high - estimate.value]]
    axes.errorbar(estimate.value, row, xerr=arms, fmt="none", ecolor=theme.ink, elinewidth=1, capsize=2, zorder=4)


def _write(axes: "Axes", row: int, end: float, words: str, theme: Theme) -> None:
    axes.annotate(
        words, (end, row), (5, 0), textcoords="offset points", va="center", fontsize=_SMALL, color=theme.ink, zorder=5
    )


def _write_in(axes: "Axes", row: int, end: float, line: Line, theme: Theme) -> None:
    """Write the reduction at the end of a bar, on a ground of its own where the bar is hatched."""
    axes.annotate(
        _reduction(line),
        (end, row),
        (-5, 0),
        textcoords="offset points",
        ha="right",
        va="center",
        fontsize=_SMALL,
        fontweight="bold",
        color=theme.on_fill,
        zorder=5,
        bbox={"facecolor": theme.fill(line.standing), "edgecolor": "none", "pad": 1.0},
    )


def _absent(axes: "Axes", row: int, line: Line, theme: Theme) -> None:
    """Say in the row that there is no figure: it is named, not dropped."""
    start, _ = axes.get_xlim()
    axes.annotate(
        "not measured" if line.errors else "no figure",
        (start, row),
        (5, 0),
        textcoords="offset points",
        va="center",
        fontsize=_SMALL,
        fontstyle="italic",
        color=theme.faint,
    )


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
