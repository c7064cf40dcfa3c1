"""Where names of bubbles go: beside them, and never on each other. Knows nothing of matplotlib."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A rectangle, in pixels."""

    left: float
    bottom: float
    right: float
    top: float

    @property
    def centre(self) -> tuple[float, float]:
        """The middle of the rectangle."""
        return (self.left + self.right) / 2, (self.bottom + self.top) / 2

    def nearest(self, x: float, y: float) -> tuple[float, float]:
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
        """What the disc covers, taken as its inner square and half of the corners: names may come near."""
        reach = 0.85 * self.radius
        return Box(left=self.x - reach, bottom=self.y - reach, right=self.x + reach, top=self.y + reach)

    def gap(self, box: Box) -> float:
        """Return how far a rectangle is from the disc's edge."""
        x, y = box.nearest(self.x, self.y)
        return math.hypot(x - self.x, y - self.y) - self.radius


_DIRECTIONS = 24
_STEP, _STEPS = 7.0, 60
# A name that lies on a bubble can still be read; names on names cannot.
_ON_A_BUBBLE, _ON_A_LINE, _ON_A_NAME = 3.0, 20.0, 1e6
_FAR = 1.2


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
    best, cheapest = _around(*within.centre, bubble), math.inf
    for far, box in _places(bubble, within):
        if far >= cheapest:  # and so is all that follows
            break
        cost = far + _cost(box, obstacles)
        if cost < cheapest:
            best, cheapest = box, cost
    return best


def _cost(box: Box, obstacles: _Obstacles) -> float:
    roomy = Box(left=box.left - 3, bottom=box.bottom - 1, right=box.right + 3, top=box.top + 1)
    return sum(weight * roomy.overlap(each) for boxes, weight in obstacles for each in boxes)


def _places(bubble: Bubble, within: Box) -> Iterator[tuple[float, Box]]:
    """Yield places for a name inside the panel with the cost of their distance, the nearest first."""
    for step in range(_STEPS):
        gap = 2 + step * _STEP
        for turn in range(_DIRECTIONS):
            # Sideways first, where a name is nearest to its bubble.
            angle = math.pi * (turn // 2 * (-1) ** turn) / (_DIRECTIONS / 2)
            x = bubble.x + math.cos(angle) * (bubble.radius + gap + bubble.width / 2)
            y = bubble.y + math.sin(angle) * (bubble.radius + gap + bubble.height / 2)
            box = _around(x, y, bubble)
            if within.holds(box):
                yield _FAR * (step * _STEP) ** 1.5, box


def _around(x: float, y: float, bubble: Bubble) -> Box:
    wide, high = bubble.width / 2, bubble.height / 2
    return Box(left=x - wide, bottom=y - high, right=x + wide, top=y + high)
