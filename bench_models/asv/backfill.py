"""Chooses the commits of the history to measure now, and runs asv on them."""

import logging
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench_models.asv.results import branches, measured
from bench_models.checkout import git
from bench_models.errors import BenchModelsError

# A commit that was missed is measured with a later push, unless so many commits came after it.
LOOK_BACK = 30
_ASV_FAILED = 2

log = logging.getLogger(__name__)


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
    """Return the newest commits of a branch, as asv counts them: first parents only.

    Raises ``BenchModelsError`` when this clone does not have the branch.
    """
    found = git("rev-list", "--first-parent", f"--max-count={count}", branch, "--", cwd=root)
    if found is None:
        raise BenchModelsError(
            f"asv.conf.json keeps the history of the branch {branch}, which this clone does not have: check it out "
            "with its whole history (fetch-depth: 0 in GitHub's checkout), or name another in `branches`"
        )
    return found.split()
