"""Opens the artifact of a check. The pull request may have written it, so nothing in it is trusted.

Nothing is unpacked to the disk, so no name in the archive is ever used as a path. Sizes are bounded before and while
they are read, because an archive may lie about its own sizes.
"""

import io
import stat
import zipfile
import zlib
from collections.abc import Iterator

from bench_models.check.report.document import Report
from bench_models.errors import BenchModelsError
from bench_models.results_branch.json_io import LARGEST_BYTES, parsed, typed
from bench_models.text import logged

NAME = "report.json"
LARGEST_ZIP_BYTES = 2 * 2**20
_MOST_VALUES = 200_000
_LONGEST_TEXT = 20_000
_LARGEST_NUMBER = 1e18
_WORSE = {"regressed", "lost"}
# Undecided fails where it is asked to, and then it is the worst of all.
_PASSES = (0, 3)
_WRONG = (
    ValueError,
    RecursionError,
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
)
_READABLE = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}


def opened(archive: bytes) -> Report:
    """Return the report in an artifact; raises ``BenchModelsError`` with the first thing that is wrong with it."""
    try:
        report = parsed(_content(archive).decode())
        _require_bounded(report)
        found = typed(report, Report)
        _require_consistent(found)
    except _WRONG as error:
        raise BenchModelsError(f"the artifact is refused: {logged(str(error) or type(error).__name__)}") from error
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
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in {0, stat.S_IFREG}:
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
