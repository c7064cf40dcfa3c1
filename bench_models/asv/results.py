"""Reads asv's project and result files, and names the machine for them.

Only this module knows that null means failed and NaN skipped.
"""

import math
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from asv.benchmarks import Benchmarks
from asv.config import Config
from asv.machine import Machine, MachineCollection
from asv.results import Results
from asv.util import UserError, load_json

from bench_models.errors import BenchModelsError
from bench_models.machine import this_machine
from bench_models.outcomes import Failed, Measured, Outcome, Skipped
from bench_models.stats.timing import Timing, interval_of_calls
from bench_models.text import fault_of

CONFIG = "asv.conf.json"
ASV_LEVEL = 0.99

_NO_NAME = re.compile(r"[^a-z0-9]+")
_GIB = 2**30


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What asv recorded for one commit on this machine."""

    commit: str
    _result: Any
    _described: dict[str, dict[str, Any]]

    @property
    def machine(self) -> str:
        """What asv calls the machine that it was measured on."""
        return str(self._result.params.get("machine", ""))

    def value(self, benchmark: str, parameter: str) -> Outcome[float]:
        """Return the recorded number of ``benchmark`` for one of its parameters."""
        return self._cell(benchmark, parameter).value

    def cells(self, module: str, parameter: str) -> dict[str, Outcome[float]]:
        """Return what was recorded with a parameter, of all benchmarks of a module that have it as their only one.

        A benchmark that asv found and did not run counts as failed.
        """
        own = {name: told for name, told in self._described.items() if name.startswith(f"{module}.")}
        names = [name for name, told in own.items() if parameter in _only_parameter(told)]
        missing = Failed(error="asv found it and has not run it")
        known = self._result.get_all_result_keys()
        return {name: self.value(name, parameter) if name in known else missing for name in names}

    def timing(self, benchmark: str, parameter: str) -> Outcome[Timing]:
        """Return the recorded times in seconds.

        asv joins the samples of all processes. They are told apart where they were kept (``asv run
        --record-samples``) and are as many as ``rounds`` processes with a fixed ``repeat`` take.
        """
        cell = self._cell(benchmark, parameter)
        if not isinstance(cell.value, Measured):
            return cell.value
        try:
            middle = cell.value.value
            calls = interval_of_calls(middle, cell.stats["ci_99_a"], cell.stats["ci_99_b"], ASV_LEVEL)
            by_process = _medians(cell.samples, self._described.get(benchmark, {})) or (middle,)
            return Measured(value=Timing(by_process=by_process, calls=calls))
        except (KeyError, TypeError, ValueError) as error:
            return Failed(
                error=f"asv recorded {benchmark}({parameter}) without usable times ({fault_of(error)}): run it again"
            )

    def _cell(self, benchmark: str, parameter: str) -> "_Cell":
        result = self._result
        known = benchmark in result.get_all_result_keys()
        parameters = result.get_result_params(benchmark) if known else [[]]
        names = list(map(unquoted, parameters[0]))
        if parameter not in names:
            return _Cell(value=Skipped(reason=f"asv has not run {benchmark}({parameter})"), stats={}, samples=())
        position = names.index(parameter)
        columns = (
            read(benchmark, parameters)
            for read in (result.get_result_value, result.get_result_stats, result.get_result_samples)
        )
        value, stats, samples = (cells[position] if cells else None for cells in columns)
        return _Cell(value=_outcome(value, benchmark, parameter), stats=stats or {}, samples=tuple(samples or ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cell:
    """One benchmark with one parameter; statistics and samples are empty unless asv timed it."""

    value: Outcome[float]
    stats: dict[str, float]
    samples: tuple[float, ...]


def _only_parameter(described: dict[str, Any]) -> list[str]:
    """Return the values of the parameter of a benchmark that has one."""
    parameters = described.get("params", ())
    return list(map(unquoted, parameters[0])) if len(parameters) == 1 else []


def _medians(samples: tuple[float, ...], described: dict[str, Any]) -> tuple[float, ...]:
    """Return the median of each process's samples, or nothing where they cannot be told apart."""
    processes, each = described.get("rounds"), described.get("repeat")
    if not isinstance(processes, int) or not isinstance(each, int) or not 0 < len(samples) == processes * each:
        return ()
    return tuple(median(samples[start : start + each]) for start in range(0, len(samples), each))


def recorded(root: Path, commit: str, module: str) -> Recorded | None:
    """Return what asv recorded last for the benchmarks of ``module`` at a commit on this machine, or None.

    Raises ``BenchModelsError`` when there is no asv project at ``root`` or a file is damaged.
    """
    kept = root / config_of(root).results_dir
    return recorded_in((kept / machine_name()).glob(f"{commit[:8]}-*.json"), commit, module, kept=kept)


