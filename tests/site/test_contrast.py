"""The colours of the style sheet, held against WCAG 2.2: 4.5 to 1 for text, 3 to 1 for lines and marks."""

import re

import pytest

from bench_models.site.render import assets

TEXT, SHAPES = 4.5, 3.0
ON_GROUND = ("text", "quiet", "link", "bad", "accepted", "good", "unsure", "neutral")
BADGES = ("good", "bad", "unsure", "neutral", "accepted")
LINES = ("line-0", "line-1", "line-2", "line-3", "focus")


def _themes() -> dict[str, dict[str, str]]:
    css = dict(assets())["site.css"]
    blocks = re.findall(r":root \{(.*?)\}", css, re.DOTALL)
    light, dark = (dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block)) for block in blocks)
    return {"light": light, "dark": light | dark}


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, from 1 to 21."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_colours_can_be_told_from_their_ground(theme: str) -> None:
    """Text on cards and on the page, badges on their own ground, lines and the focus ring on both."""
    colours = _themes()[theme]
    pairs = [(name, ground, TEXT) for name in ON_GROUND for ground in ("card", "page")]
    pairs += [(name, f"{name}-ground", TEXT) for name in BADGES]
    pairs += [(name, ground, SHAPES) for name in LINES for ground in ("card", "page")]

    too_low = [(name, ground) for name, ground, least in pairs if contrast(colours[name], colours[ground]) < least]
    assert too_low == []


def test_dark_colours_are_other_ones() -> None:
    """Each colour that is named for light pages is named for dark ones."""
    themes = _themes()

    assert themes["light"].keys() == themes["dark"].keys()
    assert all(themes["light"][name] != themes["dark"][name] for name in themes["light"])


def test_contrast_is_computed_as_wcag_says() -> None:
    """Black on white has the most; a known grey has what the standard's examples give it."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)
