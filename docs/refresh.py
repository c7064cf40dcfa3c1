"""Put the newest report into README.md, and draw its picture: ``tox -e docs`` after ``tox -e bench``.

Figures in prose come from a run, never from a keyboard.
"""

import io
import json
import re
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.terminal_theme import DIMMED_MONOKAI

ROOT = Path(__file__).resolve().parent.parent
REPORT = ROOT / "results" / "rotten-tomatoes"
BETWEEN_MARKS = re.compile(r"(?<=<!-- report -->\n).*?(?=<!-- /report -->)", re.DOTALL)


def main() -> None:
    """Rewrite both files."""
    readme = ROOT / "README.md"
    text = REPORT.with_suffix(".md").read_text(encoding="utf-8")
    block = f"```text\n{_as_printed(text)}```\n"
    readme.write_text(BETWEEN_MARKS.sub(lambda _: block, readme.read_text(encoding="utf-8")), encoding="utf-8")
    report = json.loads(REPORT.with_suffix(".json").read_text(encoding="utf-8"))
    console = Console(record=True, width=112, file=io.StringIO())
    console.print(_table(report))
    console.save_svg(str(ROOT / "docs" / "table.svg"), title="tox -e bench", theme=DIMMED_MONOKAI)


def _as_printed(text: str) -> str:
    """Return the report up to its table: what the README has room for."""
    return text[: text.index("\n* Latency")] if "\n* Latency" in text else text


def _table(report: dict[str, Any]) -> Table:
    table = Table(title=f"{report['suite']} at {report['commit'][:8]}", title_style="bold")
    table.add_column("variant", style="bold")
    for heading in ("size", "smaller by", "zeros", "latency", "speed-up", "accuracy", "lost"):
        table.add_column(heading, justify="right")
    table.add_column("budget")
    for row in report["variants"]:
        table.add_row(*_cells(row))
    return table


def _cells(row: dict[str, Any]) -> list[str]:
    latency, speed_up, accuracy = (
        row[key] for key in ("latency_single_stream_s", "speed_up_single_stream_ratio", "accuracy_share")
    )
    return [
        row["name"],
        f"{row['size_bytes'] / 2**20:.1f} MiB",
        f"{row['size_reduction_pct']:.1f} %",
        f"{100 * row['sparsity_share']:.1f} %",
        f"{1e3 * latency['value']:.1f} ms",
        f"{speed_up['value']:.2f} x ± {(speed_up['high'] - speed_up['low']) / 2:.2f}",
        f"{100 * accuracy['value']:.1f} %",
        f"{row['accuracy_drop_points']['value']:.2f} points",
        {"kept": "[green]✓ kept[/]", "broken": "[red]✗ broken[/]"}.get(row["standing"], row["standing"]),
    ]


if __name__ == "__main__":
    main()
