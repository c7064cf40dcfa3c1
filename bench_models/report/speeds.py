"""Measures the speed-ups of a suite's variants once per asv run; the first benchmark that asks does it for all.

asv starts a process for each benchmark and variant, but they share the folder of the suite's ``setup_cache``. What the
first one finds lies there for the others until the run ends; the pairs are kept in the store.
"""

import pickle
import sys
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

import bench_models
from bench_models.check.sides.side import Tree
from bench_models.check.variant_speeds import Asked, Pairs, compare
from bench_models.metrics import LATENCIES, latency
from bench_models.metrics.latency import SpeedUp, Turns
from bench_models.outcomes import Measured, Outcome
from bench_models.storage import Store
from bench_models.suites import module_name
from bench_models.suites.suite import Suite

_NOTE = "speed-ups.pickle"
# For one answer of a process: a slow model is loaded, or called a few times.
_TIMEOUT_S = 300.0


def of_this_run(suite: Suite, variants: Sequence[str], benchmarks: Path, cache: Path) -> dict[str, Outcome[float]]:
    """Return how many times as fast as the baseline each of ``variants`` is; the first call of a run measures all.

    ``benchmarks`` is asv's folder of benchmarks, and ``cache`` that of the suite's ``setup_cache``.
    """
    note = cache / _NOTE
    if not note.is_file():
        found = _measured(suite, variants, benchmarks, cache)
        note.write_bytes(pickle.dumps(found))
    outcomes: dict[str, Outcome[float]] = pickle.loads(note.read_bytes())  # noqa: S301  # of this asv run, see above
    return outcomes


def tree_of(benchmarks: Path) -> Tree:
    """Return an asv suite as one side of a comparison, run by the Python and the code of this process."""
    return Tree(
        name="head",
        place="head",
        python=Path(sys.executable),
        code=Path(bench_models.__file__).parents[1],  # whatever it was installed from
        suite=benchmarks,
        timeout_s=_TIMEOUT_S,
        apart=False,
    )


def _measured(suite: Suite, variants: Sequence[str], benchmarks: Path, cache: Path) -> dict[str, Outcome[float]]:
    scenarios = tuple(f"{module_name(suite.name)}.Latency.time_{scenario.name}" for scenario in LATENCIES)
    asked = Asked(benchmarks=scenarios, baseline=suite.baseline.name, others=tuple(variants), cache=cache)
    store, run = Store.default(), uuid4().hex
    return {
        name: Measured(value=latency.keep(store, suite.name, name, _speed_up(run, outcome.value, scenarios)))
        if isinstance(outcome, Measured)
        else outcome
        for name, outcome in compare(tree_of(benchmarks), asked).items()
    }


def _speed_up(run: str, pairs: Pairs, scenarios: Sequence[str]) -> SpeedUp:
    single, offline = (
        tuple(Turns(baseline=pair.base, variant=pair.head) for pair in pairs[scenario]) for scenario in scenarios
    )
    return SpeedUp(run=run, single_stream=single, offline=offline)
