"""Finds the result files of asv that can be used, and names the others."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench_models.asv.unreadable import BENCHMARKS, MACHINE, aside_still, damaged, why_aside


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """When each commit with results was made, its result files, and a sentence on each file left aside.

    ``result_files`` counts all results, whether they can be used or not.
    """

    dates: dict[str, datetime]
    files: dict[str, tuple[Path, ...]]
    left_aside: tuple[str, ...]
    result_files: int


def survey(results: Path, aside: Path) -> Survey:
    """Look at every file in asv's results folder, and at those that were moved out of it to ``aside``."""
    bad = dict(damaged(results))
    dates: dict[str, datetime] = {}
    files: dict[str, tuple[Path, ...]] = {}
    for file in sorted(results.glob("*/*.json")):
        if file.name != MACHINE and file not in bad:
            data = json.loads(file.read_text(encoding="utf-8"))
            commit = data["commit_hash"]
            dates[commit] = datetime.fromtimestamp(data["date"] / 1000, tz=UTC)
            files[commit] = (*files.get(commit, ()), file)
    sentences = (f"{file.relative_to(results)} is left aside: {damage}" for file, damage in bad.items())
    found = [*results.glob("*/*.json"), *aside_still(aside, results)]
    return Survey(
        dates=dates,
        files=files,
        left_aside=(*sentences, *why_aside(aside, results)),
        result_files=sum(file.name not in {MACHINE, BENCHMARKS} for file in found),
    )
