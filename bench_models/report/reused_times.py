"""Times that an earlier run of the main job took under the same conditions, so that they need not be taken again.

Conditions are what a time can depend on, as far as a program can know it: the commit, both rows, the code that
measures, the version of every installed library, the environment, the cores and the machine. What else was busy is not
known, nor what was changed by hand within an installed library.
"""

import os
import platform
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import distributions
from pathlib import Path

import bench_models
from bench_models.asv.results import Recorded, knows_machine, recorded
from bench_models.build import Builder
from bench_models.check.sides.isolation import common_variables
from bench_models.checkout import Checkout
from bench_models.machine import available_cores, this_machine
from bench_models.metrics import SPEED_UP
from bench_models.metrics.latency import SpeedUp, times_as_fast
from bench_models.metrics.scorecard import scorecard_key
from bench_models.outcomes import Failed, Measured
from bench_models.provenance import key_of
from bench_models.runtimes.session import THREADS
from bench_models.serving import unavailable_reason
from bench_models.storage import Store, sha256_of
from bench_models.suites import ROWS, module_name
from bench_models.suites.suite import Variant

TIMES, RECORDINGS, CONDITIONS = "timings", "recordings", "conditions"

# Variables that tell of the terminal, the session or the run, and not of how anything computes. All others count.
_OF_THE_RUN = {"_", "COLUMNS", "INVOCATION_ID", "JOURNAL_STREAM", "LINES", "OLDPWD", "PWD", "SHLVL", "TERM", ROWS}
_OF_THE_SESSION = (
    *("DBUS_", "GNOME_", "GPG_", "KITTY_", "SESSION_", "SSH_", "STY", "TERM_", "TMUX", "TOX_", "VSCODE_", "WINDOW"),
    *("WT_", "XDG_SESSION_"),
)
# Where Linux says by which rule it chooses the clock's frequency.
_GOVERNOR = Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Recording:
    """What asv recorded of a row when the main job last let it, as a digest."""

    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shared:
    """Conditions that all rows share: what each is called, and a digest of it."""

    digests: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """The conditions of now for the rows of a suite, of which ``shared`` are those that all rows share, by name."""

    builder: Builder
    checkout: Checkout
    shared: Mapping[str, str]

    @classmethod
    def of_now(cls, builder: Builder, checkout: Checkout) -> "Conditions":
        """Look at everything once."""
        return cls(builder=builder, checkout=checkout, shared=_shared(builder, checkout))

    @property
    def common(self) -> str:
        """A digest of what all rows share."""
        return key_of(sorted(self.shared.items()))

    def changed(self) -> list[str]:
        """Return what is otherwise than when times were last kept; nothing where none were."""
        kept = self._store.get_record(CONDITIONS, self._shared_key, _Shared)
        before = kept.digests if kept else self.shared
        return sorted(name for name in {*before, *self.shared} if before.get(name) != self.shared.get(name))

    def find(self) -> dict[str, SpeedUp]:
        """Return the pairs of all rows that can be run here, if one run took them under these conditions; else nothing.

        Rows of several runs do not belong into one table: the machine may have been slower in one of them.
        """
        rows = self._rows()[1:]
        found = {each.name: self._store.get_record(TIMES, self._key(each), SpeedUp) for each in rows}
        pairs = {name: each for name, each in found.items() if each is not None}
        return pairs if len(pairs) == len(rows) and len({each.run for each in pairs.values()}) == 1 else {}

    def keep(self, found: Mapping[str, SpeedUp]) -> None:
        """Put the pairs of rows into the store, and under which conditions they were taken."""
        if found:
            self._store.put_record(CONDITIONS, self._shared_key, _Shared(digests=dict(self.shared)))
        for name, pairs in found.items():
            self._store.put_record(TIMES, self._key(self.builder.suite[name]), pairs)

    def forget(self) -> None:
        """Remove from the store what `find` and `unrecorded` go by: a run that breaks off leaves no older times."""
        self._store.remove_record(CONDITIONS, self._shared_key)
        for each in self._rows():
            self._store.remove_record(TIMES, self._key(each))
            self._store.remove_record(RECORDINGS, self._recording_key(each))

    def unrecorded(self, reused: Mapping[str, SpeedUp]) -> list[str]:
        """Return the rows that asv has yet to record at this commit, beside these pairs.

        Those that asv recorded for the main job are recorded if nothing was recorded over them since. Of a row whose
        runtime is missing, asv records that it is skipped.
        """
        history, rows = self._history(), self._rows()
        if history is None or len(reused) < len(rows) - 1:
            return self.builder.suite.names
        return [each.name for each in rows if not self._is_recorded(history, each, reused.get(each.name))]

    def note_recordings(self) -> None:
        """Note what asv has recorded of all rows."""
        history = self._history()
        for each in self._rows():
            digest = _digest(history, self._module, each.name) if history else None
            if digest:
                self._store.put_record(RECORDINGS, self._recording_key(each), _Recording(digest=digest))

    @property
    def _store(self) -> Store:
        return self.builder.store

    @property
    def _shared_key(self) -> str:
        return key_of(self.builder.suite.name, str(self.checkout.root))

    @property
    def _module(self) -> str:
        return module_name(self.builder.suite.name)

    def _rows(self) -> list[Variant]:
        return [each for each in self.builder.suite.variants if unavailable_reason(each) is None]

    def _history(self) -> Recorded | None:
        if not knows_machine():
            return None
        return recorded(self.checkout.root, self.checkout.commit, self._module)

    def _is_recorded(self, history: Recorded, variant: Variant, pairs: SpeedUp | None) -> bool:
        noted = self._store.get_record(RECORDINGS, self._recording_key(variant), _Recording)
        tracked = history.value(f"{self._module}.SpeedUp.track_{SPEED_UP.name}", variant.name)
        same = pairs is None or tracked == Measured(value=times_as_fast(pairs.single_stream).value)
        return noted is not None and same and noted.digest == _digest(history, self._module, variant.name)

    def _key(self, variant: Variant) -> str:
        """Return the key of a row's times; the keys of scorecards follow from weights, sentences, steps and runtime."""
        return key_of(scorecard_key(self.builder, variant), self.common)

    def _recording_key(self, variant: Variant) -> str:
        return key_of(self._key(variant), repr(variant.budget))  # asv records the verdict on it


