"""asv's result files. No other file knows their form, nor that ``null`` means failed and NaN skipped."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asv.config import Config
from asv.machine import Machine
from asv.results import iter_results_for_machine_and_hash
from asv.util import UserError

from bench_models.errors import BenchModelsError
from bench_models.outcomes import Failed, Measured, Outcome, Skipped
from bench_models.stats.estimate import Estimate

CONFIG = "asv.conf.json"
ASV_LEVEL = 0.99


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What asv recorded for one commit on this machine."""

    commit: str
    _result: Any

    def value(self, benchmark: str, parameter: str) -> Outcome[float]:
        """Return the recorded number of ``benchmark`` for one of its parameters."""
        cell, _ = self._cell(benchmark, parameter)
        return cell

    def timing(self, benchmark: str, parameter: str) -> Outcome[Estimate]:
        """Return the recorded median time in seconds with asv's interval for it."""
        cell, stats = self._cell(benchmark, parameter)
        if not isinstance(cell, Measured):
            return cell
        try:
            bounds = {"low": stats["ci_99_a"], "high": stats["ci_99_b"]}
            return Measured(value=Estimate(value=cell.value, level=ASV_LEVEL, **bounds))
        except (KeyError, TypeError, ValueError) as error:
            return Failed(error=f"asv recorded {benchmark}({parameter}) without a usable interval: {error!r}")

    def _cell(self, benchmark: str, parameter: str) -> tuple[Outcome[float], dict[str, float]]:
        """Return the number and its statistics (none for numbers that asv did not time)."""
        missing = Skipped(reason=f"asv has not run {benchmark}({parameter})")
        if benchmark not in self._result.get_all_result_keys():
            return missing, {}
        parameters = self._result.get_result_params(benchmark)
        names = _plain(parameters[0])
        if parameter not in names:
            return missing, {}
        position = names.index(parameter)
        values = self._result.get_result_value(benchmark, parameters)
        stats = self._result.get_result_stats(benchmark, parameters)
        return _outcome(values[position], benchmark, parameter), (stats[position] if stats else None) or {}


def recorded(root: Path, commit: str) -> Recorded | None:
    """Return what asv recorded last for a commit on this machine, or None.

    Raises ``BenchModelsError`` when there is no asv project at ``root`` or a file is damaged.
    """
    config = _config(root)
    try:
        results = list(iter_results_for_machine_and_hash(root / config.results_dir, _machine_name(), commit))
    except UserError as error:
        message = f"an asv result file of commit {commit[:8]} is damaged ({error}): delete it and measure again"
        raise BenchModelsError(message) from error
    if not results:
        return None
    # Several environments may have measured the commit; the newest measurement counts.
    return Recorded(commit=commit, _result=max(results, key=lambda result: max(result.started_at.values(), default=0)))


def knows_machine() -> bool:
    """Say whether ``asv machine`` has been run here, which ``asv run`` insists on."""
    try:
        return bool(Machine.load(machine_name=None).machine)
    except (UserError, KeyError):
        return False


def _machine_name() -> str:
    if not knows_machine():
        raise BenchModelsError("asv does not know this machine yet: run `asv machine --yes` once")
    return str(Machine.load(machine_name=None).machine)


def _config(root: Path) -> Any:
    if not (root / CONFIG).is_file():
        raise BenchModelsError(f"there is no {CONFIG} in {root}: run this in a project with an asv suite")
    return Config.load(str(root / CONFIG))


def _outcome(cell: float | None, benchmark: str, parameter: str) -> Outcome[float]:
    if cell is None:
        again = f"asv run --python=same --show-stderr --bench '{benchmark}'"
        return Failed(error=f"{benchmark}({parameter}) failed under asv: run `{again}` to see why")
    if math.isnan(cell):
        return Skipped(reason=f"{benchmark}({parameter}) was skipped")
    return Measured(value=float(cell))


def _plain(parameters: Sequence[str]) -> list[str]:
    """Return parameters without the quotes of the ``repr`` that asv identifies them by."""
    return [parameter.strip("'\"") for parameter in parameters]
