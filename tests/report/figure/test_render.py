"""The figure is readable, names every variant, and comes out the same each time."""

import itertools
import json
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pytest
from matplotlib.axis import Axis
from matplotlib.collections import Collection, PathCollection
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox
from support.drawing import REAL, crowded, document, unmeasured

from bench_models.errors import BenchModelsError
from bench_models.report.document import Summary, read, report_of
from bench_models.report.figure.render import description, draw, png, style, svg, write_figure
from bench_models.report.figure.themes import DARK, LIGHT, THEMES, Theme


def _summary(kept: dict[str, Any]) -> Summary:
    return report_of(kept, "kept").summary


REPORTS = {
    "real": read(REAL).summary,
    "crowded": crowded(),
    "very crowded": crowded(seed=1, spread=0.001),
    "long names": _summary(
        document() | {"variants": [row | {"name": f"{row['name']:_<28}"} for row in document()["variants"]]}
    ),
}


@cache
def _drawn(name: str, theme: Theme = LIGHT) -> Figure:
    with style():
        return draw(REPORTS[name], theme)


def _texts(figure: Figure) -> dict[str, Bbox]:
    """Return where each text of a figure is, in pixels; those of the same words are told apart by their number."""
    with style():
        figure.draw_without_rendering()
        hidden = {label for panel in figure.axes for axis in (panel.xaxis, panel.yaxis) for label in _hidden(axis)}
        shown = [text for text in figure.findobj(Text) if text.get_text().strip() and text not in hidden]
        return {f"{number}: {text.get_text()}": text.get_window_extent() for number, text in enumerate(shown)}


def _hidden(axis: Axis) -> Iterator[Text]:
    """Yield the labels of ticks that are not drawn, because they lie outside the panel."""
    low, high = sorted(axis.get_view_interval())
    for tick in axis.get_major_ticks():
        yield from [tick.label2] if low <= tick.get_loc() <= high else [tick.label1, tick.label2]


def _overlapping(boxes: dict[str, Bbox]) -> list[tuple[str, str]]:
    pairs = itertools.combinations(boxes.items(), 2)
    return [(one, other) for (one, a), (other, b) in pairs if _area(Bbox.intersection(a, b)) > 0.5]


def _area(box: Bbox | None) -> float:
    return box.width * box.height if box is not None else 0.0


@pytest.mark.parametrize("name", REPORTS)
def test_no_text_lies_on_another_or_leaves_the_figure(name: str) -> None:
    """By the boxes of all texts as they are drawn; at the pixels of the screen and of the file."""
    figure = _drawn(name)
    for dpi in (72, 100, 144):
        figure.set_dpi(dpi)
        boxes = _texts(figure)

        assert len(boxes) > 4 * len(REPORTS[name].variants)
        assert not _overlapping(boxes)
        assert not [words for words, box in boxes.items() if not _within(figure.bbox, box)]


def _within(frame: Any, box: Bbox) -> bool:  # noqa: ANN401  # of matplotlib's several boxes
    return bool(frame.x0 <= box.x0 and box.x1 <= frame.x1 and frame.y0 <= box.y0 and box.y1 <= frame.y1)


def test_texts_on_each_other_would_be_found() -> None:
    """The test above can fail."""
    with style():
        figure = draw(REPORTS["real"], LIGHT)
    names = {text.get_text(): text for text in figure.axes[3].texts}
    names["student2"].xyann = names["int2"].xyann  # type: ignore[attr-defined]

    assert len(_overlapping(_texts(figure))) == 1


@pytest.mark.parametrize("name", REPORTS)
def test_every_variant_is_named_in_every_panel(name: str) -> None:
    """Beside its bar, and beside its bubble if it has one."""
    latency, accuracy, size, trade_off = _drawn(name).axes
    names = [line.name for line in REPORTS[name].variants]

    for panel in (latency, accuracy, size):
        assert names == [label.get_text() for label in panel.get_yticklabels()]
    bubbles = {text.get_text() for text in trade_off.texts}
    assert {line.name for line in REPORTS[name].variants if not line.errors} <= bubbles


def test_figures_are_written_where_the_issue_wants_them() -> None:
    """The speed-up beside each latency, the reduction in each size, the baseline's accuracy as a line."""
    latency, accuracy, size, _ = _drawn("real").axes

    assert "2.90 ms \N{MIDDLE DOT} 3.65 x" in {text.get_text() for text in latency.texts}
    assert "\N{MINUS SIGN}67 %" in {text.get_text() for text in size.texts}
    baseline = REPORTS["real"].variants[0].accuracy_share
    assert baseline is not None
    assert [100 * baseline.value] * 2 in [list(map(float, line.get_xdata())) for line in accuracy.lines]  # type: ignore[arg-type]


def test_intervals_are_drawn() -> None:
    """A whisker on each bar of a time and of an accuracy, and a cross through each bubble."""
    latency, accuracy, _, trade_off = _drawn("real").axes
    rows = len(REPORTS["real"].variants)

    assert len(latency.containers) == len(accuracy.containers) == 2 * rows
    assert len(trade_off.containers) == rows


def test_what_was_not_measured_is_named_with_its_reason() -> None:
    """In its rows and below; the others keep their places."""
    figure = _drawn("crowded", DARK)

    assert "variant-number-07 was not measured: RuntimeError: no such kernel" in {
        text.get_text() for text in figure.texts
    }
    assert all("not measured" in {text.get_text() for text in panel.texts} for panel in figure.axes[:3])


