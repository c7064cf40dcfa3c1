"""Which of asv's result files can be used: the others are named, so that nothing is missing without a word."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

_BESIDE = ("machine.json", "benchmarks.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """When each commit with results was made, its files, the newest measured last, and what was left aside."""

    dates: dict[str, datetime]
    files: dict[str, tuple[Path, ...]]
    left_aside: tuple[str, ...]


def survey(results: Path) -> Survey:
    """Look at every result file below asv's results folder as asv itself does."""
    dates: dict[str, datetime] = {}
    files: dict[str, list[Path]] = {}
    seen: dict[tuple[str, ...], Path] = {}
    left = []
    for file in sorted(results.glob("*/*.json")):
        if file.name in _BESIDE:
            continue
        try:
            data = _read(file)
            key = (file.parent.name, data["commit_hash"], data["env_name"])
            at = datetime.fromtimestamp(data["date"] / 1000, tz=UTC)
        except (OSError, ValueError, KeyError, TypeError, OverflowError) as error:
            left.append(f"{_place(file)} is left aside: {_why(error)}")
            continue
        if key in seen:
            left.append(f"{_place(file)} repeats {_place(seen[key])}: asv takes the mean of both")
        seen.setdefault(key, file)
        dates[data["commit_hash"]] = at
        files.setdefault(data["commit_hash"], []).append(file)
    return Survey(dates=dates, files={sha: tuple(each) for sha, each in files.items()}, left_aside=tuple(left))


def _read(file: Path) -> dict[str, Any]:
    """Return a result file of a known machine; raises ``ValueError`` with what is wrong with it."""
    machine = _machine(file.parent / "machine.json")
    data = json.loads(file.read_text(encoding="utf-8"))
    if data["params"].get("machine") != machine:
        raise ValueError(f"it was measured on {data['params'].get('machine')!r}, and lies in the folder of {machine!r}")
    if not isinstance(data["results"], dict) or not isinstance(data["commit_hash"], str):
        raise TypeError("it holds no results of a commit")
    return dict(data)


def _machine(file: Path) -> str:
    try:
        return str(json.loads(file.read_text(encoding="utf-8"))["machine"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        message = f"the machine {file.parent.name!r} is unknown, because its machine.json cannot be read"
        raise ValueError(message) from error


def _why(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"it is no whole JSON ({error})"
    return f"it lacks {error}" if isinstance(error, KeyError) else str(error)


def _place(file: Path) -> str:
    return f"{file.parent.name}/{file.name}"
