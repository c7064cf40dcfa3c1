"""What strangers may have written: artifacts and files are read bounded and validated, and reports lose their texts.

Nothing of an artifact is unpacked to the disk, so no name in the archive is ever used as a path. Sizes are bounded
before and while they are read, because an archive may lie about its own sizes.

What goes to the results branch stays there for good. Of a report numbers stay, and so do the words that a report itself
knows. Of names only what cannot be a sentence, an address or markup is kept. The verdict in a sentence and the reasons
are written anew.
"""

import io
import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar, get_args

from msgspec import ValidationError, convert, structs, to_builtins

from bench_models.check.report.document import Environments, Report, Row
from bench_models.check.report.sentence import counted, summary
from bench_models.errors import BenchModelsError
from bench_models.text import fault_of, logged, strict_json
from bench_models.verdict.change import Verdict

NAME = "report.json"
LARGEST_BYTES = 4 * 2**20
LARGEST_ZIP_BYTES = 2 * 2**20
_MOST_VALUES = 200_000
_LONGEST_TEXT = 20_000
_LARGEST_NUMBER = 1e18
_WORSE = {"regressed", "lost"}
# Undecided fails where it is asked to, and then it is the worst of all.
_PASSES = (0, 3)
_WRONG = (ValueError, RecursionError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError)
_READABLE = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_DAMAGES = (OSError, ValueError, TypeError, RecursionError)

# What stands in the place of a text that may not be a name.
UNNAMED = "(unnamed)"

# Names of benchmarks, values of parameters, units, versions, moments, hashes: without a space, but after a comma.
_NAME = re.compile(r"(?!.*//)(?:[A-Za-z0-9_.+'\"()\[\]{}:=/%^*-]|, ?){1,200}")
_WORDS = frozenset({*get_args(Verdict), *get_args(Environments)})
# The order of these tells which parameter it was.
_ORDERED = "parameters"
_WITHOUT_NUMBERS: Mapping[str, str] = {
    "failed": "it could not be measured",
    "fails on both": "it fails on both sides",
    "lost": "BASE measures it, and HEAD does not",
    "missing": "BASE measures it, and HEAD does not",
    "new": "BASE does not have it",
    "not comparable": "BASE could not be measured",
    "regressed": "it fails on HEAD, and not on BASE",
    "skipped": "it was skipped",
    "unchanged": "nothing that it depends on changed",
}

_Item = TypeVar("_Item")
_Read = TypeVar("_Read")


def read_each(
    items: Iterable[tuple[str, _Item]], read: Callable[[_Item], _Read]
) -> tuple[list[_Read], tuple[str, ...]]:
    """Return what can be read of named items, and a sentence on each that cannot."""
    good, bad = [], []
    for name, item in items:
        try:
            good.append(read(item))
        except _DAMAGES as error:
            bad.append(f"{name} is left aside: {fault_of(error)}")
    return good, tuple(bad)


def read_files(folder: Path, read: Callable[[Path], _Read]) -> tuple[list[_Read], tuple[str, ...]]:
    """Return what can be read of the JSON files in a folder, and a sentence on each that cannot."""
    return read_each(((str(file), file) for file in sorted(folder.glob("*.json"))), read)


def json_list(file: Path) -> list[Any]:
    """Return the list that a file holds, empty without a file; raises ``BenchModelsError`` where it holds no list."""
    try:
        data = json_of(file) if file.exists() else []
        if not isinstance(data, list):
            raise ValueError("it holds something else than a list")  # noqa: TRY004  # damage, like any other
    except _DAMAGES as error:
        raise BenchModelsError(f"{file} is left aside: {fault_of(error)}") from error
    return data


def json_of(file: Path) -> Any:  # noqa: ANN401  # whatever stands in the file
    """Return what a file holds; raises ``ValueError`` where that is too much, or not JSON."""
    size = file.stat().st_size
    if size > LARGEST_BYTES:
        raise ValueError(f"it has {size:,} bytes, and {LARGEST_BYTES:,} are allowed")
    return strict_json(file.read_text(encoding="utf-8"))


def typed(data: Any, kind: type[_Read]) -> _Read:  # noqa: ANN401  # JSON
    """Return JSON as a document of a type; raises ``ValueError`` with the first thing that does not follow it."""
    try:
        return convert(data, kind)
    except ValidationError as error:
        raise ValueError(str(error)[:200]) from error


def require_utc_seconds(at: datetime) -> None:
    """Refuse a moment that is not a whole second of UTC: texts of such moments sort as the moments do."""
    if at.utcoffset() != timedelta(0) or at.microsecond:
        raise ValueError(f"{at.isoformat()} is not a whole second of UTC")


