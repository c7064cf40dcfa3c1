"""Times that an earlier run of the main job took under the same conditions, so that they need not be taken again.

Conditions are all that a time can depend on, as far as a program can know it: the commit, both rows, the code that
measures, every installed library, the settings of the environment, and the machine. What else was busy is not known.
"""

import os
import platform
import sys
from collections.abc import Mapping
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
from bench_models.outcomes import Measured
from bench_models.provenance import key_of
from bench_models.runtimes.session import THREADS
from bench_models.storage import sha256_of
from bench_models.suites import ROWS, module_name
from bench_models.suites.suite import Suite, Variant

KIND = "timings"

# Variables that tell of the terminal, the session or the run, and not of how anything computes. All others count.
_OF_THE_RUN = frozenset(
    {"_", "COLUMNS", "LINES", "OLDPWD", "PWD", "PYTEST_CURRENT_TEST", "SHLVL", "TERM", "WINDOWID", ROWS}
)
_OF_THE_SESSION = ("DBUS_", "SSH_", "TERM_", "TMUX", "TOX_", "XDG_SESSION_")


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """The conditions of now, of which ``common`` is what all rows share."""

    builder: Builder
    common: str

    @classmethod
    def of_now(cls, builder: Builder, checkout: Checkout) -> "Conditions":
        """Look at everything once."""
        return cls(builder=builder, common=_common(builder.suite, checkout))

    def find(self) -> dict[str, SpeedUp]:
        """Return the pairs of each row that was timed under these conditions."""
        store, rows = self.builder.store, self.builder.suite.variants[1:]
        found = {each.name: store.get_record(KIND, self._key(each), SpeedUp) for each in rows}
        return {name: pairs for name, pairs in found.items() if pairs is not None}

    def keep(self, name: str, pairs: SpeedUp) -> None:
        """Put the pairs of a row into the store, if they are all that it needs."""
        if len(pairs.single_stream) == self.builder.suite.pairs:
            self.builder.store.put_record(KIND, self._key(self.builder.suite[name]), pairs)

    def _key(self, variant: Variant) -> str:
        """Return the key of a row's times; the keys of scorecards follow from weights, sentences, steps and runtime."""
        rows = (self.builder.suite.baseline, variant)
        return key_of(*(scorecard_key(self.builder, each) for each in rows), self.common)


def unrecorded(suite: Suite, checkout: Checkout, reused: Mapping[str, SpeedUp]) -> list[str]:
    """Return the rows that asv has yet to record at this commit: those without these pairs, or without some figure."""
    history = recorded(checkout.root, checkout.commit, module_name(suite.name)) if knows_machine() else None
    if history is None:
        return suite.names
    others = [name for name in suite.names[1:] if name not in reused or not _is_of(history, suite, name, reused[name])]
    # All rows are recorded beside the baseline; by itself it is recorded anew, as nothing tells what it was under.
    whole = len(others) < len(suite.names) - 1 and history.is_whole(module_name(suite.name), suite.baseline.name)
    return others if whole else [suite.baseline.name, *others]


def _is_of(history: Recorded, suite: Suite, name: str, pairs: SpeedUp) -> bool:
    """Say whether asv recorded all of a row, and the speed-up of these very pairs."""
    tracked = history.value(f"{module_name(suite.name)}.SpeedUp.track_{SPEED_UP.name}", name)
    same = Measured(value=times_as_fast(pairs.single_stream).value)
    return tracked == same and history.is_whole(module_name(suite.name), name)


def _common(suite: Suite, checkout: Checkout) -> str:
    """Return a digest of the conditions that all rows share."""
    package = Path(bench_models.__file__).parent
    environment = {**os.environ, **common_variables(THREADS)}  # as in the processes that are timed
    return key_of(
        checkout.commit,
        suite.pairs,
        sorted((str(file.relative_to(package)), sha256_of(file)) for file in package.rglob("*.py")),
        sorted({(each.name, each.version) for each in distributions()}),
        sorted((name, value) for name, value in environment.items() if _counts(name)),
        [sys.version, platform.release(), available_cores(), asdict(this_machine())],
    )


def _counts(variable: str) -> bool:
    return variable not in _OF_THE_RUN and not variable.startswith(_OF_THE_SESSION)
