"""Looks through asv's results folder: what can be used of each commit, and what asv cannot read and is moved aside.

``asv publish`` reads all files and ends at the first error, so each is read here before, in the same way.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from asv._stats import get_weight
from asv.benchmarks import Benchmarks
from asv.commands.publish import check_benchmark_params
from asv.machine import Machine
from asv.results import Results, get_filename
from asv.util import UserError, load_json

from bench_models.asv.merge import require_commit, require_names, require_numbers
from bench_models.text import fault_of

MACHINE = "machine.json"
BENCHMARKS = "benchmarks.json"

_ERRORS = (UserError, OSError, AttributeError, IndexError, KeyError, TypeError, ValueError, RecursionError)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultFiles:
    """The date and the usable result files of each commit, and a sentence on each file left aside.

    ``count`` is that of all result files, whether they can be used or not.
    """

    dates: dict[str, datetime]
    files: dict[str, tuple[Path, ...]]
    left_aside: tuple[str, ...]
    count: int


def result_files(results: Path, aside: Path) -> ResultFiles:
    """Look at every file in asv's results folder, and at those that were moved out of it."""
    bad = dict(_damaged(results))
    dates: dict[str, datetime] = {}
    files: dict[str, tuple[Path, ...]] = {}
    for file in sorted(results.glob("*/*.json")):
        if file.name != MACHINE and file not in bad:
            data = json.loads(file.read_text(encoding="utf-8"))
            commit = data["commit_hash"]
            dates[commit] = datetime.fromtimestamp(data["date"] / 1000, tz=UTC)
            files[commit] = (*files.get(commit, ()), file)
    sentences = (f"{file.relative_to(results)} is left aside: {damage}" for file, damage in bad.items())
    everything = [*results.glob("*/*.json"), *_aside_still(aside, results)]
    return ResultFiles(
        dates=dates,
        files=files,
        left_aside=(*sentences, *_why_aside(aside, results)),
        count=sum(file.name not in {MACHINE, BENCHMARKS} for file in everything),
    )


def set_aside(results: Path, aside: Path) -> tuple[str, ...]:
    """Move what asv cannot read from asv's folder to a folder of the same layout, and return a sentence on each."""
    sentences = []
    for file, damage in _damaged(results):
        place = aside / file.relative_to(results)
        place.parent.mkdir(parents=True, exist_ok=True)
        file.replace(place)
        sentences.append(f"{file.relative_to(results)} is left aside, in {place.parent}: {damage}")
    return tuple(sentences)


def _damaged(results: Path) -> Iterator[tuple[Path, str]]:
    """Yield each file that asv cannot read, and why."""
    benchmarks = results / BENCHMARKS
    if benchmarks.exists() and (damage := _damage_of(_read_benchmarks, benchmarks)):
        yield benchmarks, f"{damage}; the next `asv run` writes it again"
    for folder in sorted(path for path in results.glob("*") if path.is_dir()):
        known = folder / MACHINE
        unknown = _damage_of(_read_machine, known) if known.exists() else f"there is no {MACHINE} beside it"
        if unknown and known.exists():
            yield known, unknown
        for file in sorted(folder.glob("*.json")):
            if file.name != MACHINE:
                damage = f"its machine is unknown ({unknown})" if unknown else _damage_of(_read_result, file)
                if damage:
                    yield file, damage


def put_back(results: Path, aside: Path) -> None:
    """Move results that can be read back, once their machine is known again."""
    for file in sorted(aside.glob("*/*.json")):
        place = results / file.relative_to(aside)
        known = place.with_name(MACHINE)
        if file.name != MACHINE and known.is_file() and not place.exists() and not _damage_of(_read_result, file):
            file.replace(place)


def _why_aside(aside: Path, results: Path) -> tuple[str, ...]:
    """Return a sentence on each file that is still set aside: why, and how to mend it."""
    reads = {MACHINE: _read_machine, BENCHMARKS: _read_benchmarks}
    sentences = []
    for file in _aside_still(aside, results):
        damage = _damage_of(reads.get(file.name, _read_result), file)
        mend = (
            f"remove {file} to hear no more of it"
            if damage
            else f"{(results / file.relative_to(aside)).with_name(MACHINE)} brings it back"
        )
        sentences.append(f"{file.relative_to(aside)} was left aside: {damage or 'its machine is unknown'}; {mend}")
    return tuple(sentences)


def _aside_still(aside: Path, results: Path) -> list[Path]:
    """Return the files that were set aside and that asv's folder lacks."""
    return [file for file in sorted(aside.rglob("*.json")) if not (results / file.relative_to(aside)).exists()]


def _damage_of(read: Callable[[Path], None], file: Path) -> str | None:
    try:
        read(file)
    except _ERRORS as error:
        return fault_of(error).replace(str(file.absolute()), "it").replace(str(file), "it")[:200]
    return None


def _read_machine(file: Path) -> None:
    data = load_json(str(file), api_version=Machine.api_version)
    if data["machine"] != file.parent.name:
        raise ValueError(f"it is about the machine {data['machine']!r}")
    require_names(data)


def _read_benchmarks(file: Path) -> None:
    for name, benchmark in load_json(str(file), api_version=Benchmarks.api_version).items():
        if benchmark["name"] != name:
            raise ValueError(f"{name} is called {benchmark['name']!r}")
        check_benchmark_params(name, benchmark)


def _read_result(file: Path) -> None:
    """Read a file as ``asv publish`` does, and check what it takes for granted."""
    result = Results.load(str(file), machine_name=file.parent.name)
    require_commit(result.commit_hash, result.date)
    require_names(result.params)
    require_names(result.env_vars)
    name = Path(get_filename(file.parent.name, result.commit_hash, result.env_name)).name
    if file.name != name:
        raise ValueError(f"it is a copy of {name}, or misnamed")
    for benchmark in result.get_all_result_keys():
        params = result.get_result_params(benchmark)
        require_numbers(benchmark, list(result.get_result_value(benchmark, params)))
        for stats in result.get_result_stats(benchmark, params):
            get_weight(stats)
