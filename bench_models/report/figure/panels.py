"""The four panels: bars of latency, accuracy and size, a row a variant; and speed-up against accuracy.

Bubbles of the fourth panel are as large as the model, and a line joins the Pareto frontier.
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from bench_models.metrics import ACCURACY, SINGLE_STREAM, SIZE, SPEED_UP
from bench_models.report.document import Standing, Summary, VariantReport
from bench_models.report.figure.label_placement import write_names
from bench_models.report.figure.themes import SMALL, Theme, dress
from bench_models.report.recommendation import Candidate, candidates_of, frontier
from bench_models.stats.estimate import Estimate

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MINUS = "\N{MINUS SIGN}"
_HEIGHT = 0.68
# An axis of accuracies starts at a whole multiple of so many percent.
_STEP_PCT = 5

SHAPES: dict[Standing, str] = {
    "baseline": "s",
    "kept": "o",
    "broken": "X",
    "open": "D",
    "no budget": "o",
    "not measured": "o",
}

# Square points of the largest model; areas are in proportion.
_LARGEST_AREA = 420.0
_TICKS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 4, 5, 7, 10, 15, 20, 30, 50, 100)


def draw_latency(axes: "Axes", summary: Summary, theme: Theme) -> None:
    """Draw latencies from zero, and write each speed-up at the end of its bar."""
    _frame(axes, summary, theme, "Latency, ms", "bars: one sentence, one thread; in words: speed-up")
    times = [each.latency_single_stream_s for each in summary.variants]
    axes.set_xlim(0, 1.36 * max((1e3 * time.high for time in times if time), default=1.0))
    for row, (variant, time) in enumerate(zip(summary.variants, times, strict=True)):
        words = f"{SINGLE_STREAM.show(time.value)} {_speed_up(variant)}" if time else ""
        _interval(axes, (row, variant, theme), time and time.scaled(1e3), words)


def draw_accuracy(axes: "Axes", summary: Summary, theme: Theme) -> None:
    """Draw accuracies with the baseline's as a line; the axis says where it starts."""
    shares = [each.accuracy_share for each in summary.variants]
    lowest = min((share.scaled(100).low for share in shares if share), default=0.0)
    highest = max((share.scaled(100).high for share in shares if share), default=100.0)
    start = max(0, _STEP_PCT * math.floor((lowest - 1) / _STEP_PCT))
    note = f"axis starts at {start} %; dashed: baseline; in words: points against it, on the same sentences"
    _frame(axes, summary, theme, "Accuracy, %", note)
    axes.set_xlim(start, start + 1.34 * (highest - start))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if shares[0] is not None:
        axes.axvline(100 * shares[0].value, color=theme.ink, linestyle=(0, (4, 3)), linewidth=1, zorder=3)
    for row, (variant, share) in enumerate(zip(summary.variants, shares, strict=True)):
        words = f"{ACCURACY.show(share.value)}  {_drop(variant)}" if share else ""
        _interval(axes, (row, variant, theme), share and share.scaled(100), words, highest)


def draw_size(axes: "Axes", summary: Summary, theme: Theme) -> None:
    """Draw sizes from zero, with the reduction written in the bar."""
    _frame(axes, summary, theme, "Size, MiB", "what is shipped, packed weights included; in the bar: reduction")
    longest = max((each.size_bytes / 2**20 for each in summary.variants if each.size_bytes is not None), default=1.0)
    axes.set_xlim(0, 1.2 * longest)
    for row, variant in enumerate(summary.variants):
        where = (row, variant, theme)
        if variant.size_bytes is None:
            _absent(axes, where)
            continue
        length, reduction = variant.size_bytes / 2**20, _reduction(variant)
        _bar(axes, where, length)
        inside = length > 0.2 * longest
        _write(axes, where, length, SIZE.show(variant.size_bytes) + ("" if inside else f"  {reduction}"))
        if inside:
            _write_in(axes, where, length, reduction)


def _speed_up(variant: VariantReport) -> str:
    speed_up = variant.speed_up_single_stream_ratio
    return f"\N{MIDDLE DOT} {SPEED_UP.show(speed_up.value)}" if speed_up and variant.standing != "baseline" else ""


def _drop(variant: VariantReport) -> str:
    drop = variant.accuracy_drop_points
    if drop is None or variant.standing == "baseline":
        return ""
    return f"{0.0 - drop.value:+.2f}".replace("-", _MINUS) if round(drop.value, 2) else "0.00"


