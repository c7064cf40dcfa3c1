"""Synchronizes a clone with the results branch: fetches, merges and pushes, however many push at once.

A fetch and a push compare three versions of each file: the branch's when it was last fetched, the clone's, and the
branch's now. A push that another one overtook is made again on top of that one.
"""

import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import SystemRandom
from tempfile import TemporaryDirectory

from filelock import FileLock

from bench_models.asv.folder import BENCHMARKS, MACHINE
from bench_models.asv.merge import merged as merged_results
from bench_models.checkout import git
from bench_models.errors import BenchModelsError
from bench_models.results_branch.git_objects import Objects, Tree
from bench_models.results_branch.records import (
    ACCEPTED,
    CHECKS,
    MOST_CHECKS,
    RESULTS,
    Mirror,
    add_accepted,
    mirror_of,
    mirrored,
    read_accepted,
)
from bench_models.storage import write_bytes_atomically

BRANCH = "results"
ATTEMPTS = 20
_LONGEST_PAUSE_S = 15.0
_FETCHED = "refs/fetched"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultsBranch:
    """A clone's mirror of a branch; ``pause`` waits for so many seconds."""

    mirror: Mirror
    objects: Objects
    name: str = BRANCH
    pause: Callable[[float], None] = time.sleep

    def fetch(self) -> bool:
        """Bring the branch here; False when there is no such branch yet."""
        with self._alone():
            theirs = self.objects.fetch(self.name)
            if theirs is not None:
                ours = self._here()
                self._bring(theirs, ours, self._together(ours, theirs))
            return theirs is not None

    def push(self, message: str) -> int:
        """Push what is new here, bring what is new there, and return how many files were pushed.

        Raises ``BenchModelsError`` when git refuses for good: nothing here is changed then.
        """
        with self._alone():
            for attempt in range(ATTEMPTS):
                theirs, ours = self.objects.fetch(self.name), self._here()
                everything = self._together(ours, theirs)
                old = self._too_many(everything)
                together = {path: name for path, name in everything.items() if path not in old}
                there = self.objects.tree(theirs)
                changed = {path: name for path, name in together.items() if there.get(path) != name}
                commit = self.objects.commit(theirs, changed, old & there.keys(), message) if changed else theirs
                refusal = self.objects.push(commit, self.name) if changed and commit else None
                if refusal is None:
                    if commit is not None:
                        self._bring(commit, ours, together)
                    return len(changed)
                self._wait(attempt, refusal)
        raise BenchModelsError(
            f"the branch {self.name} did not take the results in {ATTEMPTS} attempts; git said: {refusal} -- they are "
            f"still in {self.mirror.results}: push them again once that is mended"
        )

    def _wait(self, attempt: int, refusal: str) -> None:
        longest = min(_LONGEST_PAUSE_S, 0.2 * 2**attempt)
        log.info("the push was refused (%s): once more, on top of what is there now", refusal)
        self.pause(SystemRandom().uniform(0, longest))  # so that two publishers that met once do not meet again

    def _alone(self) -> FileLock:
        self.objects.prepare()
        return FileLock(self.objects.path / "bench-models.lock")

    def _here(self) -> Tree:
        files = self.mirror.files()
        return dict(zip(files, self.objects.add(files.values()), strict=True))

    def _together(self, ours: Tree, theirs_commit: str | None) -> Tree:
        base = self._mirrored(self.objects.commit_at(_FETCHED))
        theirs = self._mirrored(theirs_commit)
        together = dict(theirs)
        for path, name in ours.items():
            if name in {base.get(path), theirs.get(path)}:
                continue
            both = path in theirs and theirs[path] != base.get(path)
            together[path] = self._merged(path, name, theirs[path]) if both else name
        return together

    def _too_many(self, files: Tree) -> set[str]:
        """Return the oldest checks, as many as there are too many of them."""
        checks = {path: name for path, name in files.items() if path.startswith(f"{CHECKS}/")}
        if len(checks) <= MOST_CHECKS:
            return set()
        contents = self.objects.contents(checks.values())
        return set(sorted(checks, key=lambda path: (_made_at(contents[checks[path]]), path))[:-MOST_CHECKS])

    def _merged(self, path: str, ours: str, theirs: str) -> str:
        contents = self.objects.contents((ours, theirs))
        return self.objects.add_content(merged(path, contents[ours], contents[theirs]))

    def _mirrored(self, commit: str | None) -> Tree:
        return {path: name for path, name in self.objects.tree(commit).items() if mirrored(path)}

    def _bring(self, commit: str, ours: Tree, together: Tree) -> None:
        """Write here what differs; a file that was moved aside here and did not change there stays aside."""
        base = self._mirrored(self.objects.commit_at(_FETCHED))
        wanted = {path: name for path, name in together.items() if name not in {ours.get(path), base.get(path)}}
        contents = self.objects.contents(wanted.values())
        for path, name in wanted.items():
            write_bytes_atomically(self.mirror.place(path), contents[name])
        for path in ours.keys() - together.keys():
            self.mirror.place(path).unlink(missing_ok=True)
        self.objects.remember(_FETCHED, commit)


def results_branch(root: Path, remote: str = "origin") -> ResultsBranch:
    """Return the results branch of a clone; raises ``BenchModelsError`` where it has no such remote."""
    url = git("remote", "get-url", remote, cwd=root)
    if url is None:
        raise BenchModelsError(f"this clone has no remote {remote}, whose branch {BRANCH} keeps the results: add it")
    if (root / url).exists():
        url = str((root / url).resolve())  # git would look for a relative one from elsewhere
    mirror = mirror_of(root)
    return ResultsBranch(mirror=mirror, objects=Objects(path=mirror.folder / "branch.git", remote=url))


def merged(path: str, ours: bytes, theirs: bytes) -> bytes:
    """Return one content made of two versions of a file that two publishers changed at the same time.

    Of asv's results the later measurement of each benchmark counts, of a commit's checks the newer one, and accepted
    regressions are all kept. Of any other file our version counts, unless it is damaged.
    """
    folder, _, name = path.partition("/")
    if folder == RESULTS and Path(name).name not in {MACHINE, BENCHMARKS}:
        return merged_results(ours, theirs)
    if folder == CHECKS:
        return max(theirs, ours, key=_made_at)
    return _union(ours, theirs) if path == ACCEPTED else _later(ours, theirs)


def _later(ours: bytes, theirs: bytes) -> bytes:
    try:
        json.loads(ours)
    except (ValueError, RecursionError):
        return theirs
    return ours


def _made_at(check: bytes) -> str:
    """Return when a check was made, in a form that sorts; a damaged one is older than any other."""
    try:
        return str(json.loads(check)["at"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""


def _union(ours: bytes, theirs: bytes) -> bytes:
    with TemporaryDirectory() as temporary:
        file = Path(temporary) / ACCEPTED
        file.write_bytes(ours)
        mine, _ = read_accepted(file.parent)
        file.write_bytes(theirs)
        try:
            add_accepted(file.parent, mine)
        except BenchModelsError:  # theirs is damaged as a whole
            return ours
        return file.read_bytes()
