"""Renders the site to pages. Templates escape everything that they are given."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bench_models.site import line_chart
from bench_models.site.model import Line, Point, Series, Site
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
        "chart": line_chart.chart,
        "drawn_width": line_chart.WIDTH,
        "drawn_height": line_chart.HEIGHT,
        "drawn_left": line_chart.LEFT,
        "drawn_right": line_chart.WIDTH - line_chart.RIGHT,
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
    return " ".join(_line_description(series, line) for line in series.lines[: line_chart.MOST_LINES])


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
