"""From what was collected to pages. Templates escape everything that they are given."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bench_models.results_branch.records import Accepted, StoredCheck
from bench_models.site import chart as drawing
from bench_models.site.current import Table, signed
from bench_models.site.histories import ChangePoint, Commit, History, Line, Point, Series
from bench_models.text import one_line

# A page with hundreds of graphs is slow to open; asv's own list has the rest.
MOST_GRAPHS = 60
ROWS = 50
# The table of modules shows so many of each; its page has the rest.
MOST_NUMBERS = 6
# What a check says of three regressions is half as long.
LONGEST_TEXT = 800
_HERE = Path(__file__).parent
_GITHUB = re.compile(r"(https://[^/]+/[^/]+/[^/]+)/commit/")

_TONES = {
    "pass": ("good", "\N{CHECK MARK}"),
    "improved": ("good", "\N{CHECK MARK}"),
    "regressed": ("bad", "\N{BLACK UP-POINTING TRIANGLE}"),
    "failed": ("bad", "\N{MULTIPLICATION X}"),
    "not measured": ("bad", "\N{MULTIPLICATION X}"),
    "lost": ("bad", "\N{MULTIPLICATION X}"),
    "undecided": ("unsure", "?"),
    "not comparable": ("unsure", "?"),
    "fails on both": ("unsure", "\N{MULTIPLICATION X}"),
    "kept": ("good", "\N{CHECK MARK}"),
    "open": ("unsure", "?"),
    "broken": ("bad", "\N{MULTIPLICATION X}"),
}
_OUTCOMES = {0: "pass", 1: "regressed", 2: "not measured", 3: "undecided"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """The trade-off figure of a suite, as files beside the pages."""

    light: str
    dark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """How results are made in this project: asv's command, and what else is there."""

    measure: str
    has_suite: bool
    has_workflow: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """All that the pages show."""

    project: str
    show_commit_url: str
    made_at: datetime
    checks: tuple[StoredCheck, ...]
    accepted: tuple[Accepted, ...]
    left_aside: tuple[str, ...]
    result_files: int
    ways: Ways
    has_asv: bool = False
    commits: tuple[Commit, ...] = ()
    histories: tuple[History, ...] = ()
    tables: tuple[Table, ...] = ()
    pictures: dict[str, Picture] = field(default_factory=dict)

    @property
    def others(self) -> list[History]:
        """What is no variant."""
        return [history for history in self.histories if history.variant is None]

    @property
    def change_points(self) -> list[tuple[History, Series, ChangePoint]]:
        """All regressions, those not accepted first, then the newest."""
        found = [
            (history, series, change_point)
            for history in self.histories
            for series, change_point in history.change_points
        ]
        return sorted(found, key=lambda each: (each[2].accepted is not None, -each[2].after.revision))

    def commit_address(self, sha: str) -> str:
        """Return where a commit can be read, or nothing where the project does not say so."""
        address = f"{self.show_commit_url}{sha}"
        return address if urlsplit(address).scheme in {"http", "https"} else ""

    def request_address(self, number: int) -> str:
        """Return where a pull request can be read, if commits are on GitHub."""
        repository = _GITHUB.fullmatch(self.show_commit_url)
        return f"{repository[1]}/pull/{number}" if repository else ""


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
        "chart": drawing.chart,
        "drawn_width": drawing.WIDTH,
        "drawn_height": drawing.HEIGHT,
        "drawn_left": drawing.LEFT,
        "drawn_right": drawing.WIDTH - drawing.RIGHT,
        "signed": signed,
        "plainly": plainly,
        "described": described,
        "newest": newest,
        "rows": ROWS,
        "most_numbers": MOST_NUMBERS,
        "outcome_of": outcome_of,
        "tone_of": lambda word: _TONES.get(word, ("", ""))[0],
        "sign_of": lambda word: _TONES.get(word, ("", "\N{BULLET}"))[1],
    }
    return environment


def outcome_of(check: StoredCheck) -> str:
    """Return what a check came to, in a word or two."""
    return _OUTCOMES[check.report.exit_status]


def plainly(text: str) -> str:
    """Return a text of a check's report without Markdown's marks: bounded, and with nothing hidden in it.

    A pull request may have written it, and pages are read as the project's own words.
    """
    return one_line(text.replace("**", "").replace("`", ""), LONGEST_TEXT)


def described(series: Series) -> str:
    """Tell a graph in a sentence or two, for whoever does not see it."""
    return " ".join(_line_told(series, line) for line in series.lines[: drawing.MOST_LINES])


def _line_told(series: Series, line: Line) -> str:
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


def written(folder: Path, files: Iterator[tuple[str, Any]]) -> None:
    """Write files into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files:
        (folder / name).write_text(text, encoding="utf-8")
