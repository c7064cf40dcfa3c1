"""The figure as files: SVG and PNG, light and dark, the same bytes for the same report."""

import io
from pathlib import Path
from xml.sax.saxutils import escape

from bench_models.errors import BenchModelsError
from bench_models.metrics import ACCURACY, SINGLE_STREAM, SIZE
from bench_models.report.figure.render import draw, headline, style
from bench_models.report.figure.themes import LIGHT, THEMES, Theme
from bench_models.report.reading import Line, Report
from bench_models.sealed import write_atomically, write_bytes_atomically

_SHARP_DPI = 144

# Names look for places that are clear of all others: the time for that grows faster than their number.
MOST_VARIANTS = 60


def write_figure(report: Report, folder: Path) -> list[Path]:
    """Write the figure of a report into a folder, named like its suite, and return the files.

    Raises ``BenchModelsError`` for more variants than a figure holds.
    """
    if len(report.lines) > MOST_VARIANTS:
        raise BenchModelsError(
            f"{report.suite} has {len(report.lines)} variants, and a figure holds {MOST_VARIANTS} of them at most: "
            "`bench-models report SUITE VARIANT ...` makes a report, and its figure, of those that are named"
        )
    return [path for theme in THEMES for path in _write(report, theme, folder)]


def svg(report: Report, theme: Theme) -> str:
    """Return the figure as SVG, with a title and a description for those who hear it."""
    with style():
        drawn = io.StringIO()
        draw(report, theme).savefig(drawn, format="svg", metadata={"Date": None, "Creator": None})
    head, tag, rest = drawn.getvalue().partition("<svg ")
    attributes, end, body = rest.partition(">")
    words = f"\n <title>{escape(_title(report))}</title>\n <desc>{escape(description(report))}</desc>"
    return f'{head}{tag}role="img" {attributes}{end}{words}{body}'


def png(report: Report, theme: Theme) -> bytes:
    """Return the figure as PNG."""
    with style():
        drawn = io.BytesIO()
        draw(report, theme).savefig(drawn, format="png", dpi=_SHARP_DPI, metadata={"Software": None})
    return drawn.getvalue()


def description(report: Report) -> str:
    """Return every figure that is drawn, in words."""
    lines = " ".join(f"{line.name}: {_figures(line)}." for line in report.lines)
    return f"{headline(report)}. {lines}"


def _write(report: Report, theme: Theme, folder: Path) -> tuple[Path, Path]:
    path = folder / (report.suite if theme is LIGHT else f"{report.suite}-{theme.name}")
    vector, raster = path.with_name(f"{path.name}.svg"), path.with_name(f"{path.name}.png")
    write_atomically(vector, svg(report, theme))
    write_bytes_atomically(raster, png(report, theme))
    return vector, raster


def _title(report: Report) -> str:
    return f"Latency, accuracy and size of the variants of {report.suite} at {report.commit[:8]}"


def _figures(line: Line) -> str:
    parts = [
        SINGLE_STREAM.show(line.latency_s.value) if line.latency_s else "no latency",
        f"speed-up {line.speed_up.value:.2f}" if line.speed_up else "no speed-up",
        f"accuracy {ACCURACY.show(line.accuracy.value)}" if line.accuracy else "no accuracy",
        SIZE.show(line.size_bytes) if line.size_bytes is not None else "no size",
        line.standing,
    ]
    return ", ".join([*parts, *line.errors])
