"""asv's result files, written here by asv's own code, are read with failures kept apart from numbers."""

import datetime as dt
import json
import math
import re
from pathlib import Path
from typing import Any

import pytest
from asv.machine import MachineCollection
from asv.results import Results
from asv.runner import BenchmarkResult

from bench_models.asv.folder import set_aside
from bench_models.asv.results import recorded
from bench_models.errors import BenchModelsError
from bench_models.outcomes import Failed, Measured, Skipped

COMMIT = "0123456789abcdef0123456789abcdef01234567"
VARIANTS = ["'baseline'", "'int8'", "'nf4'", "'new'"]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an asv project on a machine that asv knows."""
    monkeypatch.setattr(MachineCollection, "load", lambda _: {"machine": "here"})
    (tmp_path / "asv.conf.json").write_text(
        '{"version": 1, "project": "p", "repo": ".", "results_dir": "kept"}', encoding="utf-8"
    )
    (tmp_path / "kept" / "here").mkdir(parents=True)
    (tmp_path / "kept" / "here" / "machine.json").write_text('{"machine": "here", "version": 1}', encoding="utf-8")
    return tmp_path


def _record(  # noqa: PLR0913  # one argument a fact of the result file
    root: Path,
    name: str,
    results: list[Any],
    *,
    environment: str = "py3.11",
    minute: int = 0,
    rounds: int = 1,
    repeat: int = 12,
) -> None:
    params = {"machine": "here"}
    result = Results(params, {}, COMMIT, 0, "3.11", environment, {})
    path = root / "kept"
    if (path / result._filename).exists():
        result.load_data(str(path))
    timed = isinstance(results[0], list)
    count = len(results)
    result.add_result(
        {"name": name, "version": "1", "params": [VARIANTS[:count]]},
        BenchmarkResult(
            result=[each if not timed else (1.0 if isinstance(each, list) else each) for each in results],
            samples=[each if isinstance(each, list) else None for each in results],
            number=[1 if isinstance(each, list) else None for each in results],
            errcode=0,
            stderr="",
            profile=None,
        ),
        started_at=dt.datetime(2026, 1, 1, 12, minute, tzinfo=dt.UTC),
        record_samples=True,
    )
    result.save(str(path))
    described = {"version": 2, name: {"rounds": rounds, "repeat": repeat}}
    (path / "benchmarks.json").write_text(json.dumps(described), encoding="utf-8")


def test_number_failure_and_skip_are_told_apart(root: Path) -> None:
    """Null is failed, NaN is skipped, and what asv has not run is no zero."""
    _record(root, "s.Figures.track_size", [100.0, None, math.nan])
    history = recorded(root, COMMIT, "s")

    assert history is not None
    assert Measured(value=100.0) == history.value("s.Figures.track_size", "baseline")
    assert isinstance(history.value("s.Figures.track_size", "int8"), Failed)
    assert isinstance(history.value("s.Figures.track_size", "nf4"), Skipped)
    assert isinstance(history.value("s.Figures.track_size", "new"), Skipped)
    assert isinstance(history.value("s.Figures.track_other", "int8"), Skipped)


def test_benchmark_that_failed_for_all_variants_is_failed(root: Path) -> None:
    """Asv shortens a list of failures to nothing at all."""
    _record(root, "s.Figures.track_size", [None, None])
    history = recorded(root, COMMIT, "s")

    assert history is not None
    assert isinstance(history.value("s.Figures.track_size", "int8"), Failed)


def test_timing_comes_with_its_interval(root: Path) -> None:
    """The median of the samples, inside asv's 99 % interval."""
    _record(root, "s.Latency.time_offline", [[0.9, 1.0, 1.1, 1.0, 1.2, 0.8, 1.0, 1.0, 1.1, 0.9, 1.0, 1.0], None])
    history = recorded(root, COMMIT, "s")

    assert history is not None
    timing = history.timing("s.Latency.time_offline", "baseline")
    assert isinstance(timing, Measured)
    assert timing.value.calls.value == pytest.approx(1.0)
    assert timing.value.calls.low < 1.0 < timing.value.calls.high
    assert timing.value.by_process == (1.0,)
    assert isinstance(history.timing("s.Latency.time_offline", "int8"), Failed)


