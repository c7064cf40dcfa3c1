"""The whole figure: four panels, what they are of, and what could not be measured."""

import textwrap
from collections.abc import Iterator
from contextlib import contextmanager

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from bench_models.report.figure import bars, trade_off
from bench_models.report.figure.points import points_of, sizes_in_words
from bench_models.report.figure.themes import Theme
from bench_models.report.reading import Report

# Inches.
_WIDTH = 15.0
_NAMES, _LETTER, _RIGHT = 0.3, 0.073, 0.18
_ROW, _LEAST_ROWS = 0.25, 12
_HEAD, _FOOT, _BETWEEN = 1.35, 0.75, 1.05
_NOTE_LINE, _NOTE_WIDTH = 0.18, 190
_DPI = 100


@contextmanager
def style() -> Iterator[None]:
    """Draw with this project's settings, whatever the user's are, and put theirs back."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(
            {
                "font.family": "DejaVu Sans",
                "svg.hashsalt": "bench_models",
                "hatch.linewidth": 0.8,
                "text.parse_math": False,
            }
        )
        yield


def draw(report: Report, theme: Theme) -> Figure:
    """Return the figure of a report; to be called, and saved, within ``style``."""
    notes = _notes(report)
    panel = _ROW * max(len(report.lines), _LEAST_ROWS)
    foot = _FOOT + _NOTE_LINE * len(notes)
    height = _HEAD + 2 * panel + _BETWEEN + foot
    figure = Figure(figsize=(_WIDTH, height), dpi=_DPI, facecolor=theme.ground)
    names = _NAMES + _LETTER * max(len(line.name) for line in report.lines)
    across = (_WIDTH - 2 * names - _RIGHT) / 2
    grid = figure.add_gridspec(
        2,
        2,
        left=names / _WIDTH,
        right=1 - _RIGHT / _WIDTH,
        top=1 - _HEAD / height,
        bottom=foot / height,
        wspace=names / across,
        hspace=_BETWEEN / panel,
    )
    axes = [figure.add_subplot(grid[place], facecolor=theme.ground) for place in range(4)]
    bars.latency(axes[0], report, theme)
    bars.accuracy(axes[1], report, theme)
    bars.size(axes[2], report, theme)
    trade_off.draw_trade_off(axes[3], report, theme)
    _head(figure, report, theme, height)
    _legend(figure, report, theme, height)
    for index, note in enumerate(reversed(notes)):
        figure.text(0.012, (0.1 + index * _NOTE_LINE) / height, note, fontsize=8, color=theme.ink)
    return figure


def headline(report: Report) -> str:
    """Return how many budgets are kept, and who breaks or misses one."""
    by_standing: dict[str, list[str]] = {}
    for line in report.lines:
        by_standing.setdefault(line.standing, []).append(line.name)
    judged = sum(line.standing != "baseline" for line in report.lines[1:])
    parts = [f"{len(by_standing.get('kept', []))} of {judged} budgets are kept"]
    named = [word for word in ("broken", "open", "not measured") if word in by_standing]
    parts += [f"{word}: {', '.join(by_standing[word])}" for word in named]
    return "; ".join(parts)


def _head(figure: Figure, report: Report, theme: Theme, height: float) -> None:
    figure.text(
        0.012, 1 - 0.38 / height, f"{report.suite} at {report.commit[:8]}", fontsize=16, fontweight="bold",
        color=theme.ink,
    )  # fmt: skip
    sentences = f"{report.sentences:,} test sentences" if report.sentences else ""
    facts = "  \N{MIDDLE DOT}  ".join(each for each in (headline(report), report.cpu, sentences) if each)
    figure.text(0.012, 1 - 0.64 / height, textwrap.shorten(facts, 200), fontsize=9.5, color=theme.faint)


def _legend(figure: Figure, report: Report, theme: Theme, height: float) -> None:
    """Explain fills, shapes, lines and areas, of which none speaks by colour alone."""
    fills = (
        ("baseline", "baseline (square)"),
        ("kept", "budget kept"),
        ("open", "budget open (dotted, diamond)"),
        ("broken", "budget broken (hatched, cross)"),
    )
    shown = {line.standing for line in report.lines}
    marks = [
        Line2D(
            [],
            [],
            linestyle="none",
            marker=trade_off.SHAPES[standing],
            markersize=8,
            color=theme.fill(standing),
            label=words,
        )
        for standing, words in fills
        if standing in shown
    ]
    marks += [
        Line2D([], [], color=theme.ink, linewidth=1, label="interval"),
        Line2D([], [], color=theme.frontier, linewidth=1.8, label="Pareto frontier (bold names)"),
        Line2D([], [], linestyle="none", label=sizes_in_words(points_of(report))),
    ]
    figure.legend(
        handles=marks, loc="upper right", bbox_to_anchor=(0.992, 1 - 0.15 / height), ncols=len(marks), frameon=False,
        fontsize=8, labelcolor=theme.ink, handlelength=1.4, columnspacing=1.4,
    )  # fmt: skip


def _notes(report: Report) -> list[str]:
    """Return why figures are missing, in lines that fit."""
    lines = [f"{line.name} was not measured: {error}" for line in report.lines for error in line.errors]
    return [part for line in lines for part in textwrap.wrap(line, _NOTE_WIDTH)]
