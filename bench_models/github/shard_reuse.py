"""Reuses a shard that an earlier run measured: only to its end, and only for the very same question.

A new label or description changes what people say of the figures, not the figures. But a record that broke off would
turn the check red until somebody pushes, and one that answers another question, such as with other benchmarks or by an
older bench-models, could turn it green.
"""

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import bench_models
from bench_models.check.record import FILE, read
from bench_models.errors import BenchModelsError
from bench_models.provenance import key_of
from bench_models.storage import write_atomically

ASKED = "asked.json"

_COMMIT = re.compile(r"[0-9a-f]{40}")
# What says where the answer goes, not what is asked.
_ELSEWHERE = ("output", "again", "run", "strict")


def question(options: Mapping[str, object]) -> dict[str, str]:
    """Return what a command line asks of a shard, and the code that answers."""
    asked = {name: str(value) for name, value in sorted(options.items()) if name not in _ELSEWHERE}
    return asked | {"code": _code()}


def note(folder: Path, asked: Mapping[str, str]) -> bool:
    """Write down which question a record answers, if it came to its end; say whether it did."""
    whole = _is_whole(folder)
    if whole:
        write_atomically(folder / ASKED, json.dumps(asked, indent=1) + "\n")
    return whole


def answered(folder: Path, asked: Mapping[str, str]) -> bool:
    """Say whether a folder holds the whole record of this question; names of branches may mean other commits by now."""
    fixed = all(_COMMIT.fullmatch(asked[side]) for side in ("base", "head"))
    with suppress(OSError, ValueError, RecursionError):
        return fixed and json.loads((folder / ASKED).read_text(encoding="utf-8")) == asked and _is_whole(folder)
    return False


def forget(folder: Path) -> None:
    """Remove a record that does not answer."""
    for name in (ASKED, FILE):
        (folder / name).unlink(missing_ok=True)


def _is_whole(folder: Path) -> bool:
    try:
        return read(folder).ending == "complete"
    except BenchModelsError:
        return False


def _code() -> str:
    """Return a digest of this package: what measures, chooses and counts."""
    root = Path(bench_models.__file__).parent
    return key_of(*((str(file.relative_to(root)), file.read_text("utf-8")) for file in sorted(root.rglob("*.py"))))
