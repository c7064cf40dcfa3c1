"""The files of a clone that the results branch mirrors: asv's results, checks, accepted regressions, A/A checks.

asv would choke on other files among its results, so they stand beside them, in ``.asv``.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from bench_models.asv import result_files
from bench_models.asv.history import results_folder
from bench_models.results_branch.accepted_regressions import ACCEPTED
from bench_models.results_branch.stored_checks import CHECKS
from bench_models.storage import write_bytes_atomically

FOLDER = ".asv"
RESULTS = "results"
ALARMS = "aa"
ASIDE = "aside"

# No name begins with a dot, so that no path leaves its folder and no half-written file is taken for a whole one.
_NAME = r"[^/.\x00-\x1f][^/\x00-\x1f]*"
_MIRRORED = re.compile(
    rf"{RESULTS}/(?:{_NAME}/)?{_NAME}\.json|{CHECKS}/[0-9a-f]{{40}}\.json|{re.escape(ACCEPTED)}|{ALARMS}/{_NAME}\.json"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirror:
    """The mirrored files of the clone at ``root``, whose asv results lie in ``results``."""

    root: Path
    results: Path

    @property
    def folder(self) -> Path:
        """Where all but asv's own results lie."""
        return self.root / FOLDER

    def files(self) -> dict[str, Path]:
        """Return the files that are there, by their path on the branch."""
        return {path: file for path, file in self._found().items() if mirrored(path)}

    def passed_over(self) -> tuple[str, ...]:
        """Return a sentence on each file beside them that has no place on the branch."""
        return tuple(
            f"{file} is passed over: the branch has no place for {path}, as a check is named by its whole commit, and "
            "no name begins with a dot"
            for path, file in self._found().items()
            if not mirrored(path)
        )

    def write(self, path: str, content: bytes) -> None:
        """Write a file of the branch to its place here."""
        write_bytes_atomically(self._place(path), content)

    def remove(self, path: str) -> None:
        """Remove a file that the branch has no more."""
        self._place(path).unlink(missing_ok=True)

    def set_aside(self) -> tuple[str, ...]:
        """Move aside what asv could not read, and return a sentence on each."""
        return result_files.set_aside(self.results, self.folder / ASIDE / RESULTS)

    def _found(self) -> dict[str, Path]:
        """Return all that lies where mirrored files do."""
        found = {f"{RESULTS}/{file.relative_to(self.results).as_posix()}": file for file in _json(self.results)}
        found |= {file.relative_to(self.folder).as_posix(): file for file in _json(self.folder / CHECKS)}
        found |= {file.relative_to(self.folder).as_posix(): file for file in _json(self.folder / ALARMS)}
        found[ACCEPTED] = self.folder / ACCEPTED
        return {path: file for path, file in found.items() if file.is_file()}

    def _place(self, path: str) -> Path:
        folder, _, rest = path.partition("/")
        return self.results / rest if folder == RESULTS else self.folder / path


def mirror_of(root: Path) -> Mirror:
    """Return the mirrored files of a clone; raises ``BenchModelsError`` where there is no asv project."""
    return Mirror(root=root, results=results_folder(root))


def mirrored(path: str) -> bool:
    """Say whether a file of the branch has a place in a clone; others are left alone."""
    return _MIRRORED.fullmatch(path) is not None


def _json(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.json"))