def rebuilt(report: Report) -> Report:
    """Return a report without a text that a stranger could have chosen; one that is rebuilt already stays as it is.

    Raises ``ValueError`` where what is left is not a report, and ``RecursionError`` where it is nested more deeply than
    any report.
    """
    machines = tuple(
        {key: value for key, value in each.items() if isinstance(value, int | float)} for each in report.machines
    )
    made = convert(_cleaned(to_builtins(structs.replace(report, machines=machines))), Report)
    made = structs.replace(made, rows=tuple(structs.replace(row, reason=_reason(row)) for row in made.rows))
    return structs.replace(made, sentence=summary(made))


def _reason(row: Row) -> str:
    if row.flips is not None:
        return f"answers that became wrong: {row.flips.right_to_wrong}, and right: {row.flips.wrong_to_right}"
    if row.change_pct is None:
        return _WITHOUT_NUMBERS.get(row.verdict, "it has no numbers")
    seen = "" if row.visible_pct is None else f", in which a change of {row.visible_pct:.1f} % would have been seen"
    return counted(row.pairs, "pair") + seen


def _cleaned(value: Any, key: str = "") -> Any:  # noqa: ANN401  # JSON
    """Return a part of a report, which stands at ``key``, without what could be a sentence."""
    if isinstance(value, str):
        return value if _is_name(value) else UNNAMED
    if isinstance(value, dict):
        return {name: _cleaned(each, name) for name, each in value.items() if _is_name(name)}
    if isinstance(value, list | tuple):
        kept = (each for each in value if key == _ORDERED or not isinstance(each, str) or _is_name(each))
        return [_cleaned(each, key) for each in kept]
    return value


def _is_name(text: str) -> bool:
    return text in _WORDS or _NAME.fullmatch(text) is not None


def open_artifact(archive: bytes) -> Report:
    """Return the report in an artifact; raises ``BenchModelsError`` with the first thing that is wrong with it."""
    try:
        report = strict_json(_content(archive).decode())
        _require_bounded(report)
        found = typed(report, Report)
        _require_consistent(found)
    except _WRONG as error:
        raise BenchModelsError(f"the artifact is refused: {logged(fault_of(error))}") from error
    return found


def _content(archive: bytes) -> bytes:
    """Return the only file of an archive, unpacked in memory."""
    if len(archive) > LARGEST_ZIP_BYTES:
        raise ValueError(f"it has {len(archive):,} bytes, and {LARGEST_ZIP_BYTES:,} are allowed")
    with zipfile.ZipFile(io.BytesIO(archive)) as opened_zip:
        entry = _only_entry(opened_zip.infolist())
        with opened_zip.open(entry) as stream:
            content = stream.read(LARGEST_BYTES + 1)
    if len(content) > LARGEST_BYTES:
        raise ValueError(f"{NAME} has more than the {LARGEST_BYTES:,} bytes that are allowed")
    return content


def _only_entry(entries: list[zipfile.ZipInfo]) -> zipfile.ZipInfo:
    if [entry.filename for entry in entries] != [NAME]:
        names = ", ".join(repr(entry.filename[:80]) for entry in entries[:3])
        raise ValueError(f"it holds {len(entries)} files ({names}), and {NAME} alone is expected")
    (entry,) = entries
    if stat.S_IFMT(entry.external_attr >> 16) not in {0, stat.S_IFREG}:
        raise ValueError(f"{NAME} is not a regular file")
    if entry.flag_bits & 1 or entry.compress_type not in _READABLE:
        raise ValueError(f"{NAME} is encrypted, or packed in a way that artifacts are not")
    if entry.file_size > LARGEST_BYTES:
        raise ValueError(f"{NAME} has {entry.file_size:,} bytes, and {LARGEST_BYTES:,} are allowed")
    return entry


def _require_bounded(report: object) -> None:
    """Refuse more than any check writes, before anything slower looks at it."""
    for number, value in enumerate(_values(report)):
        if number >= _MOST_VALUES:
            raise ValueError(f"it has more than {_MOST_VALUES:,} values")
        if isinstance(value, str) and len(value) > _LONGEST_TEXT:
            raise ValueError(f"it has a text of {len(value):,} characters, and {_LONGEST_TEXT:,} are allowed")
        if isinstance(value, int | float) and not abs(value) <= _LARGEST_NUMBER:
            raise ValueError("it has a number that is not finite, or larger than any that is measured")


def _require_consistent(report: Report) -> None:
    """Refuse a status that the rows contradict: readers see the status first, and believe it."""
    status, verdicts = report.exit_status, {row.verdict for row in report.rows}
    worse = verdicts & _WORSE
    unmeasured = "failed" in verdicts or not verdicts or report.ending != "complete"
    if (status == 1 and not worse) or (status in _PASSES and (worse or unmeasured)):
        raise ValueError(f"its status is {status}, and its rows say otherwise")


def _values(report: object) -> Iterator[object]:
    """Yield everything in a document, keys included, without recursion: it may be deep."""
    waiting = [report]
    while waiting:
        value = waiting.pop()
        yield value
        if isinstance(value, dict):
            waiting += [*value.keys(), *value.values()]
        elif isinstance(value, list):
            waiting += value