def _digest(history: Recorded, module: str, row: str) -> str | None:
    """Return a digest of all that asv recorded of a row, or None where something failed or is missing."""
    cells = history.cells(module, row)
    kinds = {type(each) for each in cells.values()}
    if Measured not in kinds or Failed in kinds:
        return None
    return key_of(sorted((name, repr(each)) for name, each in cells.items()))


def _shared(builder: Builder, checkout: Checkout) -> dict[str, str]:
    """Return digests of the conditions that all rows share, by name; the baseline is part of every pair."""
    package = Path(bench_models.__file__).parent
    baseline = builder.suite.baseline
    environment = {**os.environ, **common_variables(THREADS)}  # as in the processes that are timed
    shared: dict[str, object] = {
        "the commit": checkout.commit,
        "the number of pairs": builder.suite.pairs,
        "the baseline": scorecard_key(builder, baseline) if unavailable_reason(baseline) is None else "",
        "bench_models": sorted((str(file.relative_to(package)), sha256_of(file)) for file in package.rglob("*.py")),
        "installed packages": sorted(_libraries()),
        "Python or the machine": [sys.version, platform.release(), platform.node(), asdict(this_machine())],
        "cores or their clock": [
            _cores(),
            available_cores(),
            _GOVERNOR.read_text() if _GOVERNOR.is_file() else "",
        ],
    }
    shared |= {f"the variable {name}": value for name, value in environment.items() if _counts(name)}
    return {name: key_of(value) for name, value in shared.items()}


def _libraries() -> Iterator[str]:
    """Yield what each installed library says of itself, its name and version included; nothing of one half removed."""
    for each in distributions():
        yield each.read_text("METADATA") or each.read_text("PKG-INFO") or ""


def _cores() -> Sequence[int]:
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else ()


def _counts(variable: str) -> bool:
    return variable not in _OF_THE_RUN and not variable.startswith(_OF_THE_SESSION)
