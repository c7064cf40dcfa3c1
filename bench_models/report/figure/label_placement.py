"""Writes names beside bubbles: clear of each other, and joined with their bubble where they lie far from it."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from bench_models.report.figure.themes import SMALL, Theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.text import Annotation

# A name farther from its bubble than so many points gets a line that leads to it.
_NEAR = 6.0
_MARGIN = 3.0

_DIRECTIONS = 24
_STEP, _STEPS = 7.0, 60
# A name that lies on a bubble can still be read; names on names cannot.
_ON_A_BUBBLE, _ON_A_LINE, _ON_A_NAME = 3.0, 20.0, 1e6
_FAR = 1.2

Point = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A rectangle, in pixels."""

    left: float
    bottom: float
    right: float
    top: float

    @property
    def centre(self) -> Point:
        """The middle of the rectangle."""
        return (self.left + self.right) / 2, (self.bottom + self.top) / 2

    def nearest(self, x: float, y: float) -> Point:
        """Return the point of the rectangle that is nearest to another."""
        return min(max(x, self.left), self.right), min(max(y, self.bottom), self.top)

    def overlap(self, other: "Box") -> float:
        """Return the area that both cover."""
        wide = min(self.right, other.right) - max(self.left, other.left)
        high = min(self.top, other.top) - max(self.bottom, other.bottom)
        return wide * high if wide > 0 and high > 0 else 0.0

    def holds(self, other: "Box") -> bool:
        """Say whether the other rectangle lies within this one."""
        inside = self.left <= other.left and other.right <= self.right
        return inside and self.bottom <= other.bottom and other.top <= self.top

    def grown(self, wide: float, high: float) -> "Box":
        """Return the rectangle with so much more on each side."""
        return Box(left=self.left - wide, bottom=self.bottom - high, right=self.right + wide, top=self.top + high)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bubble:
    """A disc with the size of its name, in pixels."""

    x: float
    y: float
    radius: float
    width: float
    height: float

    @property
    def box(self) -> Box:
        """The rectangle that a name should stay clear of: the disc without its outermost parts."""
        reach = 0.85 * self.radius
        return Box(left=self.x, bottom=self.y, right=self.x, top=self.y).grown(reach, reach)

    def gap(self, box: Box) -> float:
        """Return how far a rectangle is from the disc's edge."""
        x, y = box.nearest(self.x, self.y)
        return math.hypot(x - self.x, y - self.y) - self.radius

    def name_at(self, x: float, y: float) -> Box:
        """Return the rectangle of the name around a point."""
        return Box(left=x, bottom=y, right=x, top=y).grown(self.width / 2, self.height / 2)


def write_names(
    axes: "Axes", bubbles: Sequence[tuple[str, Point, float]], theme: Theme, *, bold: set[int], lines: Sequence[Point]
) -> None:
    """Write names beside bubbles, each given with its place and its area in square points.

    ``bold`` are the indices of those to stand out, and ``lines`` the corners of a line that is better not written on.
    """
    texts = [_text(axes, name, theme, bold=index in bold) for index, (name, _, _) in enumerate(bubbles)]
    discs = [_disc(axes, point, area, text) for (_, point, area), text in zip(bubbles, texts, strict=True)]
    frame = axes.get_window_extent()
    within = Box(left=frame.x0, bottom=frame.y0, right=frame.x1, top=frame.y1).grown(-_MARGIN, -_MARGIN)
    for text, disc, box in zip(texts, discs, place(discs, within, _segments(axes, lines)), strict=True):
        # In shares of the panel, because a file may have other pixels than these.
        text.xyann = tuple(axes.transAxes.inverted().transform(box.centre))
        gap = disc.gap(box)
        if gap > _NEAR * _pixels(axes) or any(each.gap(box) <= gap for each in discs if each is not disc):
            _join(axes, disc, box, theme)


