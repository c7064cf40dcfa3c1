"""Renders the site to pages, and each history to a line chart in SVG, which needs neither script nor network.

Templates escape everything that they are given. In a chart commits are evenly spaced. Lines differ in dashes as well as
in colour, and each mark of a change point carries the number that it has in the list beside the graph.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import floor, log10
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bench_models.site.model import Commit, Line, Point, Series, Site
from bench_models.site.summary import signed
from bench_models.stats.change_points import LASTING
from bench_models.text import one_line

# A page with hundreds of graphs is slow to open; asv's own list has the rest.
MOST_GRAPHS = 60
ROWS = 50
# The table of modules shows so many of each; its page has the rest.
MOST_NUMBERS = 6
# A check's sentence on three regressions is half as long.
LONGEST_TEXT = 800
WIDTH, HEIGHT = 560, 200
LEFT, RIGHT, TOP, BOTTOM = 80, 8, 24, 30
# More lines in one graph cannot be told apart; asv's own page has them all.
MOST_LINES = 4
_MOST_DOTS = 80
_HERE = Path(__file__).parent

# The tone and the sign of each word; earlier versions wrote "missing" for "lost".
_TONES = {
    **dict.fromkeys(("pass", "improved", "kept"), ("good", "\N{CHECK MARK}")),
    **dict.fromkeys(("failed", "not measured", "lost", "missing", "broken"), ("bad", "\N{MULTIPLICATION X}")),
    **dict.fromkeys(("undecided", "not comparable", "open"), ("unsure", "?")),
    "regressed": ("bad", "\N{BLACK UP-POINTING TRIANGLE}"),
    "fails on both": ("unsure", "\N{MULTIPLICATION X}"),
}
_OUTCOMES = {0: "pass", 1: "regressed", 2: "not measured", 3: "undecided"}


def pages(site: Site) -> Iterator[tuple[str, str]]:
    """Return each page's file name and text."""
    environment = _environment(site)
    for name in ("index.html", "checks.html"):
        yield name, environment.get_template(f"{name}.jinja").render(here=name)
    template = environment.get_template("history.html.jinja")
    for history in site.histories:
        yield history.file, template.render(here="", history=history, shown=history.series[:MOST_GRAPHS])


def assets() -> Iterator[tuple[str, str]]:
    """Return the style sheet and the script."""
    for file in sorted((_HERE / "assets").iterdir()):
        yield file.name, file.read_text(encoding="utf-8")


def _environment(site: Site) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"day": lambda at: f"{at:%Y-%m-%d}", "minute": lambda at: f"{at:%Y-%m-%d %H:%M} UTC"}
    environment.globals |= {
        "site": site,
        "chart": chart,
        "drawn_width": WIDTH,
        "drawn_height": HEIGHT,
        "drawn_left": LEFT,
        "drawn_right": WIDTH - RIGHT,
        "signed": signed,
        "plainly": plainly,
        "description": description,
        "newest": newest,
        "rows": ROWS,
        "most_numbers": MOST_NUMBERS,
        "outcomes": _OUTCOMES,
        "lasting": LASTING,
        "tone_of": lambda word: _TONES.get(word, ("", ""))[0],
        "sign_of": lambda word: _TONES.get(word, ("", "\N{BULLET}"))[1],
    }
    return environment


def plainly(text: str) -> str:
    """Return a text of a check's report without Markdown's marks, bounded, and without hidden characters.

    A pull request may have written it, and readers take a page for the project's own words.
    """
    return one_line(text.replace("**", "").replace("`", ""), LONGEST_TEXT)


def description(series: Series) -> str:
    """Describe a graph in a sentence a line, for whoever does not see it."""
    return " ".join(_line_description(series, line) for line in series.lines[:MOST_LINES])


def _line_description(series: Series, line: Line) -> str:
    values = [point.value for point in line.points]
    where = f"On {line.setting}: " if line.setting else ""
    change_points = f"; {len(line.change_points)} marked as regressed" if line.change_points else ""
    return (
        f"{where}{len(values)} commits, from {series.show(values[0])} to {series.show(values[-1])}, "
        f"lowest {series.show(min(values))}, highest {series.show(max(values))}{change_points}."
    )


def newest(series: Series) -> Sequence[tuple[Line, Point]]:
    """Return the newest points of a series, newest first."""
    points = [(line, point) for line in series.lines for point in line.points[-ROWS:]]
    return sorted(points, key=lambda each: each[1].commit.revision, reverse=True)[:ROWS]


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
