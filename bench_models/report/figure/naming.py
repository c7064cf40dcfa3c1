"""Names beside bubbles: measured, placed where they are clear of each other, and joined where they lie far."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from bench_models.report.figure.label_placement import Box, Bubble, place
from bench_models.report.figure.points import Point
from bench_models.report.figure.themes import Theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.text import Annotation

_SMALL = 8.0
# A name farther from its bubble than so many points gets a line that leads to it.
_NEAR = 6.0
_MARGIN = 3.0


def write_names(
    axes: "Axes",
    points: Sequence[tuple[Point, float]],
    theme: Theme,
    *,
    bold: set[int],
    lines: Sequence[tuple[float, float]],
) -> None:
    """Write the name of each point, which comes with the area of its bubble in square points.

    ``bold`` are the places of those to stand out, and ``lines`` the corners of a line that is better not written on.
    """
    texts = [_text(axes, point.name, theme, bold=index in bold) for index, (point, _) in enumerate(points)]
    bubbles = [_bubble(axes, point, area, text) for (point, area), text in zip(points, texts, strict=True)]
    frame = axes.get_window_extent()
    within = Box(left=frame.x0 + _MARGIN, bottom=frame.y0 + _MARGIN, right=frame.x1 - _MARGIN, top=frame.y1 - _MARGIN)
    placed = place(bubbles, within, _segments(axes, lines))
    for text, bubble, box in zip(texts, bubbles, placed, strict=True):
        # In shares of the panel, because a file may have other pixels than these.
        text.xyann = tuple(axes.transAxes.inverted().transform(box.centre))
        gap = bubble.gap(box)
        if gap > _NEAR * _pixels(axes) or any(each.gap(box) <= gap for each in bubbles if each is not bubble):
            _lead(axes, bubble, box, theme)


def _text(axes: "Axes", name: str, theme: Theme, *, bold: bool) -> "Annotation":
    return axes.annotate(
        name,
        (0.5, 0.5),
        xycoords="axes fraction",
        fontsize=_SMALL,
        fontweight="bold" if bold else "normal",
        color=theme.ink,
        ha="center",
        va="center",
        zorder=6,
        bbox={"facecolor": theme.stripe, "edgecolor": "none", "alpha": 0.6, "pad": 0.5},
    )


def _bubble(axes: "Axes", point: Point, area: float, text: "Annotation") -> Bubble:
    (x, y), extent = axes.transData.transform(point.place), text.get_window_extent()
    radius = _pixels(axes) * math.sqrt(area / math.pi)
    return Bubble(x=float(x), y=float(y), radius=radius, width=extent.width, height=extent.height)


def _pixels(axes: "Axes") -> float:
    """Return the pixels of a point."""
    return axes.get_figure(root=True).dpi / 72  # type: ignore[union-attr]  # axes of a figure have one


def _segments(axes: "Axes", corners: Sequence[tuple[float, float]]) -> list[Box]:
    """Return the thin rectangles that a staircase covers."""
    return [
        Box(left=min(x0, x1) - 1, bottom=min(y0, y1) - 1, right=max(x0, x1) + 1, top=max(y0, y1) + 1)
        for (x0, y0), (x1, y1) in pairwise(axes.transData.transform(corners).tolist())
    ]


def _lead(axes: "Axes", bubble: Bubble, box: Box, theme: Theme) -> None:
    """Join a name with its bubble, where it lies far from it or nearer to another."""
    ends = [(bubble.x, bubble.y), box.nearest(bubble.x, bubble.y)]
    (x0, y0), (x1, y1) = axes.transData.inverted().transform(ends)
    axes.plot([x0, x1], [y0, y1], color=theme.ink, linewidth=0.7, alpha=0.7, zorder=5)