@pytest.mark.parametrize("missing", [[0], list(range(19))])
def test_figure_without_a_baseline_is_still_drawn(missing: list[int]) -> None:
    """There is nothing to trade off then, and that is said."""
    kept = document()
    for index in missing:
        kept["variants"][index] = unmeasured(kept["variants"][index], "out of memory")
    for row in kept["variants"]:
        row["speed_up_single_stream_ratio"] = row["accuracy_drop_points"] = row["size_reduction_pct"] = None
    with style():
        figure = draw(_summary(kept), LIGHT)

    assert "nothing to compare" in {text.get_text() for text in figure.axes[3].texts}
    assert not _overlapping(_texts(figure))


def test_same_report_gives_the_same_bytes() -> None:
    """So that two figures can be compared; a user's own settings of matplotlib change nothing."""
    vector, raster = svg(REPORTS["real"], LIGHT), png(REPORTS["real"], LIGHT)
    with mpl.rc_context({"font.size": 30, "svg.hashsalt": "other", "axes.facecolor": "red"}):
        assert vector == svg(REPORTS["real"], LIGHT)
        assert raster == png(REPORTS["real"], LIGHT)


def test_drawing_leaves_matplotlib_as_it_was() -> None:
    """Nothing global is left behind."""
    before = dict(mpl.rcParams)
    svg(REPORTS["real"], DARK)

    assert before == dict(mpl.rcParams)


def test_svg_says_what_it_shows() -> None:
    """A title and a description with every figure, for a reader who hears it; names are escaped."""
    kept = document()
    kept["variants"][1]["name"] = "<b>&"
    root = ET.fromstring(svg(_summary(kept), LIGHT))  # noqa: S314  # made a line above
    title, words, *_ = list(root)

    assert root.get("role") == "img"
    assert title.text == "Latency, accuracy and size of the variants of rotten-tomatoes at e0aaa9ee"
    assert words.text is not None
    assert "<b>&: 26.1 ms, speed-up 0.41, accuracy 86.7 %, 43.4 MiB, kept." in words.text
    assert all(line.name in description(REPORTS["crowded"]) for line in REPORTS["crowded"].variants)


@pytest.mark.parametrize("name", [r"$\frac{1$ _x^", "$x$", r"\$", "_", "%s {0}", "100 % & <svg>"])
def test_names_are_no_formulas(name: str) -> None:
    """They are drawn as they are written."""
    kept = document()
    kept["variants"][1]["name"] = name
    kept["variants"][2] = unmeasured(kept["variants"][2], r"no $\kernel$")

    assert "</svg>" in svg(_summary(kept), LIGHT)


def test_longest_name_leaves_room_for_the_panels() -> None:
    """The reader takes names of so many characters."""
    kept = document()
    kept["variants"][1]["name"] = "m" * 60

    assert "</svg>" in svg(_summary(kept), LIGHT)


def test_more_variants_than_a_figure_holds_are_refused(tmp_path: Path) -> None:
    """Before the first minute of looking for places."""
    with pytest.raises(BenchModelsError, match="rotten-tomatoes has 61 variants, and a figure holds 60 of them"):
        write_figure(crowded(61), tmp_path)

    assert not list(tmp_path.iterdir())


def test_files_are_named_like_the_suite(tmp_path: Path) -> None:
    """SVG and PNG, light and dark, and nothing else."""
    written = write_figure(REPORTS["real"], tmp_path)

    assert {"rotten-tomatoes.svg", "rotten-tomatoes.png", "rotten-tomatoes-dark.svg", "rotten-tomatoes-dark.png"} == {
        path.name for path in tmp_path.iterdir()
    }
    assert sorted(tmp_path.iterdir()) == sorted(written)


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_words_have_contrast(theme: Theme) -> None:
    """At least 4.5 to 1 for words, 3 to 1 for what is drawn, as WCAG 2.2 asks."""
    words = [(theme.ink, theme.ground), (theme.ink, theme.stripe), (theme.faint, theme.ground)]
    words += [(theme.on_fill, fill) for fill in (theme.kept, theme.baseline, theme.broken)]
    drawn = [(fill, theme.ground) for fill in (theme.kept, theme.baseline, theme.broken, theme.frontier)]

    assert [pair for pair in words if _contrast(*pair) < 4.5] == []
    assert [pair for pair in drawn if _contrast(*pair) < 3] == []


def _contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, by the formula of WCAG 2.2."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(
    ("standing", "words"), [("broken", "int8-dynamic breaks its budget."), ("open", "open: int8-dynamic.")]
)
def test_budget_that_is_not_kept_is_not_told_by_colour_alone(standing: str, words: str) -> None:
    """Its bar is hatched, its bubble is a cross or a diamond, and the headline names it."""
    kept = document()
    kept["variants"][3]["standing"] = standing
    report = _summary(json.loads(json.dumps(kept)))
    with style():
        figure = draw(report, LIGHT)

    hatched = [index for index, bars in enumerate(figure.axes[2].patches[10:]) if bars.get_hatch()]
    assert hatched == [3]
    assert any(words in text.get_text() for text in figure.texts)
    marks = {panel.get_paths()[0].vertices.tobytes() for panel in figure.axes[3].collections if _is_bubble(panel)}  # type: ignore[union-attr]
    assert len(marks) == 3


def _is_bubble(collection: Collection) -> bool:
    return isinstance(collection, PathCollection)
