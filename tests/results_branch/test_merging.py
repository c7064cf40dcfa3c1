"""Two versions of one result file become one: nothing that was measured is lost, and nothing of it raises."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.publishers import COLUMNS, MACHINE, measure, on_branch, remote_with, result

from bench_models.asv.merge import merged
from bench_models.results_branch.sync import results_branch

COMMIT = "e" * 40
NAME = "suite.time_it"
PARAMS = [["'a'", "'b'"], ["1", "2"]]


def version(rows: dict[str, list[Any]], columns: list[str] | None = None, **others: object) -> bytes:
    """Return a result file with these rows."""
    data = result(COMMIT, {}) | {"results": rows, "result_columns": columns or COLUMNS}
    return json.dumps(data | others).encode()


def row(values: list[float | None] | None, began: int, params: list[list[str]] | None = None) -> list[Any]:
    """Return a benchmark's row, in the order of ``COLUMNS``."""
    bounds = None if values is None else [None if value is None else value * 1.1 for value in values]
    return [values, params or [], "1", began, 0.5, bounds, bounds]


def rows(content: bytes) -> dict[str, dict[str, Any]]:
    """Return the rows of a file by the names of its columns."""
    data = json.loads(content)
    columns = data["result_columns"]
    return {
        name: dict.fromkeys(columns) | dict(zip(columns, cells, strict=False))
        for name, cells in data["results"].items()
    }


def pushed(tmp_path: Path, first: bytes, second: bytes) -> dict[str, Any]:
    """Let two clones push a version each, one after the other, and return the file on the branch."""
    remote, clones = remote_with(tmp_path, 2)
    for clone, content in zip(clones, (first, second), strict=True):
        measure(clone, COMMIT, {NAME: 0.0}).write_bytes(content)
    for clone in clones:
        results_branch(clone).push("Keep a result")
    found: dict[str, Any] = on_branch(remote)[f"results/{MACHINE}/{COMMIT[:8]}-venv-py3.11.json"]
    return found


def test_columns_are_matched_by_name(tmp_path: Path) -> None:
    """Another version of asv has them in another order, has more and lacks some: both sides' benchmarks stay."""
    columns = ["started_at", "stats_new", "result", "params", "version"]
    other = version({"suite.time_other": [3, [7.5], [2.0], [], "1"], NAME: [1, [7.5], [9.0], [], "1"]}, columns)
    found = rows(json.dumps(pushed(tmp_path, other, version({NAME: row([1.0], 2)}))).encode())

    assert found.keys() == {NAME, "suite.time_other"}
    assert (found[NAME]["result"], found[NAME]["started_at"]) == ([1.0], 2)
    assert (found["suite.time_other"]["result"], found["suite.time_other"]["stats_new"]) == ([2.0], [7.5])


@pytest.mark.parametrize("good_first", [True, False])
def test_failure_never_replaces_a_measurement(tmp_path: Path, *, good_first: bool) -> None:
    """Though it came later, and whoever pushes last."""
    versions = version({NAME: row([1.0], 1)}), version({NAME: row(None, 2)})
    kept = pushed(tmp_path, *(versions if good_first else versions[::-1]))
    assert kept["results"][NAME][0] == [1.0]


def test_later_failure_replaces_an_earlier_one_and_a_later_number_replaces_a_number() -> None:
    """As before."""
    old = version({"a": row(None, 1), "b": row([1.0], 1), "c": row([1.0], 1)})
    new = version({"a": row([None], 2), "b": row([2.0], 2), "c": row([math.nan], 2)})
    for one, other in ((old, new), (new, old)):
        found = rows(merged(one, other))
        assert (found["a"]["started_at"], found["b"]["result"]) == (2, [2.0])
        # Skipped on purpose is no failure.
        assert math.isnan(found["c"]["result"][0])