def _reduction(variant: VariantReport) -> str:
    reduction = variant.size_reduction_pct
    return f"{-reduction:+.0f} %".replace("-", _MINUS) if reduction and abs(reduction) >= 0.5 else ""  # noqa: PLR2004  # what would print as zero


def _frame(axes: "Axes", summary: Summary, theme: Theme, title: str, note: str) -> None:
    """Prepare a panel with a row for each variant, the baseline on top."""
    dress(axes, theme, title, note)
    rows, names = len(summary.variants), [each.name for each in summary.variants]
    axes.set_ylim(rows - 0.5, -0.5)
    axes.set_yticks(range(rows), names, fontsize=8.5, color=theme.ink)
    axes.tick_params(axis="y", pad=4)
    axes.grid(visible=False, axis="y")
    for row in range(0, rows, 2):
        axes.axhspan(row - 0.5, row + 0.5, color=theme.stripe, zorder=0, linewidth=0)


_Row = tuple[int, VariantReport, Theme]


def _interval(axes: "Axes", where: _Row, estimate: Estimate | None, words: str, end: float | None = None) -> None:
    """Draw a figure with its interval, and write words at ``end``, or where the interval ends."""
    if estimate is None:
        _absent(axes, where)
        return
    row, _, theme = where
    _bar(axes, where, estimate.value)
    if not estimate.exact:
        arms = [[estimate.value - estimate.low], [estimate.high - estimate.value]]
        axes.errorbar(estimate.value, row, xerr=arms, fmt="none", ecolor=theme.ink, elinewidth=1, capsize=2, zorder=4)
    _write(axes, where, estimate.high if end is None else end, words)


def _bar(axes: "Axes", where: _Row, end: float) -> None:
    (row, variant, theme), (start, _) = where, axes.get_xlim()
    axes.barh(
        row,
        end - start,
        left=start,
        height=_HEIGHT,
        color=theme.fill(variant.standing),
        hatch={"broken": "////", "open": ".."}.get(variant.standing),
        edgecolor=theme.ground,
        linewidth=0.5,
        zorder=2,
    )


def _write(axes: "Axes", where: _Row, end: float, words: str, offset: int = 5, **look: Any) -> None:  # noqa: ANN401  # matplotlib's
    row, _, theme = where
    style: dict[str, Any] = {"color": theme.ink, "zorder": 5} | look
    axes.annotate(words, (end, row), (offset, 0), textcoords="offset points", va="center", fontsize=SMALL, **style)


def _write_in(axes: "Axes", where: _Row, end: float, words: str) -> None:
    """Write at the end of a bar and inside it, on a plain ground where the bar is hatched."""
    _, variant, theme = where
    ground = {"facecolor": theme.fill(variant.standing), "edgecolor": "none", "pad": 1.0}
    _write(axes, where, end, words, offset=-5, ha="right", fontweight="bold", color=theme.on_fill, bbox=ground)


def _absent(axes: "Axes", where: _Row) -> None:
    """Say in the row that there is no figure: it is named, not dropped."""
    (_, variant, theme), (start, _) = where, axes.get_xlim()
    _write(axes, where, start, "not measured" if variant.errors else "no figure", fontstyle="italic", color=theme.faint)


def draw_trade_off(axes: "Axes", summary: Summary, theme: Theme) -> None:
    """Draw the bubbles, the frontier, and the names beside them."""
    candidates = candidates_of(summary.variants)
    _frame_trade_off(axes, theme)
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
    areas = [_LARGEST_AREA * each.size_bytes / largest for each in candidates]
    # The smallest last, and so in front.
    for index in sorted(range(len(candidates)), key=lambda index: -areas[index]):
        _bubble(axes, candidates[index], theme, areas[index], on_frontier=index in best)
    names = [each.name for each in candidates]
    write_names(axes, list(zip(names, places, areas, strict=True)), theme, bold=set(best), lines=stairs)


def sizes_in_words(summary: Summary) -> str:
    """Return what the areas of the bubbles stand for."""
    sizes = [each.size_bytes for each in candidates_of(summary.variants)]
    return f"area: size, {SIZE.show(min(sizes))} to {SIZE.show(max(sizes))}" if sizes else ""


def _frame_trade_off(axes: "Axes", theme: Theme) -> None:
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
