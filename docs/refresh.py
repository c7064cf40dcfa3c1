"""Put the newest report into README.md, and draw its picture: ``tox -e docs`` after ``tox -e bench``.

Figures in prose come from a run, never from a keyboard.
"""

import json
import re
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import pyplot as plt

ROOT = Path(__file__).resolve().parent.parent
REPORT = ROOT / "results" / "rotten-tomatoes"
BETWEEN_MARKS = re.compile(r"(?<=<!-- report -->\n).*?(?=<!-- /report -->)", re.DOTALL)

HEADINGS = ("variant", "size", "smaller by", "zeros", "latency", "speed-up", "accuracy", "lost", "budget")
WIDTHS = (0.14, 0.09, 0.1, 0.08, 0.09, 0.21, 0.09, 0.11, 0.09)
COLOURS = {"kept": "#117733", "broken": "#aa3311"}


def main() -> None:
    """Rewrite both files from a report in which everything was measured."""
    report = json.loads(REPORT.with_suffix(".json").read_text(encoding="utf-8"))
    if report["exit_status"] == 2:  # noqa: PLR2004  # "something could not be measured"
        raise SystemExit(f"{REPORT}.json is incomplete: run `tox -e bench` until everything is measured")
    readme = ROOT / "README.md"
    block = f"```text\n{_as_printed(REPORT.with_suffix('.md').read_text(encoding='utf-8'))}```\n"
    readme.write_text(BETWEEN_MARKS.sub(lambda _: block, readme.read_text(encoding="utf-8")), encoding="utf-8")
    _draw(report, ROOT / "docs" / "table.png")


def _as_printed(text: str) -> str:
    """Return the report up to its table: what the README has room for."""
    return text[: text.index("\n* Latency")]


def _draw(report: dict[str, Any], path: Path) -> None:
    mpl.rcParams["font.family"] = "DejaVu Sans"
    rows = [_cells(row) for row in report["variants"]]
    figure, axes = plt.subplots(figsize=(11, 0.3 * (len(rows) + 1)))
    axes.set_axis_off()
    axes.set_title(f"{report['suite']} at {report['commit'][:8]}", loc="left", fontweight="bold")
    table = axes.table(
        rows, colLabels=HEADINGS, colWidths=WIDTHS, cellLoc="right", loc="upper center", edges="horizontal"
    )
    table.auto_set_font_size(False)  # noqa: FBT003  # matplotlib's signature
    table.set_fontsize(10)
    table.scale(1, 1.45)
    for (line, column), cell in table.get_celld().items():
        cell.set_edgecolor("#cccccc")
        if line == 0 or column == 0:
            cell.set_text_props(fontweight="bold")
        elif column == len(HEADINGS) - 1:
            cell.set_text_props(color=COLOURS.get(report["variants"][line - 1]["standing"], "black"))
    figure.savefig(path, dpi=144, bbox_inches="tight", facecolor="white")


def _cells(row: dict[str, Any]) -> list[str]:
    latency, speed_up, accuracy = (
        row[key] for key in ("latency_single_stream_s", "speed_up_single_stream_ratio", "accuracy_share")
    )
    low, high = f"{speed_up['low']:.2f}", f"{speed_up['high']:.2f}"
    return [
        row["name"],
        f"{row['size_bytes'] / 2**20:.1f} MiB",
        f"{row['size_reduction_pct']:.1f} %",
        f"{100 * row['sparsity_share']:.1f} %",
        f"{1e3 * latency['value']:.1f} ms",
        f"{speed_up['value']:.2f} x" + (f" ({low} to {high})" if low != high else ""),
        f"{100 * accuracy['value']:.1f} %",
        f"{row['accuracy_drop_points']['value']:.2f} points",
        row["standing"],
    ]


if __name__ == "__main__":
    main()
