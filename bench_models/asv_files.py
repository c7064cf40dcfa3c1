"""asv's result files before asv reads them: which are damaged, and how two versions of one become one.

``asv publish`` reads all of them and ends at the first surprise, so each is read here first in the same way.
"""

import json
import math
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from asv._stats import get_weight
from asv.benchmarks import Benchmarks
from asv.commands.publish import check_benchmark_params
from asv.machine import Machine
from asv.results import Results, get_filename
from asv.util import UserError, load_json

MACHINE = "machine.json"
BENCHMARKS = "benchmarks.json"

_HASH = re.compile(r"[0-9a-f]{40}")
_SURPRISES = (UserError, OSError, AttributeError, IndexError, KeyError, TypeError, ValueError, RecursionError)


def set_aside(results: Path, aside: Path) -> tuple[str, ...]:
    """Move what asv cannot read from asv's folder to a folder of the same layout, and return a sentence on each."""
    sentences = []
    for file, damage in damaged(results):
        place = aside / file.relative_to(results)
        place.parent.mkdir(parents=True, exist_ok=True)
        file.replace(place)
        sentences.append(f"{file.relative_to(results)} is left aside, in {place.parent}: {damage}")
    return tuple(sentences)


def damaged(results: Path) -> Iterator[tuple[Path, str]]:
    """Yield each file that asv would stumble over, and why."""
    benchmarks = results / BENCHMARKS
    if benchmarks.exists() and (damage := _surprise(_read_benchmarks, benchmarks)):
        yield benchmarks, f"{damage}; the next `asv run` writes it anew"
    for folder in sorted(path for path in results.glob("*") if path.is_dir()):
        known = folder / MACHINE
        unknown = _surprise(_read_machine, known) if known.exists() else f"there is no {MACHINE} beside it"
        if unknown and known.exists():
            yield known, unknown
        for file in sorted(folder.glob("*.json")):
            if file.name != MACHINE:
                damage = f"its machine is unknown ({unknown})" if unknown else _surprise(_read_result, file)
                if damage:
                    yield file, damage


def put_back(results: Path, aside: Path) -> None:
    """Move results that are whole back, now that their machine is known again."""
    for file in sorted(aside.glob("*/*.json")):
        place = results / file.relative_to(aside)
        known = place.with_name(MACHINE)
        if file.name != MACHINE and known.is_file() and not place.exists() and not _surprise(_read_result, file):
            file.replace(place)


def why_aside(aside: Path, results: Path) -> tuple[str, ...]:
    """Return a sentence on each file that was set aside and is not back; those whose machine was unknown are whole."""
    reads = {MACHINE: _read_machine, BENCHMARKS: _read_benchmarks}
    sentences = []
    for file in aside_still(aside, results):
        damage = _surprise(reads.get(file.name, _read_result), file)
        mend = (
            f"remove {file} to hear no more of it"
            if damage
            else f"{(results / file.relative_to(aside)).with_name(MACHINE)} brings it back"
        )
        sentences.append(f"{file.relative_to(aside)} was left aside: {damage or 'its machine is unknown'}; {mend}")
    return tuple(sentences)


def aside_still(aside: Path, results: Path) -> list[Path]:
    """Return the files that were set aside and have no successor in asv's folder."""
    return [file for file in sorted(aside.rglob("*.json")) if not (results / file.relative_to(aside)).exists()]


def merged(ours: bytes, theirs: bytes) -> bytes:
    """Join two versions of a result file: of each benchmark the later measurement counts.

    A damaged ``theirs`` is replaced.
    """
    mine = json.loads(ours)
    try:
        other = json.loads(theirs)
        return _written(mine | {"results": _later(mine, other), "durations": other["durations"] | mine["durations"]})
    except _SURPRISES:
        return ours


def _later(mine: dict[str, Any], other: dict[str, Any]) -> dict[str, list[Any]]:
    if mine["result_columns"] != other["result_columns"]:
        raise ValueError("two versions of asv wrote them")
    column = mine["result_columns"].index("started_at")

    def began(row: list[Any]) -> float:
        return float(row[column] or 0) if len(row) > column else 0.0

    rows: dict[str, list[Any]] = dict(other["results"])
    for name, row in mine["results"].items():
        if name not in rows or began(row) >= began(rows[name]):
            rows[name] = row
    return rows


def _written(data: dict[str, Any]) -> bytes:
    return json.dumps(data, separators=(",", ":")).encode()


def _surprise(read: Callable[[Path], None], file: Path) -> str | None:
    try:
        read(file)
    except _SURPRISES as error:
        words = str(error).replace(str(file.absolute()), "it").replace(str(file), "it")
        return f"{type(error).__name__}: {words[:200]}"
    return None


def _read_machine(file: Path) -> None:
    data = load_json(str(file), api_version=Machine.api_version)
    if data["machine"] != file.parent.name:
        raise ValueError(f"it is about the machine {data['machine']!r}")
    _names(data)


def _read_benchmarks(file: Path) -> None:
    for name, benchmark in load_json(str(file), api_version=Benchmarks.api_version).items():
        if benchmark["name"] != name:
            raise ValueError(f"{name} is called {benchmark['name']!r}")
        check_benchmark_params(name, benchmark)


def _read_result(file: Path) -> None:
    """Do to a file what ``asv publish`` does, and look at what it takes for granted."""
    result = Results.load(str(file), machine_name=file.parent.name)
    if not _HASH.fullmatch(result.commit_hash) or not isinstance(result.date, int):
        raise ValueError(f"{result.commit_hash!r} of {result.date!r} is no commit with its date")
    _names(result.params)
    _names(result.env_vars)
    name = Path(get_filename(file.parent.name, result.commit_hash, result.env_name)).name
    if file.name != name:
        raise ValueError(f"it is a copy of {name}, or misnamed")
    for benchmark in result.get_all_result_keys():
        params = result.get_result_params(benchmark)
        for value in result.get_result_value(benchmark, params):
            if value is not None and (type(value) not in {int, float} or math.isinf(value)):
                raise ValueError(f"{benchmark} has the value {str(value)[:40]!r}")
        for stats in result.get_result_stats(benchmark, params):
            get_weight(stats)


def _names(params: dict[str, Any]) -> None:
    for key, value in params.items():
        if not isinstance(value, str | int | None):
            raise TypeError(f"{key} is {str(value)[:40]!r}")
