"""The whole figure: four panels, what they are of and what could not be measured; as SVG and PNG, light and dark.

The same report gives the same bytes.
"""

import io
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from bench_models.errors import BenchModelsError
from bench_models.metrics import ACCURACY, SINGLE_STREAM, SIZE
from bench_models.report.document import Standing, Summary, VariantReport
from bench_models.report.figure.panels import (
    SHAPES,
    draw_accuracy,
    draw_latency,
    draw_size,
    draw_trade_off,
    sizes_in_words,
)
from bench_models.report.figure.themes import LIGHT, THEMES, Theme
from bench_models.report.markdown import headline
from bench_models.storage import write_atomically, write_bytes_atomically

# Inches.
_WIDTH = 15.0
_NAMES, _LETTER, _RIGHT = 0.3, 0.073, 0.18
_ROW, _LEAST_ROWS = 0.25, 12
_HEAD, _FOOT, _BETWEEN = 1.35, 0.75, 1.05
_NOTE_LINE, _NOTE_WIDTH = 0.18, 190
_DPI, _SHARP_DPI = 100, 144

# Names look for places that are clear of all others: the time for that grows faster than their number.
MOST_VARIANTS = 60

_SETTINGS: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "svg.hashsalt": "bench_models",
    "hatch.linewidth": 0.8,
    "text.parse_math": False,
}
_FILLS: dict[Standing, str] = {
    "baseline": "baseline (square)",
    "kept": "budget kept",
    "open": "budget open (dotted, diamond)",
    "no budget": "no budget",
    "broken": "budget broken (hatched, cross)",
}


def write_figure(summary: Summary, folder: Path) -> list[Path]:
    """Write the figure into a folder, named like its suite, and return the files.

    Raises ``BenchModelsError`` for more variants than a figure holds.
    """
    if len(summary.variants) > MOST_VARIANTS:
        raise BenchModelsError(
            f"{summary.suite} has {len(summary.variants)} variants, and a figure holds {MOST_VARIANTS} of them at "
            "most: `bench-models report SUITE VARIANT ...` makes a report, and its figure, of those that are named"
        )
    written = []
    for theme in THEMES:
        path = folder / (summary.suite if theme is LIGHT else f"{summary.suite}-{theme.name}")
        vector, raster = path.with_name(f"{path.name}.svg"), path.with_name(f"{path.name}.png")
        write_atomically(vector, svg(summary, theme))
        write_bytes_atomically(raster, png(summary, theme))
        written += [vector, raster]
    return written


def svg(summary: Summary, theme: Theme) -> str:
    """Return the figure as SVG, with a title and a description for those who hear it."""
    with style():
        drawn = io.StringIO()
        draw(summary, theme).savefig(drawn, format="svg", metadata={"Date": None, "Creator": None})
    head, tag, rest = drawn.getvalue().partition("<svg ")
    attributes, end, body = rest.partition(">")
    title = f"Latency, accuracy and size of the variants of {summary.suite} at {summary.commit[:8]}"
    words = f"\n <title>{escape(title)}</title>\n <desc>{escape(description(summary))}</desc>"
    return f'{head}{tag}role="img" {attributes}{end}{words}{body}'


def png(summary: Summary, theme: Theme) -> bytes:
    """Return the figure as PNG."""
    with style():
        drawn = io.BytesIO()
        draw(summary, theme).savefig(drawn, format="png", dpi=_SHARP_DPI, metadata={"Software": None})
    return drawn.getvalue()


def description(summary: Summary) -> str:
    """Return every figure that is drawn, in words."""
    variants = " ".join(f"{each.name}: {_figures(each)}." for each in summary.variants)
    return f"{_headline(summary)} {variants}"


@contextmanager
def style() -> Iterator[None]:
    """Draw with this project's settings, whatever the user's are, and put theirs back."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_SETTINGS)
        yield


def draw(summary: Summary, theme: Theme) -> Figure:
    """Return the figure; to be called, and saved, within ``style``."""
    notes = _notes(summary)
    panel = _ROW * max(len(summary.variants), _LEAST_ROWS)
    foot = _FOOT + _NOTE_LINE * len(notes)
    height = _HEAD + 2 * panel + _BETWEEN + foot
    figure = Figure(figsize=(_WIDTH, height), dpi=_DPI, facecolor=theme.ground)
    names = _NAMES + _LETTER * max(len(each.name) for each in summary.variants)
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
    panels = (draw_latency, draw_accuracy, draw_size, draw_trade_off)
    axes = [figure.add_subplot(grid[place], facecolor=theme.ground) for place in range(len(panels))]
    for each, fill in zip(axes, panels, strict=True):
        fill(each, summary, theme)
    _head(figure, summary, theme, height)
    _legend(figure, summary, theme, height)
    for index, note in enumerate(reversed(notes)):
        figure.text(0.012, (0.1 + index * _NOTE_LINE) / height, note, fontsize=8, color=theme.ink)
    return figure


def _headline(summary: Summary) -> str:
    return headline(summary.variants).replace("**", "")


def _figures(variant: VariantReport) -> str:
    latency, speed_up = variant.latency_single_stream_s, variant.speed_up_single_stream_ratio
    parts = [
        SINGLE_STREAM.show(latency.value) if latency else "no latency",
        f"speed-up {speed_up.value:.2f}" if speed_up else "no speed-up",
        f"accuracy {ACCURACY.show(variant.accuracy_share.value)}" if variant.accuracy_share else "no accuracy",
        SIZE.show(variant.size_bytes) if variant.size_bytes is not None else "no size",
        variant.standing,
    ]
    return ", ".join([*parts, *variant.reasons])


def _head(figure: Figure, summary: Summary, theme: Theme, height: float) -> None:
    figure.text(
        0.012, 1 - 0.38 / height, f"{summary.suite} at {summary.commit[:8]}", fontsize=16, fontweight="bold",
        color=theme.ink,
    )  # fmt: skip
    sentences = f"{summary.sentences:,} test sentences" if summary.sentences else ""
    facts = "  \N{MIDDLE DOT}  ".join(each for each in (_headline(summary), summary.machine, sentences) if each)
    figure.text(0.012, 1 - 0.64 / height, textwrap.shorten(facts, 200), fontsize=9.5, color=theme.faint)


def _legend(figure: Figure, summary: Summary, theme: Theme, height: float) -> None:
    """Explain fills, shapes, lines and areas, of which none speaks by colour alone."""
    shown = {each.standing for each in summary.variants}
    marks = [
        Line2D([], [], linestyle="none", marker=SHAPES[word], markersize=8, color=theme.fill(word), label=label)
        for word, label in _FILLS.items()
        if word in shown
    ]
    marks += [
        Line2D([], [], color=theme.ink, linewidth=1, label="interval"),
        Line2D([], [], color=theme.frontier, linewidth=1.8, label="Pareto frontier (bold names)"),
        Line2D([], [], linestyle="none", label=sizes_in_words(summary)),
    ]
    figure.legend(
        handles=marks, loc="upper right", bbox_to_anchor=(0.992, 1 - 0.15 / height), ncols=len(marks), frameon=False,
        fontsize=8, labelcolor=theme.ink, handlelength=1.4, columnspacing=1.4,
    )  # fmt: skip


def _notes(summary: Summary) -> list[str]:
    """Return why figures are missing, in lines that fit."""
    lines = [f"{each.name} was not measured: {reason}" for each in summary.variants for reason in each.reasons]
    return [part for line in lines for part in textwrap.wrap(line, _NOTE_WIDTH)]
