"""The fourth panel: speed-up against accuracy, bubbles as large as the model, and the frontier."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from bench_models.report.figure.naming import write_names
from bench_models.report.figure.points import Point, points_of
from bench_models.report.figure.themes import Theme
from bench_models.report.reading import Report
from bench_models.stats.pareto import frontier

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHAPES = {"baseline": "s", "kept": "o", "broken": "X", "open": "D", "not measured": "o"}

_SMALL = 8.0
# Square points of the largest model; areas are in proportion.
_LARGEST = 420.0
_TICKS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 4, 5, 7, 10, 15, 20, 30, 50, 100)


def draw_trade_off(axes: "Axes", report: Report, theme: Theme) -> None:
    """Draw the bubbles, the frontier, and the names beside them."""
    points = points_of(report)
    _frame(axes, theme)
    if not points:
        axes.set_xticks([])
        axes.set_yticks([])
        axes.text(0.5, 0.5, "nothing to compare", transform=axes.transAxes, ha="center", color=theme.faint)
        return
    _limits(axes, points)
    best = frontier([point.place for point in points])
    stairs = _stairs(axes, [points[index].place for index in best])
    axes.plot([x for x, _ in stairs], [y for _, y in stairs], color=theme.frontier, linewidth=1.6, zorder=2)
    areas = _areas(points)
    # The smallest last, and so in front.
    for index in sorted(range(len(points)), key=lambda index: -areas[index]):
        _bubble(axes, points[index], theme, areas[index], on_frontier=index in best)
    write_names(axes, list(zip(points, areas, strict=True)), theme, bold=set(best), lines=stairs)


def _frame(axes: "Axes", theme: Theme) -> None:
    axes.set_title("Trade-off", loc="left", fontsize=11, fontweight="bold", color=theme.ink, pad=20)
    note = "right: faster; up: more accurate; line: Pareto frontier, by the points alone"
    axes.annotate(
        note, (0, 1), (0, 6), xycoords="axes fraction", textcoords="offset points", fontsize=_SMALL, color=theme.faint
    )
    axes.set_xscale("log")
    axes.set_xlabel("speed-up, times (logarithmic)", fontsize=_SMALL, color=theme.faint)
    axes.set_ylabel("accuracy, %", fontsize=_SMALL, color=theme.faint)
    axes.tick_params(labelsize=_SMALL, colors=theme.faint, length=0)
    axes.grid(color=theme.faint, alpha=0.25, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[:].set_visible(False)
    axes.set_facecolor(theme.stripe)


def _limits(axes: "Axes", points: Sequence[Point]) -> None:
    """Leave room for names around the outermost intervals."""
    slow, fast = min(point.speed_up.low for point in points), max(point.speed_up.high for point in points)
    room = 1.25 * (fast / slow) ** 0.06
    axes.set_xlim(slow / room, fast * room)
    ticks = [tick for tick in _TICKS if slow / room <= tick <= fast * room]
    axes.xaxis.set_major_locator(FixedLocator(ticks or [1]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda tick, _: f"{tick:g} x"))
    bottom, top = min(point.accuracy_pct.low for point in points), max(point.accuracy_pct.high for point in points)
    margin = max(0.5, 0.06 * (top - bottom))
    axes.set_ylim(bottom - margin, top + margin)


def _stairs(axes: "Axes", places: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the corners of a staircase: beyond it nothing is both faster and more accurate."""
    corners = [(axes.get_xlim()[0], places[0][1])]
    for x, y in places:
        corners += [(corners[-1][0], y), (x, y)]
    return [*corners, (places[-1][0], axes.get_ylim()[0])]


def _areas(points: Sequence[Point]) -> list[float]:
    largest = max(point.size_bytes for point in points)
    return [_LARGEST * point.size_bytes / largest for point in points]


def _bubble(axes: "Axes", point: Point, theme: Theme, area: float, *, on_frontier: bool) -> None:
    (x, y), speed_up, share = point.place, point.speed_up, point.accuracy_pct
    axes.errorbar(
        x,
        y,
        xerr=[[x - speed_up.low], [speed_up.high - x]],
        yerr=[[y - share.low], [share.high - y]],
        fmt="none",
        ecolor=theme.fill(point.standing),
        elinewidth=0.8,
        alpha=0.35,
        zorder=1,
    )
    # The baseline is hollow and in front, as many a variant lies near it.
    hollow = point.standing == "baseline"
    axes.scatter(
        x,
        y,
        s=area,
        marker=SHAPES[point.standing],
        facecolor="none" if hollow else theme.fill(point.standing),
        edgecolor=theme.frontier if on_frontier else theme.ink if hollow else theme.ground,
        linewidth=1.6 if on_frontier or hollow else 0.8,
        alpha=0.9,
        zorder=4 if hollow else 3,
    )
