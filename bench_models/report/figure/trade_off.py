"""The fourth panel: speed-up against accuracy, bubbles as large as the model, and the frontier."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from bench_models.metrics import SIZE
from bench_models.report.document import Standing, Summary
from bench_models.report.figure.label_placement import write_names
from bench_models.report.figure.themes import SMALL, Theme, dress
from bench_models.report.recommendation import Candidate, candidates_of
from bench_models.stats.pareto import frontier

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHAPES: dict[Standing, str] = {"baseline": "s", "kept": "o", "broken": "X", "open": "D", "not measured": "o"}

# Square points of the largest model; areas are in proportion.
_LARGEST = 420.0
_TICKS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 4, 5, 7, 10, 15, 20, 30, 50, 100)


def draw_trade_off(axes: "Axes", summary: Summary, theme: Theme) -> None:
    """Draw the bubbles, the frontier, and the names beside them."""
    candidates = candidates_of(summary.variants)
    _frame(axes, theme)
    if not candidates:
        axes.set_xticks([])
        axes.set_yticks([])
        axes.text(0.5, 0.5, "nothing to compare", transform=axes.transAxes, ha="center", color=theme.faint)
        return
    _limits(axes, candidates)
    places = [(each.speed_up.value, 100 * each.accuracy.value) for each in candidates]
    best = frontier(places)
    stairs = _stairs(axes, [places[index] for index in best])
    axes.plot([x for x, _ in stairs], [y for _, y in stairs], color=theme.frontier, linewidth=1.6, zorder=2)
    largest = max(each.size_bytes for each in candidates)
    areas = [_LARGEST * each.size_bytes / largest for each in candidates]
    # The smallest last, and so in front.
    for index in sorted(range(len(candidates)), key=lambda index: -areas[index]):
        _bubble(axes, candidates[index], theme, areas[index], on_frontier=index in best)
    names = [each.name for each in candidates]
    write_names(axes, list(zip(names, places, areas, strict=True)), theme, bold=set(best), lines=stairs)


def sizes_in_words(summary: Summary) -> str:
    """Return what the areas of the bubbles stand for."""
    sizes = [each.size_bytes for each in candidates_of(summary.variants)]
    return f"area: size, {SIZE.show(min(sizes))} to {SIZE.show(max(sizes))}" if sizes else ""


def _frame(axes: "Axes", theme: Theme) -> None:
    dress(axes, theme, "Trade-off", "right: faster; up: more accurate; line: Pareto frontier, by the points alone")
    axes.set_xscale("log")
    axes.set_xlabel("speed-up, times (logarithmic)", fontsize=SMALL, color=theme.faint)
    axes.set_ylabel("accuracy, %", fontsize=SMALL, color=theme.faint)
    axes.set_facecolor(theme.stripe)


def _limits(axes: "Axes", candidates: Sequence[Candidate]) -> None:
    """Leave room for names around the outermost intervals."""
    slow, fast = min(each.speed_up.low for each in candidates), max(each.speed_up.high for each in candidates)
    room = 1.25 * (fast / slow) ** 0.06
    axes.set_xlim(slow / room, fast * room)
    ticks = [tick for tick in _TICKS if slow / room <= tick <= fast * room]
    axes.xaxis.set_major_locator(FixedLocator(ticks or [1]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda tick, _: f"{tick:g} x"))
    shares = [each.accuracy.scaled(100) for each in candidates]
    bottom, top = min(share.low for share in shares), max(share.high for share in shares)
    margin = max(0.5, 0.06 * (top - bottom))
    axes.set_ylim(bottom - margin, top + margin)


def _stairs(axes: "Axes", places: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the corners of a staircase: beyond it nothing is both faster and more accurate."""
    corners = [(axes.get_xlim()[0], places[0][1])]
    for x, y in places:
        corners += [(corners[-1][0], y), (x, y)]
    return [*corners, (places[-1][0], axes.get_ylim()[0])]


def _bubble(axes: "Axes", candidate: Candidate, theme: Theme, area: float, *, on_frontier: bool) -> None:
    speed_up, share = candidate.speed_up, candidate.accuracy.scaled(100)
    axes.errorbar(
        speed_up.value,
        share.value,
        xerr=[[speed_up.value - speed_up.low], [speed_up.high - speed_up.value]],
        yerr=[[share.value - share.low], [share.high - share.value]],
        fmt="none",
        ecolor=theme.fill(candidate.standing),
        elinewidth=0.8,
        alpha=0.35,
        zorder=1,
    )
    # The baseline is hollow and in front, as many a variant lies near it.
    hollow = candidate.standing == "baseline"
    axes.scatter(
        speed_up.value,
        share.value,
        s=area,
        marker=SHAPES[candidate.standing],
        facecolor="none" if hollow else theme.fill(candidate.standing),
        edgecolor=theme.frontier if on_frontier else theme.ink if hollow else theme.ground,
        linewidth=1.6 if on_frontier or hollow else 0.8,
        alpha=0.9,
        zorder=4 if hollow else 3,
    )