def place(bubbles: Sequence[Bubble], within: Box, lines: Sequence[Box] = ()) -> list[Box]:
    """Return a rectangle for each name, in the order of the bubbles; ``lines`` are better not written on.

    Greedy: those with the most neighbours choose first, among places around them at growing distances, the one that
    costs least: nearness, clear of bubbles, and above all clear of names that are placed already.
    """
    placed: dict[int, Box] = {}
    discs = [each.box for each in bubbles]
    for index in sorted(range(len(bubbles)), key=lambda index: (-_neighbours(bubbles, index), index)):
        placed[index] = _cheapest(
            bubbles[index], within, [(discs, _ON_A_BUBBLE), (lines, _ON_A_LINE), (list(placed.values()), _ON_A_NAME)]
        )
    return [placed[index] for index in range(len(bubbles))]


def _neighbours(bubbles: Sequence[Bubble], index: int) -> float:
    """Return how crowded it is around a bubble."""
    own = bubbles[index]
    return sum(1 / (1 + math.hypot(each.x - own.x, each.y - own.y)) for each in bubbles if each is not own)


_Obstacles = Sequence[tuple[Sequence[Box], float]]


def _cheapest(bubble: Bubble, within: Box, obstacles: _Obstacles) -> Box:
    """Return the best place for a name; the middle of the panel where none fits into it."""
    best, cheapest = bubble.name_at(*within.centre), math.inf
    for far, box in _places(bubble, within):
        if far >= cheapest:  # and so is all that follows
            break
        roomy = box.grown(3, 1)
        cost = far + sum(weight * roomy.overlap(each) for boxes, weight in obstacles for each in boxes)
        if cost < cheapest:
            best, cheapest = box, cost
    return best


def _places(bubble: Bubble, within: Box) -> Iterator[tuple[float, Box]]:
    """Yield places for a name inside the panel with the cost of their distance, the nearest first."""
    for step in range(_STEPS):
        gap = bubble.radius + 2 + step * _STEP
        for turn in range(_DIRECTIONS):
            # Sideways first, where a name is nearest to its bubble.
            angle = math.pi * (turn // 2 * (-1) ** turn) / (_DIRECTIONS / 2)
            x, y = math.cos(angle) * (gap + bubble.width / 2), math.sin(angle) * (gap + bubble.height / 2)
            box = bubble.name_at(bubble.x + x, bubble.y + y)
            if within.holds(box):
                yield _FAR * (step * _STEP) ** 1.5, box


def _text(axes: "Axes", name: str, theme: Theme, *, bold: bool) -> "Annotation":
    return axes.annotate(
        name,
        (0.5, 0.5),
        xycoords="axes fraction",
        fontsize=SMALL,
        fontweight="bold" if bold else "normal",
        color=theme.ink,
        ha="center",
        va="center",
        zorder=6,
        bbox={"facecolor": theme.stripe, "edgecolor": "none", "alpha": 0.6, "pad": 0.5},
    )


def _disc(axes: "Axes", point: Point, area: float, text: "Annotation") -> Bubble:
    (x, y), extent = axes.transData.transform(point), text.get_window_extent()
    radius = _pixels(axes) * math.sqrt(area / math.pi)
    return Bubble(x=float(x), y=float(y), radius=radius, width=extent.width, height=extent.height)


def _pixels(axes: "Axes") -> float:
    """Return the pixels of a point, the unit of type."""
    return axes.get_figure(root=True).dpi / 72  # type: ignore[union-attr]  # axes of a figure have one


def _segments(axes: "Axes", corners: Sequence[Point]) -> list[Box]:
    """Return the thin rectangles that a staircase covers."""
    return [
        Box(left=min(x0, x1), bottom=min(y0, y1), right=max(x0, x1), top=max(y0, y1)).grown(1, 1)
        for (x0, y0), (x1, y1) in pairwise(axes.transData.transform(corners).tolist())
    ]


def _join(axes: "Axes", bubble: Bubble, box: Box, theme: Theme) -> None:
    """Join a name with its bubble by a line, where it lies far from it or nearer to another."""
    ends = [(bubble.x, bubble.y), box.nearest(bubble.x, bubble.y)]
    (x0, y0), (x1, y1) = axes.transData.inverted().transform(ends)
    axes.plot([x0, x1], [y0, y1], color=theme.ink, linewidth=0.7, alpha=0.7, zorder=5)
