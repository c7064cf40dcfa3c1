"""A hostile artifact is refused, with the reason, and never costs more than its limits."""

import contextlib
import io
import json
import stat
import tracemalloc
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.reporting import decoded, packed, report, zipped

from bench_models.errors import BenchModelsError
from bench_models.results_branch.untrusted import LARGEST_BYTES, LARGEST_ZIP_BYTES, open_artifact

_ARCHIVE = packed()


def refused(archive: bytes) -> str:
    """Return the reason why an archive is refused."""
    with pytest.raises(BenchModelsError) as caught:
        open_artifact(archive)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_report_of_a_check_is_opened() -> None:
    """As it was written."""
    assert open_artifact(packed()) == decoded(report())


@pytest.mark.parametrize(
    "name", ["../report.json", "/etc/passwd", "a/report.json", "report.json/", "..\\report.json", "REPORT.JSON", ""]
)
def test_path_other_than_the_expected_name_is_refused(name: str) -> None:
    """It is never used as one."""
    assert "report.json alone is expected" in refused(zipped("{}", name or "x"))


def test_second_file_is_refused() -> None:
    """Also one of the same name, of which readers take either."""
    assert "2 files" in refused(zipped("{}", more="x"))
    buffer = io.BytesIO(_ARCHIVE)
    with zipfile.ZipFile(buffer, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("report.json", "{}")
    assert "2 files" in refused(buffer.getvalue())


def test_link_is_refused() -> None:
    """A symbolic link is a file with a mode of its own."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        entry = zipfile.ZipInfo("report.json")
        entry.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(entry, "/etc/passwd")
    assert "not a regular file" in refused(buffer.getvalue())


def test_bomb_is_refused_by_what_it_says() -> None:
    """Without unpacking it."""
    assert f"has {LARGEST_BYTES + 1:,} bytes" in refused(zipped(b" " * (LARGEST_BYTES + 1)))


def test_bomb_that_lies_about_its_size_is_cut_off() -> None:
    """What it says is changed in both of its headers; memory stays bounded."""
    size = 64 * 2**20
    bomb = zipped(b" " * size).replace(size.to_bytes(4, "little"), (1000).to_bytes(4, "little"))
    tracemalloc.start()
    refused(bomb)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * LARGEST_BYTES


def test_archive_that_is_too_large_is_refused_unread() -> None:
    """Whatever is in it."""
    assert "are allowed" in refused(b"PK" + b"\0" * LARGEST_ZIP_BYTES)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[" * 100_000, ""),
        ('{"a":' * 100_000, ""),
        ("[]", "Expected `object`, got `array`"),
        ("{}", "missing required field"),
        ("{", "Expecting"),
        ("\xff\xfe".encode("latin-1"), ""),
        ('{"a": NaN}', "NaN is not a number of JSON"),
        ('{"a": 1e999}', "larger than any that is measured"),
        (f'{{"a": {"9" * 400}}}', "larger than any that is measured"),
        (f'{{"a": {"9" * 5000}}}', "4300 digits"),
        (json.dumps({"a": "x" * 20_001}), "20,001 characters"),
        (json.dumps({"x" * 20_001: 1}), "20,001 characters"),
        (json.dumps([0] * 200_001), "more than 200,000 values"),
        (json.dumps(report(extra=1)), "unknown field `extra`"),
        (json.dumps(report(exit_status=7)), "Expected `int` <= 3"),
        (json.dumps(report(sentence=["x"])), "Expected `str`, got `array`"),
    ],
)
def test_content_that_no_check_writes_is_refused(content: str | bytes, said: str) -> None:
    """Too deep, too long, too many, no JSON, or another schema."""
    assert said in refused(zipped(content))


def test_archive_of_a_later_version_is_refused() -> None:
    """What it says in its directory of how it is to be read."""
    at = _ARCHIVE.index(b"PK\x01\x02") + 6
    assert "version" in refused(_ARCHIVE[:at] + b"\xff" + _ARCHIVE[at + 1 :])


def test_file_that_ends_before_its_end_is_refused() -> None:
    """Its sizes say that there is more."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("report.json", "{}" * 7)
    refused(buffer.getvalue().replace((14).to_bytes(4, "little"), (10_000).to_bytes(4, "little")))


@settings(deadline=None)  # other tests run beside this one
@given(st.integers(0, len(_ARCHIVE) - 1), st.binary(min_size=1, max_size=8))
def test_damaged_archive_is_refused_or_whole(position: int, other: bytes) -> None:
    """Whichever bytes are changed: a sentence, never a crash."""
    damaged = _ARCHIVE[:position] + other + _ARCHIVE[position + len(other) :]
    with contextlib.suppress(BenchModelsError):
        assert open_artifact(damaged).schema_version == 1


@settings(deadline=None)  # other tests run beside this one
@given(st.binary(max_size=300))
def test_anything_else_is_refused(archive: bytes) -> None:
    """Also what begins like an archive."""
    refused(archive)
    refused(b"PK\x03\x04" + archive)


def test_reason_cannot_command_the_runner() -> None:
    """A line of the log that begins with two colons would, and one that holds a command of the older form."""
    reason = refused(zipped("{}", "x\n::add-mask::y ##[add-mask]z"))
    assert "\n" not in reason
    assert "##[" not in reason