@pytest.mark.parametrize(("samples", "by_process"), [(6, (1.0, 2.0)), (7, (1.0,))])
def test_processes_are_told_apart_where_each_took_as_many_samples(
    root: Path, samples: int, by_process: tuple[float, ...]
) -> None:
    """The first half came from the first process; an odd number has no halves."""
    _record(root, "s.Latency.time_offline", [([1.0] * 4 + [2.0] * 3)[7 - samples :]], rounds=2, repeat=3)
    history = recorded(root, COMMIT, "s")

    assert history is not None
    timing = history.timing("s.Latency.time_offline", "baseline")
    assert isinstance(timing, Measured)
    assert by_process == timing.value.by_process


def test_newest_measurement_of_a_commit_counts(root: Path) -> None:
    """Two environments may have measured it."""
    _record(root, "s.Figures.track_size", [1.0], environment="new", minute=5)
    _record(root, "s.Figures.track_size", [2.0], environment="old", minute=1)
    history = recorded(root, COMMIT, "s")

    assert history is not None
    assert Measured(value=1.0) == history.value("s.Figures.track_size", "baseline")


def test_other_suites_measurement_does_not_hide_this_ones(root: Path) -> None:
    """A newer file without the suite's benchmarks is passed over."""
    _record(root, "s.Figures.track_size", [1.0], environment="old", minute=1)
    _record(root, "other.Figures.track_size", [2.0], environment="new", minute=5)
    history = recorded(root, COMMIT, "s")

    assert history is not None
    assert history.value("s.Figures.track_size", "baseline") == Measured(value=1.0)


def test_damaged_description_is_named(root: Path) -> None:
    """Asv does not write it atomically."""
    _record(root, "s.Figures.track_size", [1.0])
    (root / "kept" / "benchmarks.json").write_text("{", encoding="utf-8")

    with pytest.raises(BenchModelsError, match=r"benchmarks\.json is damaged"):
        recorded(root, COMMIT, "s")


def test_commit_that_was_not_measured_has_no_history(root: Path) -> None:
    """None, not an empty one."""
    assert recorded(root, COMMIT, "s") is None
    _record(root, "s.Figures.track_size", [1.0])
    assert recorded(root, "f" * 40, "s") is None


def test_file_cut_short_is_named(root: Path) -> None:
    """And the sentence says what to do."""
    _record(root, "s.Figures.track_size", [1.0])
    (file,) = (root / "kept" / "here").glob("0123*.json")
    file.write_text(file.read_text(encoding="utf-8")[:-40], encoding="utf-8")

    with pytest.raises(BenchModelsError, match=rf"{file.name} is damaged .* delete it"):
        recorded(root, COMMIT, "s")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"version": 2}', "missing key"),
        ("5", "a part of it is of another kind than expected, such as a number in place of a list"),
    ],
)
def test_file_of_another_form_is_named_without_the_words_of_python(root: Path, content: str, said: str) -> None:
    """Neither a bare key nor the name of a type; the second sentence is about the file in ``asv publish``."""
    _record(root, "s.Figures.track_size", [1.0])
    (file,) = (root / "kept" / "here").glob("0123*.json")
    file.write_text(content, encoding="utf-8")

    with pytest.raises(BenchModelsError) as caught:
        recorded(root, COMMIT, "s")
    aside = next(each for each in set_aside(root / "kept", root / "aside") if file.name in each)
    for sentence in (str(caught.value), aside):
        assert said in sentence
        assert not re.search(r"TypeError|KeyError|'int'|object|not subscriptable|indices", sentence)


def test_folder_without_asv_is_refused(tmp_path: Path) -> None:
    """There is no history to read."""
    with pytest.raises(BenchModelsError, match=r"there is no asv\.conf\.json"):
        recorded(tmp_path, COMMIT, "s")