def recorded_in(files: Iterable[Path], commit: str, module: str, *, kept: Path) -> Recorded | None:
    """Return what the result files of a commit hold for the benchmarks of ``module``, or None.

    ``kept`` is asv's results folder. Raises ``BenchModelsError`` when a file is damaged.
    """
    results = map(_load, sorted(files))
    of_module = [result for result in results if result.commit_hash == commit and _started(result, module)]
    # Several environments may have measured the commit; the newest measurement counts.
    newest = max(of_module, key=lambda result: _started(result, module), default=None)
    return None if newest is None else Recorded(commit=commit, _result=newest, _described=described_in(kept))


def results_folder(root: Path) -> Path:
    """Return where asv keeps its results; raises ``BenchModelsError`` when there is no asv project at ``root``."""
    return root / str(config_of(root).results_dir)


def knows_machine() -> bool:
    """Say whether ``asv machine`` has been run here, which ``asv run`` requires."""
    try:
        return bool(_machine())
    except UserError:
        return False


def machine_name() -> str:
    """Return what asv calls this machine; raises ``BenchModelsError`` when it has no name yet."""
    try:
        return str(_machine()["machine"])
    except (UserError, KeyError) as error:
        raise BenchModelsError("asv does not know this machine yet: run `asv machine --yes` once") from error


def name_machine() -> str:
    """Tell asv what to call this machine, unless it knows already, and return the name.

    Equal names make one line of the history. asv's own default is the host's name, and a hosted runner has a new one
    every time, so that each commit would have a machine of its own. Named by its processor, a machine shares a line
    with those that may be compared with it.
    """
    if not knows_machine():
        machine = this_machine()
        name = f"{_NO_NAME.sub('-', machine.cpu.lower()).strip('-')}-{machine.cores}-cores"
        system, _, architecture = machine.system.partition(" ")
        about = {
            "machine": name,
            "os": system,  # not its release, which changes every week: asv draws a new line for any difference
            "arch": architecture,
            "cpu": machine.cpu,
            "num_cpu": str(machine.cores),
            "ram": f"{round(machine.memory_bytes / _GIB)} GiB",
        }
        MachineCollection.save(name, about)
    return machine_name()


def _started(result: Any, module: str) -> float:
    """Return when the last benchmark of a module was started, or 0."""
    return max((float(at) for name, at in result.started_at.items() if name.startswith(f"{module}.")), default=0.0)


def described_in(kept: Path) -> dict[str, dict[str, Any]]:
    """Return how asv times each benchmark, as its newest discovery says."""
    file = Path(Benchmarks.get_benchmark_file_path(str(kept)))
    with _sentences_about(file):
        return load_json(str(file), api_version=Benchmarks.api_version) if file.exists() else {}


def _load(file: Path) -> Any:
    with _sentences_about(file):
        return Results.load(str(file))


def config_of(root: Path) -> Any:
    """Return asv's configuration of the project at ``root``; raises ``BenchModelsError`` where there is none."""
    file = root / CONFIG
    if not file.is_file():
        raise BenchModelsError(f"there is no {CONFIG} in {root}: run this in a project with an asv suite")
    return config_at(file)


def config_at(file: Path) -> Any:
    """Return the configuration of asv that is in a file."""
    with _sentences_about(file, "mend it"):
        return Config.load(str(file))


@contextmanager
def _sentences_about(file: Path, advice: str = "delete it and measure the commit again") -> Iterator[None]:
    try:
        yield
    except (UserError, KeyError, TypeError, ValueError) as error:
        raise BenchModelsError(f"asv's file {file} is damaged ({fault_of(error)}): {advice}") from error


def _machine() -> dict[str, str]:
    # Not Machine.load, which writes the file that it reads: parallel processes would meet there.
    known: dict[str, str] = MachineCollection.load(Machine.get_unique_machine_name())
    return known


def _outcome(cell: float | None, benchmark: str, parameter: str) -> Outcome[float]:
    if cell is None:
        again = f"asv run --python=same --show-stderr --bench '{benchmark}'"
        return Failed(error=f"{benchmark}({parameter}) failed under asv: run `{again}` to see why")
    if math.isnan(cell):
        return Skipped(reason=f"{benchmark}({parameter}) was skipped")
    return Measured(value=float(cell))


def unquoted(parameter: str) -> str:
    """Return a parameter without the quotes of the ``repr`` that asv identifies it by."""
    quoted = len(parameter) > 1 and parameter[0] == parameter[-1] and parameter[0] in "'\""
    return parameter[1:-1] if quoted else parameter
