"""The folders of each side's scorecards, which the other side's code must not write.

Content keys say what a figure was made of as far as that can be known, and code can be reached in ways that no key
follows. So a check reads back only what the same commit measured before, on the same side and with the same
interpreter: that is worth minutes where BASE stays the same. Trained weights, which cost hours, are shared.
"""

import hashlib
import os
import shutil
from pathlib import Path

from bench_models.storage import home

# Each is some kilobytes for a model suite, and nothing for others.
_KEPT = 16


def own_folder(*owner: str) -> Path:
    """Return the folder for the figures of an owner; nothing is made, most suites have none."""
    folder = _folder() / hashlib.sha256("\0".join(owner).encode()).hexdigest()[:24]
    if folder.is_dir():
        os.utime(folder)  # the ones used last are kept
    return folder


def forget_old() -> None:
    """Remove all but the folders that were used last."""
    folders = [each for each in _folder().iterdir() if each.is_dir()] if _folder().is_dir() else []
    for folder in sorted(folders, key=lambda each: each.stat().st_mtime, reverse=True)[_KEPT:]:
        shutil.rmtree(folder, ignore_errors=True)


def _folder() -> Path:
    return home() / "figures"
