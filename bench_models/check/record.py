"""The record of a check: a line of JSON for each event, written at once.

Whatever ends a check, its record is complete up to the last pair. All reports are made from it.
"""

import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal, Self, TextIO

import msgspec

from bench_models.errors import BenchModelsError
from bench_models.outcomes import Failed, Skipped
from bench_models.stats.sequential import Shares
from bench_models.verdict.measurements import (
    SIDES,
    Absent,
    Answers,
    Benchmark,
    Better,
    Measurements,
    Pair,
    Refused,
    SideName,
    Trouble,
)

SCHEMA_VERSION = 2
FILE = "record.jsonl"

Ending = Literal["complete", "interrupted", "crashed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a check is about: commits, machines as they were described, libraries, and the part that this shard takes.

    ``plan`` describes each benchmark of the whole check by its name, and ``shares`` counts those that share
    the error budget; both are the same in all shards. ``rewritten`` names benchmarks whose asv version differs between
    the commits, so that HEAD's runs on both sides, and ``added`` those that BASE's own suite lacks. ``redescribed``
    says what HEAD describes differently. ``suite_changes`` are the files below the suite's folder that differ;
    older records lack them.
    """

    base: str
    head: str
    base_name: str
    head_name: str
    uncommitted: tuple[str, ...]
    machines: tuple[dict[str, Any], ...]
    threads: int
    python: dict[SideName, str]
    libraries: dict[SideName, dict[str, str | None]]
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


class _Line(msgspec.Struct, kw_only=True, tag_field="line", forbid_unknown_fields=True):
    """A line after the header; ``subject`` is a benchmark as asv writes its name."""


class _Benchmark(_Line, tag="subject"):
    benchmark: str
    parameters: tuple[str, ...]
    kind: Literal["time", "value"]
    unit: str
    better: Better
    margin_pct: int | float


class _Pair(_Line, tag="pair"):
    subject: str
    base: tuple[int | float, ...]
    head: tuple[int | float, ...]


class _Answers(_Line, tag="answers"):
    """Right and wrong answers as the letters 1 and 0, in the order of the examples."""

    subject: str
    base: str
    head: str
    examples: tuple[str, ...]


class _Unaffected(_Line, tag="unaffected"):
    subject: str
    reason: str


class _Shares(_Line, tag="shares"):
    """How many benchmarks share the error budget, where they are fewer than the header counts."""

    timed: int
    values: int


class _Trouble(_Line, tag="trouble"):
    subject: str
    side: SideName
    what: str
    details: dict[str, str]


class _End(_Line, tag="end"):
    ending: Ending
    wall_s: float
    timed_s: float


_AnyLine = _Benchmark | _Pair | _Answers | _Unaffected | _Trouble | _Shares | _End

_TROUBLES: dict[str, type[Trouble]] = {"absent": Absent, "skipped": Skipped, "failed": Failed, "refused": Refused}


def make_hidden(folder: Path) -> None:
    """Make a folder for what a check writes, hidden from git: a report is not a change of the tree.

    A folder that holds anything else, as a repository does, stays as visible as it is.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if not any(folder.iterdir()):
        (folder / ".gitignore").write_text("*\n", encoding="utf-8")


class Recorder:
    """Appends to a record; every line is on its way to the disk before the next pair begins."""

    def __init__(self, folder: Path, header: Header, measurements: Iterable[Measurements]) -> None:
        """Begin a record in ``folder``, in place of an older one."""
        try:
            make_hidden(folder)
            self._file: TextIO = (folder / FILE).open("w", encoding="utf-8")
        except OSError as error:
            raise BenchModelsError(f"--output {folder} cannot be written to: {error}") from error
        self._line({"line": "header", **asdict(header)})
        for each in measurements:
            self._begin(each)

    def pair(self, benchmark: Benchmark, pair: Pair) -> None:
        """Write one more pair of a benchmark."""
        self._line(_Pair(subject=str(benchmark), base=pair.base, head=pair.head))

    def answers(self, benchmark: Benchmark, answers: Answers) -> None:
        """Write which examples either side answered right."""
        base, head = ("".join("01"[each] for each in side) for side in (answers.base, answers.head))
        self._line(_Answers(subject=str(benchmark), base=base, head=head, examples=answers.examples))

    def unaffected(self, benchmark: Benchmark, reason: str) -> None:
        """Write why the change cannot affect a benchmark."""
        self._line(_Unaffected(subject=str(benchmark), reason=reason))

    def shares(self, shares: Shares) -> None:
        """Write how many benchmarks share the error budget, where they are fewer than the header counts."""
        self._line(_Shares(timed=shares.timed, values=shares.values))

    def trouble(self, benchmark: Benchmark, side: SideName, trouble: Trouble) -> None:
        """Write what keeps a side from being measured."""
        what = type(trouble).__name__.lower()
        self._line(_Trouble(subject=str(benchmark), side=side, what=what, details=asdict(trouble)))

    def end(self, ending: Ending, wall_s: float, timed_s: float) -> None:
        """Write how the check ended."""
        self._line(_End(ending=ending, wall_s=wall_s, timed_s=timed_s))

    def __enter__(self) -> Self:
        """Return the recorder."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file; that a full disk lacks the last line was said already."""
        with suppress(OSError):
            self._file.close()

    def _begin(self, measurements: Measurements) -> None:
        benchmark = measurements.benchmark
        described = asdict(benchmark)
        self._line(_Benchmark(benchmark=described.pop("name"), **described))
        for pair in measurements.pairs:
            self.pair(benchmark, pair)
        if measurements.answers is not None:
            self.answers(benchmark, measurements.answers)
        for side, trouble in zip(SIDES, (measurements.base, measurements.head), strict=True):
            if trouble is not None:
                self.trouble(benchmark, side, trouble)

    def _line(self, line: _Line | dict[str, Any]) -> None:
        try:
            # Not msgspec's own JSON: a line holds no character that any reader may take for the end of a line.
            self._file.write(json.dumps(msgspec.to_builtins(line)) + "\n")
            self._file.flush()
        except OSError as error:
            raise BenchModelsError(f"the record {self._file.name} cannot be written ({error}): make room") from error


def read(path: Path) -> Record:
    """Return the record in a folder (or the file itself).

    A last line that was cut short is left out: the check ended while it was written.
    """
    file = path / FILE if path.is_dir() else path
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BenchModelsError(
            f"there is no record of a check in {path} ({error}): give a folder with {FILE}"
        ) from error
    try:
        first, *rest = _whole(lines)
        return _assembled(_header(file, first), rest)
    except (msgspec.MsgspecError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise BenchModelsError(f"the record {file} is damaged ({error!r}): measure this shard again") from error


def _whole(lines: list[str]) -> list[str]:
    try:
        json.loads(lines[-1] if lines else "")
    except ValueError:
        return lines[:-1]
    return lines


def _header(file: Path, line: str) -> Header:
    data = json.loads(line)
    version = data["schema_version"]
    if version != SCHEMA_VERSION:
        raise BenchModelsError(
            f"the record {file} is of schema {version}, this version reads {SCHEMA_VERSION}: measure again"
        )
    unknown = data.keys() - {field.name for field in fields(Header)} - {"line"}
    if unknown:
        raise ValueError(f"{', '.join(sorted(unknown))} is unknown here")
    return msgspec.convert(data, Header)


def _assembled(header: Header, lines: Sequence[str]) -> Record:
    measurements: dict[str, Measurements] = {}
    end = _End(ending="crashed", wall_s=0.0, timed_s=0.0)
    for text in lines:
        # Not by msgspec's own decoder, which refuses half a character; Python's reads back what it wrote.
        line = msgspec.convert(
            json.loads(text), _Benchmark | _Pair | _Answers | _Unaffected | _Trouble | _Shares | _End
        )
        match line:
            case _Benchmark():
                described = msgspec.structs.asdict(line)
                benchmark = Benchmark(name=described.pop("benchmark"), **described)
                measurements[str(benchmark)] = Measurements(benchmark=benchmark, shard=header.shard)
            case _Shares():
                header = replace(header, shares=Shares(timed=line.timed, values=line.values))
            case _End():
                end = line
            case _:
                measurements[line.subject] = _with(measurements[line.subject], line)
    return Record(
        header=header,
        measurements=tuple(measurements.values()),
        ending=end.ending,
        wall_s=end.wall_s,
        timed_s=end.timed_s,
    )


def _with(measurements: Measurements, line: _Pair | _Answers | _Unaffected | _Trouble) -> Measurements:
    match line:
        case _Pair():
            return replace(measurements, pairs=(*measurements.pairs, Pair(base=line.base, head=line.head)))
        case _Answers():
            base, head = (tuple(letter == "1" for letter in side) for side in (line.base, line.head))
            return replace(measurements, answers=Answers(base=base, head=head, examples=line.examples))
        case _Unaffected():
            return replace(measurements, unaffected=line.reason)
        case _Trouble():
            return measurements.troubled(line.side, _TROUBLES[line.what](**line.details))
