"""Ways to fill a folder, for processes that are started by a test: they import this module."""

import time
from pathlib import Path


def fill(folder: Path) -> None:
    """Write one file."""
    (folder / "weights").write_text("trained", encoding="utf-8")


def fill_until_killed(folder: Path) -> None:
    """Write one file, say so, and never end by itself."""
    fill(folder)
    (folder.parent / "started").touch()
    time.sleep(60)


def fill_slowly(folder: Path) -> None:
    """Leave a mark and take a while."""
    with (folder.parent / "fills").open("a", encoding="utf-8") as file:
        file.write("x")
    time.sleep(0.5)
    fill(folder)