def test_each_combination_of_parameters_is_joined_alone() -> None:
    """With its interval: of four the later run failed at two, of which the earlier one had measured one."""
    old = version({NAME: row([1.0, None, 3.0, 4.0], 1, PARAMS)})
    new = version({NAME: row([5.0, None, None, 8.0], 2, PARAMS)})
    for one, other in ((old, new), (new, old)):
        found = rows(merged(one, other))[NAME]
        assert found["result"] == [5.0, None, 3.0, 8.0]
        assert found["stats_ci_99_a"] == [value and value * 1.1 for value in (5.0, None, 3.0, 8.0)]
        assert found["started_at"] == 2


def test_combinations_are_known_by_their_values() -> None:
    """A table of variants that grew at its beginning shifts all of them."""
    old = version({NAME: row([1.0, 2.0], 1, [["'a'", "'b'"]])})
    new = version({NAME: row([7.0, None, 8.0], 2, [["'new'", "'a'", "'b'"]])})
    assert rows(merged(new, old))[NAME]["result"] == [7.0, 1.0, 8.0]


def test_number_of_another_version_of_a_benchmark_does_not_stand_in() -> None:
    """It measured something else."""
    new = row(None, 2)
    new[2] = "2"
    assert rows(merged(version({NAME: row([1.0], 1)}), version({NAME: new})))[NAME]["result"] is None


CUT = version({NAME: row([1.0], 1)})[:150]


@pytest.mark.parametrize(
    "damaged",
    [
        CUT,
        b"",
        b"[]",
        b"\xff\xfe",
        b"[" * 100_000,
        version({NAME: [["seven"]]}),
        version({NAME: "seven"}),  # type: ignore[dict-item]
        version({NAME: row([1.0], 1) * 2}),
        version({}, ["params"]),
        version({}, commit_hash="main"),
        version({}, date=None),
        version({}, version=1),
        version({}, durations=7),
    ],
)
def test_damaged_version_gives_way_to_the_other(damaged: bytes) -> None:
    """Whichever of both it is; of two damaged ones ours stays for somebody to mend."""
    good = version({NAME: row([1.0], 1)})
    assert merged(damaged, good) == good
    assert merged(good, damaged) == good
    assert merged(damaged, CUT) == damaged


def test_own_file_that_was_cut_does_not_replace_a_whole_one(tmp_path: Path) -> None:
    """Nor stops the push: a job that was killed left it."""
    good = version({NAME: row([1.0], 1)})
    assert pushed(tmp_path, good, CUT) == json.loads(good)


@pytest.mark.parametrize("name", ["benchmarks.json", f"{MACHINE}/machine.json"])
def test_own_description_that_was_cut_does_not_replace_a_whole_one(tmp_path: Path, name: str) -> None:
    """Of the suite or of the machine."""
    remote, (other, clone) = remote_with(tmp_path, 2)
    for each in (other, clone):
        measure(each, COMMIT, {NAME: 1.0})
    (clone / ".asv" / "results" / name).write_text('{"mach', encoding="utf-8")
    results_branch(other).push("Keep a result")
    results_branch(clone).push("Keep one that was cut")
    assert on_branch(remote)[f"results/{name}"]


numbers = st.none() | st.floats(allow_infinity=False) | st.integers(-9, 9)
cells = st.none() | st.text(max_size=3) | numbers | st.lists(numbers, max_size=4) | st.lists(st.lists(st.text()))
files = st.builds(
    lambda table, columns, began: version(table, columns, durations=began),
    st.dictionaries(st.sampled_from("abc"), st.lists(cells, max_size=8)),
    st.permutations([*COLUMNS, "samples", "strange"]).map(list),
    st.dictionaries(st.text(max_size=3), st.floats()) | st.none(),
)


@given(files, files)
def test_nothing_in_a_file_raises(ours: bytes, theirs: bytes) -> None:
    """And joining again what was joined changes nothing."""
    once = merged(ours, theirs)
    again = merged(once, theirs)
    # A file whose other version is damaged stays as it is, empty cells at the end of its rows included.
    assert json.loads(merged(again, again)) == json.loads(merged(once, once))
