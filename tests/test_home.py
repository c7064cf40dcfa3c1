"""Trouble with the folder for kept things is one sentence that names it."""

import errno
from pathlib import Path

import pytest

from bench_models.errors import BenchModelsError, EnvironmentTroubleError
from bench_models.storage import Store, home, write_atomically, writing_to


def test_environment_variable_overrules_the_users_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And without it the platform's cache folder is taken."""
    monkeypatch.setenv("BENCH_MODELS_HOME", str(tmp_path))
    assert home() == tmp_path
    monkeypatch.delenv("BENCH_MODELS_HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert home() == tmp_path / "cache" / "bench_models"


def test_relative_folder_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would mean another place in each process."""
    monkeypatch.setenv("BENCH_MODELS_HOME", "cache")
    with pytest.raises(BenchModelsError, match="BENCH_MODELS_HOME=cache is a relative path: give an absolute one"):
        home()


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EDQUOT, "Quota exceeded"),
        RuntimeError("Error while serializing: I/O error: No space left on device (os error 28)"),
    ],
)
def test_full_disk_is_recognised_from_any_library(tmp_path: Path, error: Exception) -> None:
    """Python has a number for it; Rust has only words."""
    with pytest.raises(EnvironmentTroubleError, match=f"the disk that holds {tmp_path} is full"), writing_to(tmp_path):
        raise error


def test_file_in_place_of_the_folder_is_named(tmp_path: Path) -> None:
    """What stands in the way is said."""
    (tmp_path / "home").write_text("", encoding="utf-8")
    with pytest.raises(EnvironmentTroubleError, match=r"home cannot be written to .* where BENCH_MODELS_HOME"):
        write_atomically(tmp_path / "home" / "record", "text")


def test_other_errors_pass(tmp_path: Path) -> None:
    """A step's own missing file is not a full disk."""
    with pytest.raises(FileNotFoundError), writing_to(tmp_path):
        (tmp_path / "absent").read_text(encoding="utf-8")
    with pytest.raises(PermissionError), writing_to(tmp_path):
        raise PermissionError(errno.EACCES, "Permission denied", "/elsewhere")


@pytest.mark.parametrize("folder", ["/proc", "/proc/nowhere/further"])
def test_place_that_the_kernel_keeps_for_itself_is_named(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says that there is no such file; the advice is about the home only where that was meant."""
    with pytest.raises(EnvironmentTroubleError, match=r"/proc.* cannot be written to .*: name a place where you may"):
        write_atomically(Path(folder) / "record", "text")
    monkeypatch.setenv("BENCH_MODELS_HOME", folder)
    with pytest.raises(EnvironmentTroubleError, match=r"/proc.* cannot be written to .* where BENCH_MODELS_HOME says"):
        Store.default().put_record("scorecards", "key", {})
    with pytest.raises(EnvironmentTroubleError, match=r"/proc.* cannot be written to .* where BENCH_MODELS_HOME says"):
        Store.default().trained("key", lambda _: None, what="weights")
