"""asv's result files before asv reads them: which are damaged, and two versions of one merged.

``asv publish`` reads all of them and ends at the first surprise, so each is read here first in the same way.
"""

import json
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

from bench_models.asv import result_rows

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
    """Join two versions of a result file: of each benchmark the later measurement counts, unless it failed alone.

    Columns are matched by name. Where one is damaged, or about another commit than ours, the other one is returned;
    of two that cannot be joined ours.
    """
    mine, other = _whole(ours), _whole(theirs)
    if mine is None:
        return ours if other is None else theirs
    if other is None or mine["commit_hash"] != other["commit_hash"]:
        return ours
    rows, others = result_rows.named(mine), result_rows.named(other)
    both = {name: result_rows.joined(row, others[name]) for name, row in rows.items() if name in others}
    columns = list(dict.fromkeys((*mine["result_columns"], *other["result_columns"])))
    return _written(
        mine
        | {
            "result_columns": columns,
            "results": result_rows.written(others | rows | both, columns),
            "durations": other.get("durations", {}) | mine.get("durations", {}),
        }
    )


def _whole(content: bytes) -> dict[str, Any] | None:
    """Return a version of a result file, or None where asv would stumble; what a newer asv adds is not damage."""
    try:
        data: dict[str, Any] = json.loads(content)
        if data["version"] != Results.api_version or not isinstance(data.get("durations", {}), dict):
            raise ValueError(f"it is of version {data['version']!r}")
        _require_commit(data["commit_hash"], data["date"])
        _names(data["params"])
        result_rows.named(data)
    except _SURPRISES:
        return None
    return data


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
    _require_commit(result.commit_hash, result.date)
    _names(result.params)
    _names(result.env_vars)
    name = Path(get_filename(file.parent.name, result.commit_hash, result.env_name)).name
    if file.name != name:
        raise ValueError(f"it is a copy of {name}, or misnamed")
    for benchmark in result.get_all_result_keys():
        params = result.get_result_params(benchmark)
        result_rows.require_numbers(benchmark, list(result.get_result_value(benchmark, params)))
        for stats in result.get_result_stats(benchmark, params):
            get_weight(stats)


def _require_commit(commit: str, date: object) -> None:
    if not _HASH.fullmatch(commit) or not isinstance(date, int):
        raise ValueError(f"{commit!r} of {date!r} is not a commit with its date")


def _names(params: dict[str, Any]) -> None:
    for key, value in params.items():
        if not isinstance(value, str | int | None):
            raise TypeError(f"{key} is {str(value)[:40]!r}")
