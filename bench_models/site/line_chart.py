"""Lays a history out as a line chart, which the page draws as SVG in its own colours, without script or network.

Commits are evenly spaced. Lines differ in dashes as well as in colour, and each mark of a change point carries the
number that it has in the list beside the graph.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import floor, log10

from bench_models.site.model import Commit, Line, Point, Series

WIDTH, HEIGHT = 560, 200
LEFT, RIGHT, TOP, BOTTOM = 80, 8, 24, 30
# More lines in one graph cannot be told apart; asv's own page has them all.
MOST_LINES = 4
_MOST_DOTS = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A labelled place on an axis."""

    at: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A change point on a line, with its number in the list beside the graph."""

    number: int
    x: float
    y: float
    accepted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Stroke:
    """A line as SVG's path data; ``dots`` is the path of its points, empty where there are many."""

    setting: str
    path: str
    dots: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A graph in the units of its view box; ``hidden`` is how many lines are left out."""

    strokes: tuple[Stroke, ...]
    marks: tuple[Mark, ...]
    rows: tuple[Tick, ...]
    columns: tuple[Tick, ...]
    hidden: int


def chart(series: Series) -> Chart:
    """Lay a series out."""
    lines = series.lines[:MOST_LINES]
    commits = sorted({point.commit.revision: point.commit for line in lines for point in line.points}.items())
    order = {revision: index for index, (revision, _) in enumerate(commits)}
    x = _scale(0, max(len(order) - 1, 1), LEFT + 8, WIDTH - RIGHT - 8)
    values = [point.value for line in lines for point in line.points]
    low, high, ticks = _axis(min(values), max(values))
    y = _scale(low, high, HEIGHT - BOTTOM, TOP)

    def place(point: Point) -> tuple[float, float]:
        return x(order[point.commit.revision]), y(point.value)

    return Chart(
        strokes=tuple(_stroke(line, place) for line in lines),
        marks=tuple(_marks(lines, place)),
        rows=tuple(
            Tick(at=round(y(tick), 1), label=label)
            for tick, label in zip(ticks, _labels(ticks, series.show), strict=True)
        ),
        columns=_columns([commit for _, commit in commits], x),
        hidden=len(series.lines) - len(lines),
    )


def _scale(low: float, high: float, start: float, end: float) -> Callable[[float], float]:
    return lambda value: start + (value - low) / (high - low) * (end - start)


def _stroke(line: Line, place: Callable[[Point], tuple[float, float]]) -> Stroke:
    places = [place(point) for point in line.points]
    dots = places if len(places) <= _MOST_DOTS else []
    return Stroke(
        setting=line.setting,
        path="M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in places),
        # A stroke of no length with a round cap is a dot.
        dots="".join(f"M{x:.1f} {y:.1f}h0" for x, y in dots),
    )


def _marks(lines: Sequence[Line], place: Callable[[Point], tuple[float, float]]) -> list[Mark]:
    change_points = [(line, change_point) for line in lines for change_point in line.change_points]
    marks = []
    for number, (line, change_point) in enumerate(change_points, start=1):
        point = next((point for point in line.points if point.commit == change_point.after), None)
        if point is not None:
            x, y = place(point)
            marks.append(Mark(number=number, x=round(x, 1), y=round(y, 1), accepted=change_point.accepted is not None))
    return marks


def _axis(low: float, high: float) -> tuple[float, float, list[float]]:
    """Return the ends and the round ticks of an axis, which need not begin at zero: a change of 3 % must be seen."""
    room = max((high - low) * 0.08, abs(high) * 1e-9) if high > low else abs(high) * 0.05 or 1.0
    low, high = low - room, high + room
    rough = (high - low) / 4
    power = 10.0 ** floor(log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * 0.999)
    first = floor(low / step) + 1
    ticks = [number * step for number in range(first, first + 6) if number * step <= high]
    return low, high, ticks


def _labels(ticks: Sequence[float], show: Callable[[float], str]) -> list[str]:
    """Return labels as the metric shows its numbers, or with as many digits as tell them apart."""
    ways = [show, *(f"{{:,.{digits}g}}".format for digits in range(4, 18))]
    labels = ([way(tick) for tick in ticks] for way in ways)
    return next(each for each in labels if len(set(each)) == len(each))


def _columns(commits: Sequence[Commit], x: Callable[[float], float]) -> tuple[Tick, ...]:
    """Return labels for the first commit, the last and two in between."""
    last = len(commits) - 1
    wanted = sorted({round(last * share / 3) for share in range(4)}) if last > 0 else [0]
    return tuple(Tick(at=round(x(index), 1), label=f"{commits[index].at:%Y-%m-%d}") for index in wanted)
