"""Measures the speed-ups of a suite, once per run of asv: for the main job, or for the first benchmark that asks.

asv starts a process for each benchmark and variant. What one of them finds lies in the folder of the suite's
``setup_cache`` for the others until the run ends, and what the main job found where it says; the pairs are kept in the
store.
"""

import inspect
import os
import pickle
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from uuid import uuid4

import bench_models
from bench_models.check.sides.side import Tree
from bench_models.check.variant_speeds import Asked, Pairs, compare
from bench_models.metrics import LATENCIES, latency
from bench_models.metrics.latency import SpeedUp, Turns
from bench_models.outcomes import Measured, Outcome
from bench_models.stats.timing import FEWEST
from bench_models.storage import Store
from bench_models.suites import module_name
from bench_models.suites.suite import Suite

# Names the file with the speed-ups that the main job measured, for the processes that asv starts.
FOUND = "BENCH_MODELS_SPEED_UPS"

# Told of a row after each of its pairs: its pairs so far, once there are enough for an interval.
Seen = Callable[[str, Outcome[SpeedUp] | None], None]

_NOTE = "speed-ups.pickle"
# What all workers that open a model need.
PRELOAD = "bench_models.metrics.preload"
# For one answer of a process: a slow model is loaded, or called a few times.
_TIMEOUT_S = 300.0


def import_in_fork_server() -> None:
    """Import what every model needs, if this is the process that asv forks all others from; else each imports its own.

    asv starts it where ``launch_method`` in asv.conf.json says so.
    """
    if sys.argv[1:2] == ["run_server"]:
        import_module(PRELOAD)


def of_this_run(suite: Suite, variants: Sequence[str], benchmark: type) -> dict[str, Outcome[float]]:
    """Return how many times as fast as the baseline each of ``variants`` is; the first call of a run measures all.

    ``benchmark`` is the class that asks, in the folder where asv ran the suite's ``setup_cache``.
    """
    benchmarks, cache = _folder_of(benchmark), Path.cwd()
    note = Path(os.environ.get(FOUND) or cache / _NOTE)
    if not note.is_file():
        write_note(note, suite, measured(suite, variants, benchmarks, cache))
    outcomes: dict[str, Outcome[float]] = pickle.loads(note.read_bytes())  # noqa: S301  # of this asv run, see above
    return outcomes


def write_note(note: Path, suite: Suite, found: Mapping[str, Outcome[SpeedUp]]) -> None:
    """Keep the pairs in the store, and leave in a file what is to be tracked of them."""
    store = Store.default()
    tracked = {
        name: Measured(value=latency.keep(store, suite.name, name, outcome.value))
        if isinstance(outcome, Measured)
        else outcome
        for name, outcome in found.items()
    }
    note.write_bytes(pickle.dumps(tracked))


def measured(
    suite: Suite, variants: Sequence[str], benchmarks: Path, cache: Path | None = None, seen: Seen | None = None
) -> dict[str, Outcome[SpeedUp]]:
    """Return the pairs of each of ``variants``; without ``cache``, the suite's ``setup_cache`` is run first."""
    scenarios = tuple(f"{module_name(suite.name)}.Latency.time_{scenario.name}" for scenario in LATENCIES)
    asked = Asked(
        benchmarks=scenarios,
        baseline=suite.baseline.name,
        others=tuple(variants),
        cache=cache,
        pairs=suite.pairs,
        preload=(PRELOAD,),
    )
    run = uuid4().hex

    def tell(name: str, outcome: Outcome[Pairs]) -> None:
        if seen:
            few = isinstance(outcome, Measured) and len(outcome.value[scenarios[0]]) < FEWEST
            seen(name, None if few else _speed_up(run, outcome, scenarios))

    found = compare(tree_of(benchmarks), asked, tell)
    return {name: _speed_up(run, outcome, scenarios) for name, outcome in found.items()}


def _folder_of(benchmark: type) -> Path:
    """Return asv's folder of benchmarks, in which the module of a class lies."""
    *packages, _ = benchmark.__module__.split(".")
    return Path(inspect.getfile(benchmark)).resolve().parents[len(packages) - 1]


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


def _speed_up(run: str, outcome: Outcome[Pairs], scenarios: Sequence[str]) -> Outcome[SpeedUp]:
    if not isinstance(outcome, Measured):
        return outcome
    single, offline = (
        tuple(Turns(baseline=pair.base, variant=pair.head) for pair in outcome.value[scenario])
        for scenario in scenarios
    )
    return Measured(value=SpeedUp(run=run, single_stream=single, offline=offline))
