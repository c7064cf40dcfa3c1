"""What a panel of bars is made of: its frame, and in each row a bar, a whisker and words."""

from typing import TYPE_CHECKING

from bench_models.report.figure.themes import Theme
from bench_models.report.reading import Line, Report
from bench_models.stats.estimate import Estimate

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_HEIGHT = 0.68
_SMALL = 8.0


def frame(axes: "Axes", report: Report, theme: Theme, title: str, note: str) -> None:
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


def bar(axes: "Axes", row: int, line: Line, theme: Theme, end: float) -> None:
    """Draw a bar from the start of the axis."""
    start, _ = axes.get_xlim()
    axes.barh(
        row,
        end - start,
        left=start,
        height=_HEIGHT,
        color=theme.fill(line.standing),
        hatch={"broken": "////", "open": ".."}.get(line.standing),
        edgecolor=theme.ground,
        linewidth=0.5,
        zorder=2,
    )


def whisker(axes: "Axes", row: int, estimate: Estimate, theme: Theme) -> None:
    """Draw an interval; nothing for an exact figure."""
    if estimate.exact:
        return
    arms = [[estimate.value - estimate.low], [estimate.high - estimate.value]]
    axes.errorbar(estimate.value, row, xerr=arms, fmt="none", ecolor=theme.ink, elinewidth=1, capsize=2, zorder=4)


def write(axes: "Axes", row: int, end: float, words: str, theme: Theme) -> None:
    """Write words beside the end of a bar."""
    axes.annotate(
        words, (end, row), (5, 0), textcoords="offset points", va="center", fontsize=_SMALL, color=theme.ink, zorder=5
    )


def write_in(axes: "Axes", place: tuple[float, int], words: str, line: Line, theme: Theme) -> None:
    """Write at the end of a bar and inside it, on a ground of its own where the bar is hatched."""
    axes.annotate(
        words,
        place,
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


def absent(axes: "Axes", row: int, line: Line, theme: Theme) -> None:
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
