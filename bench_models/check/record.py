"""The record of a check: a line of JSON for each event, written at once.

Whatever ends a check, its record is complete up to the last pair. All reports are made from it.
"""

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, TextIO

from bench_models.errors import BenchModelsError
from bench_models.outcomes import Failed, Skipped
from bench_models.stats.sequential import Shares
from bench_models.verdict.measurements import (
    SIDES,
    Absent,
    Answers,
    Benchmark,
    Measurements,
    Pair,
    Refused,
    SideName,
    Trouble,
)

SCHEMA_VERSION = 2
FILE = "record.jsonl"

_TUPLES = ("uncommitted", "machines", "rewritten", "added", "redescribed", "suite_changes")

Ending = Literal["complete", "interrupted", "crashed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a check was about: commits, machine, libraries, and the part that this shard took.

    ``plan`` describes each benchmark of the whole check by its name, and ``shares`` counts those that share
    the error budget; both are the same in all shards. ``rewritten`` names benchmarks whose asv version differs between
    the commits, so that HEAD's ran on both sides, and ``added`` those that BASE's own suite does not have.
    ``redescribed`` says what HEAD describes differently. ``suite_changes`` are the files below the suite's folder that
    differ; records made before it was kept have none.
    """

    base: str
    head: str
    base_name: str
    head_name: str
    uncommitted: tuple[str, ...]
    machines: tuple[dict[str, Any], ...]
    threads: int
    python: dict[SideName, str]
    libraries: dict[SideName, dict[str, str]]
    environments: Literal["one", "one each"]
    broken: dict[SideName, dict[str, str]]
    shard: int
    shards: int
    plan: dict[str, str]
    shares: Shares
    began: str
    rewritten: tuple[str, ...] = ()
    redescribed: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    suite_changes: tuple[str, ...] = ()
    schema_version: int = SCHEMA_VERSION


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A check as far as it came: ``ending`` says whether it ran to its end."""

    header: Header
    measurements: tuple[Measurements, ...]
    ending: Ending
    wall_s: float
    timed_s: float


class Recorder:
    """Appends to a record; every line is on its way to the disk before the next pair begins."""

    def __init__(self, folder: Path, header: Header, measurements: Iterable[Measurements]) -> None:
        """Begin a record in ``folder``, in place of an older one."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if not any(folder.iterdir()):  # what holds anything else, as a repository does, is not ours to hide
                (folder / ".gitignore").write_text("*\n", encoding="utf-8")  # a report is no change of the tree
            self._file: TextIO = (folder / FILE).open("w", encoding="utf-8")
        except OSError as error:
            raise BenchModelsError(f"--output {folder} cannot be written to: {error}") from error
        self._line("header", asdict(header))
        for each in measurements:
            self._line("subject", _described(each.benchmark))
            for pair in each.pairs:
                self.pair(each.benchmark, pair)
            if each.answers is not None:
                self.answers(each.benchmark, each.answers)
            for side in SIDES:
                if (trouble := getattr(each, side)) is not None:
                    self.trouble(each.benchmark, side, trouble)

    def pair(self, benchmark: Benchmark, pair: Pair) -> None:
        """Write one more pair of a benchmark."""
        self._line("pair", {"subject": str(benchmark), **asdict(pair)})

    def answers(self, benchmark: Benchmark, answers: Answers) -> None:
        """Write which examples either side answered right."""
        self._line("answers", {"subject": str(benchmark), **_answers(answers)})

    def trouble(self, benchmark: Benchmark, side: SideName, trouble: Trouble) -> None:
        """Write what keeps a side from being measured."""
        self._line("trouble", {"subject": str(benchmark), "side": side, **_trouble(trouble)})

    def end(self, ending: Ending, wall_s: float, timed_s: float) -> None:
        """Write how the check ended."""
        self._line("end", {"ending": ending, "wall_s": wall_s, "timed_s": timed_s})

    def __enter__(self) -> Self:
        """Return the recorder."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the file; that a full disk lacks the last line was said already."""
        with suppress(OSError):
            self._file.close()

    def _line(self, kind: str, content: Mapping[str, Any]) -> None:
        try:
            self._file.write(json.dumps({"line": kind, **content}) + "\n")
            self._file.flush()
        except OSError as error:
            raise BenchModelsError(f"the record {self._file.name} cannot be written ({error}): make room") from error


def read(path: Path) -> Record:
    """Return the record in a folder (or the file itself).

    A last line that was cut short is left out: the check was ended in the midst of it.
    """
    file = path / FILE if path.is_dir() else path
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BenchModelsError(
            f"there is no record of a check in {path} ({error}): give a folder with {FILE}"
        ) from error
    try:
        return _assembled(file, [json.loads(line) for line in _whole(lines)])
    except (AttributeError, IndexError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise BenchModelsError(f"the record {file} is damaged ({error!r}): measure this shard again") from error


def _whole(lines: list[str]) -> list[str]:
    try:
        json.loads(lines[-1])
    except ValueError:
        return lines[:-1]
    return lines


def _assembled(file: Path, lines: list[dict[str, Any]]) -> Record:
    first, *rest = lines
    if first.pop("line") != "header":
        raise ValueError("it does not begin with a header")
    if first["schema_version"] != SCHEMA_VERSION:
        raise BenchModelsError(
            f"the record {file} is of schema {first['schema_version']}, this version reads {SCHEMA_VERSION}: "
            "measure again"
        )
    tuples = {key: tuple(first[key]) for key in _TUPLES if key in first}
    header = Header(**first | tuples | {"shares": Shares(**first["shares"])})
    measurements: dict[str, Measurements] = {}
    end: dict[str, Any] = {"ending": "crashed", "wall_s": 0.0, "timed_s": 0.0}
    for line in rest:
        match line.pop("line"):
            case "subject":
                name, parameters = line.pop("benchmark"), tuple(line.pop("parameters"))
                benchmark = Benchmark(name=name, parameters=parameters, **line)
                measurements[str(benchmark)] = Measurements(benchmark=benchmark, shard=header.shard)
            case "end":
                end = line
            case kind:
                name = line.pop("subject")
                measurements[name] = _with(measurements[name], kind, line)
    return Record(header=header, measurements=tuple(measurements.values()), **end)


def _with(measurements: Measurements, kind: str, line: dict[str, Any]) -> Measurements:
    match kind:
        case "pair":
            pair = Pair(base=tuple(line["base"]), head=tuple(line["head"]))
            return replace(measurements, pairs=(*measurements.pairs, pair))
        case "answers":
            right = {side: tuple(letter == "1" for letter in line[side]) for side in SIDES}
            return replace(measurements, answers=Answers(**right, examples=tuple(line["examples"])))
        case "trouble":
            return measurements.troubled(_side(line["side"]), _TROUBLES[line["what"]](**line["details"]))
        case _:
            raise ValueError(f"a line of unknown kind {kind}")


def _side(name: str) -> SideName:
    if name not in SIDES:
        raise ValueError(f"a check has the sides {SIDES}, not {name}")
    return SIDES[SIDES.index(name)]


_TROUBLES: dict[str, type[Trouble]] = {"absent": Absent, "skipped": Skipped, "failed": Failed, "refused": Refused}


def _described(benchmark: Benchmark) -> dict[str, Any]:
    described = asdict(benchmark)
    return {"benchmark": described.pop("name"), **described}


def _trouble(trouble: Trouble) -> dict[str, Any]:
    return {"what": type(trouble).__name__.lower(), "details": asdict(trouble)}


def _answers(answers: Answers) -> dict[str, Any]:
    right = ("".join("01"[each] for each in side) for side in (answers.base, answers.head))
    return {**dict(zip(SIDES, right, strict=True)), "examples": list(answers.examples)}
