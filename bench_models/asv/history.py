"""The history that asv keeps: which commits to measure next, and each benchmark over the commits that are measured."""

import math
import re
import subprocess
import sys
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from asv._stats import get_weight
from asv.results import iter_results

from bench_models.asv.results import config_of, described_in, results_folder, unquoted
from bench_models.checkout import git
from bench_models.errors import BenchModelsError

# A commit that was missed is measured with a later push, unless so many commits came after it.
LOOK_BACK = 30
_ASV_FAILED = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """The history of one benchmark with one set of parameters on one machine: a value for each measured commit.

    ``threshold`` is the relative rise from which asv.conf.json speaks of a regression; ``weights`` are what asv counts
    each value by when it fits levels to them, where it knows one.
    """

    machine: str
    environment: str
    benchmark: str
    parameters: tuple[str, ...]
    unit: str
    threshold: float
    values: dict[str, float] = field(default_factory=dict)
    weights: dict[str, float | None] = field(default_factory=dict)


def histories(root: Path, commits: Container[str]) -> list[Series]:
    """Return the history of everything that asv.conf.json wants judged, over some commits.

    asv takes lower for better; what is not, ``regressions_first_commits`` turns off with a null.
    """
    config, kept = config_of(root), results_folder(root)
    described = described_in(kept)
    found: dict[tuple[str, ...], Series] = {}
    for result in iter_results(str(kept)):
        known = described.keys() & result.get_all_result_keys() if result.commit_hash in commits else ()
        for benchmark in known:
            for names, value, weight in _numbers(result, benchmark):
                entry = f"{benchmark}({', '.join(names)})" if names else benchmark
                if not _judged(config, entry):
                    continue
                parameters = tuple(map(unquoted, names))
                where = (str(result.params["machine"]), result.env_name, benchmark, *parameters)
                if where not in found:
                    found[where] = Series(
                        machine=where[0],
                        environment=where[1],
                        benchmark=benchmark,
                        parameters=parameters,
                        unit=str(described[benchmark].get("unit", "")),
                        threshold=_threshold(config, entry),
                    )
                found[where].values[result.commit_hash] = value
                found[where].weights[result.commit_hash] = weight
    return [found[key] for key in sorted(found)]


def _numbers(result: Any, benchmark: str) -> Iterator[tuple[tuple[str, ...], float, float | None]]:
    parameters = result.get_result_params(benchmark)
    values, stats = (read(benchmark, parameters) for read in (result.get_result_value, result.get_result_stats))
    for names, value, about in zip(product(*parameters), values, stats, strict=False):
        if value is not None and math.isfinite(value):
            yield names, float(value), _weight(about)


def _weight(about: Any) -> float | None:
    try:
        weight: float | None = get_weight(about)
    except TypeError:  # an interval whose ends are not numbers
        return None
    return weight


def _judged(config: Any, entry: str) -> bool:
    patterns = config.regressions_first_commits
    return not any(first is None and _matches(config, pattern, entry) for pattern, first in patterns.items())


def _threshold(config: Any, entry: str) -> float:
    found = [float(least) for name, least in config.regressions_thresholds.items() if _matches(config, name, entry)]
    return max(found, default=0.05)


def _matches(config: Any, pattern: str, entry: str) -> bool:
    """Match from the beginning of a name with its parameters and its branch, as asv's own list of regressions does."""
    return any(re.match(pattern, f"{entry}@{branch}") for branch in config.branches)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Commits to measure now, newest first, and those left for the next time."""

    now: tuple[str, ...]
    later: tuple[str, ...]


def plan(root: Path, at_most: int) -> Plan:
    """Return the commits without results, as far back as the oldest that has some.

    asv's own ``NEW`` ends at the first commit with results, so that a commit missed by a killed job is never measured;
    and without any results it takes the whole history, here only the newest commit. The newest is measured again where
    a benchmark failed.
    """
    known = measured(root)
    wanted: list[str] = []
    for branch in branches(root):
        commits = newest_commits(root, branch)
        seen = [position for position, commit in enumerate(commits) if commit in known]
        new = [commit for commit in commits[: max(seen)] if commit not in known] if seen else commits[:1]
        again = [commit for commit in commits[:1] if not known.get(commit, True)]
        wanted += [commit for commit in (*again, *new) if commit not in wanted]
    return Plan(now=tuple(wanted[:at_most]), later=tuple(wanted[at_most:]))


def measure(root: Path, commits: Sequence[str], bench: str) -> int:
    """Let asv measure commits and return 0, or 2 when a benchmark failed; what succeeded before is not repeated.

    Raises ``BenchModelsError`` when asv itself does not come to its end.
    """
    with TemporaryDirectory() as folder:
        hashes = Path(folder) / "commits"
        hashes.write_text("".join(f"{commit}\n" for commit in commits), encoding="utf-8")
        options = ("--skip-existing-successful", "--record-samples", "--show-stderr")
        chosen = ("--bench", bench) if bench else ()
        command = [sys.executable, "-m", "asv", "run", f"HASHFILE:{hashes}", *options, *chosen]
        status = subprocess.run(command, cwd=root, check=False).returncode
    if status not in {0, _ASV_FAILED}:
        raise BenchModelsError(f"asv ended with status {status}: what it printed above says why")
    return status


def newest_commits(root: Path, branch: str, count: int = LOOK_BACK) -> list[str]:
    """Return the newest commits of a branch, first parents only as in asv; raises where the clone lacks the branch."""
    found = git("rev-list", "--first-parent", f"--max-count={count}", branch, "--", cwd=root)
    if found is None:
        raise BenchModelsError(
            f"asv.conf.json keeps the history of the branch {branch}, which this clone does not have: check it out "
            "with its whole history (fetch-depth: 0 in GitHub's checkout), or name another in `branches`"
        )
    return found.split()


def measured(root: Path) -> dict[str, bool]:
    """Return the commits that were measured on any machine, and whether each benchmark of theirs has a result."""
    found: dict[str, bool] = {}
    for result in iter_results(str(results_folder(root))):
        cells = [result.get_result_value(key, result.get_result_params(key)) for key in result.get_all_result_keys()]
        whole = bool(cells) and all(None not in values for values in cells)
        found[result.commit_hash] = found.get(result.commit_hash, False) or whole
    return found


def branches(root: Path) -> list[str]:
    """Return the branches whose history is kept."""
    return [str(branch) for branch in config_of(root).branches]
