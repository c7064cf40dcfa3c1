"""A repository with an asv suite in pure Python, quick to check: for the rehearsals of workflows."""

import json
import shutil
from pathlib import Path
from typing import Any

from support import REPOSITORY
from support.tiny_project import commit_all, git, write_files

CODE = '''
def total(count):
    """Add numbers up."""
    found = 0
    for number in range(count):
        found += number
    return found


def size():
    return 100
'''

# The file is called as this repository's own suite is, whose name its workflows give.
_SUITE = """
import counting


def time_total():
    counting.total(20_000)


time_total.margin = 10.0


def track_size():
    return counting.size()


track_size.unit = "bytes"
"""

_CONFIG = {"version": 1, "project": "counting", "repo": ".", "benchmark_dir": "benchmarks", "env_dir": "env"}
HARMLESS = CODE.replace("Add numbers up.", "Add up.")
LARGER = CODE.replace("return 100", "return 150")
SLOWER = CODE.replace("range(count)", "range(count + count // 2)")


def write_project(folder: Path, *copied: str) -> Path:
    """Write and commit the repository, with files and folders of this one."""
    files = {
        "counting.py": CODE,
        "benchmarks/__init__.py": "",
        "benchmarks/rotten_tomatoes.py": _SUITE,
        "asv.conf.json": json.dumps(_CONFIG),
        ".gitignore": "results/\nenv/\n",
    }
    write_files(folder, files)
    for name in copied:
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if (REPOSITORY / name).is_dir():
            shutil.copytree(REPOSITORY / name, place, dirs_exist_ok=True)
        else:
            shutil.copyfile(REPOSITORY / name, place)
    git("init", "--quiet", "--initial-branch=main", cwd=folder)
    commit_all(folder, "Count")
    return folder


def change(folder: Path, code: str, branch: str = "change") -> str:
    """Commit other code on a branch and return the commit."""
    git("checkout", "--quiet", "-B", branch, "main", cwd=folder)
    (folder / "counting.py").write_text(code, encoding="utf-8")
    return commit_all(folder, "Change")


def pull_request(
    folder: Path, *, number: int = 7, labels: tuple[str, ...] = (), body: str | None = None
) -> dict[str, Any]:
    """Return a pull request of what is checked out to ``main``, as GitHub describes it."""
    head, base = (git("rev-parse", name, cwd=folder).strip() for name in ("HEAD", "main"))
    return {
        "number": number,
        "body": body,
        "labels": [{"name": name} for name in labels],
        "base": {"ref": "main", "sha": base},
        "head": {"ref": "change", "sha": head},
    }
