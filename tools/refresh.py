"""Put the newest report into README.md, with its figure: ``tox -e docs`` after ``tox -e bench -- --all``.

Figures in prose come from a run, never from a keyboard.
"""

import json
import re
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REPORT = ROOT / "results" / "rotten-tomatoes"
ROW = re.compile(r"^\| ([\w-]+) +\|", re.MULTILINE)
BETWEEN_MARKS = re.compile(r"(?<=<!-- report -->\n).*?(?=<!-- /report -->)", re.DOTALL)


def main() -> None:
    """Rewrite both from a report in which everything was measured, and no row is missing that was there before."""
    report = json.loads(REPORT.with_suffix(".json").read_text(encoding="utf-8"))
    readme = ROOT / "README.md"
    before = set(ROW.findall(readme.read_text(encoding="utf-8"))) - {"variant"}
    fewer = {each["name"] for each in report["variants"]} < before
    if fewer or report["exit_status"] == 2:  # noqa: PLR2004  # "something could not be measured"
        raise SystemExit(f"{REPORT}.json is incomplete: run `tox -e bench -- --all` until everything is measured")
    block = f"```text\n{_as_printed(REPORT.with_suffix('.md').read_text(encoding='utf-8'))}```\n"
    readme.write_text(BETWEEN_MARKS.sub(lambda _: block, readme.read_text(encoding="utf-8")), encoding="utf-8")
    for theme in ("", "-dark"):
        shutil.copyfile(REPORT.with_name(f"{REPORT.name}{theme}.svg"), ROOT / "docs" / f"figure{theme}.svg")


def _as_printed(text: str) -> str:
    """Return the report up to its first table: what the README has room for."""
    parts = text.split("\n\n")
    table = next(place for place, part in enumerate(parts) if part.startswith("| variant"))
    return "\n\n".join(parts[: table + 1]) + "\n"


if __name__ == "__main__":
    main()
