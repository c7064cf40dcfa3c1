"""Colours of the figure, light and dark, and what all panels share.

Colour never speaks alone: shape, hatching or a word says the same.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench_models.report.document import Standing

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SMALL = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """The colours of one theme; fills are of a palette that colour-blind readers tell apart.

    Source: Okabe and Ito, Color universal design (2008); its blue, vermillion and orange, each as dark
    or as light as words on it and the ground behind it need.
    """

    name: str
    ground: str
    ink: str
    faint: str
    stripe: str
    baseline: str
    kept: str
    broken: str
    frontier: str
    on_fill: str

    def fill(self, standing: Standing) -> str:
        """Return the fill of a variant's bar and bubble."""
        return {"baseline": self.baseline, "broken": self.broken}.get(standing, self.kept)


LIGHT = Theme(
    name="light",
    ground="#ffffff",
    ink="#1f2328",
    faint="#59636e",
    stripe="#f3f5f7",
    baseline="#767676",
    kept="#0072b2",
    broken="#c25400",
    frontier="#a85f00",
    on_fill="#ffffff",
)
DARK = Theme(
    name="dark",
    ground="#0d1117",
    ink="#e6edf3",
    faint="#9198a1",
    stripe="#161c24",
    baseline="#9aa0a6",
    kept="#56b4e9",
    broken="#f0803c",
    frontier="#f0b440",
    on_fill="#0d1117",
)
THEMES = (LIGHT, DARK)


def dress(axes: "Axes", theme: Theme, title: str, note: str) -> None:
    """Give a panel its title, a note below that, and its grid."""
    axes.set_title(title, loc="left", fontsize=11, fontweight="bold", color=theme.ink, pad=20)
    axes.annotate(
        note, (0, 1), (0, 6), xycoords="axes fraction", textcoords="offset points", fontsize=SMALL, color=theme.faint
    )
    axes.grid(color=theme.faint, alpha=0.25, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=SMALL, colors=theme.faint, length=0)
    axes.spines[:].set_visible(False)
