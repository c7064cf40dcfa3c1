"""Each side of a check runs its own suite, beside its own files; where a benchmark changed, HEAD's runs on both."""

from pathlib import Path
from typing import Any

import pytest
from support.checking import Run, check, verdicts
from support.tiny_project import asv_project, commit_all, edited, git

from bench_models.check.record import read
from bench_models.outcomes import Failed

pytestmark = pytest.mark.slow

_CODE = """
def total(count):
    return sum(range(count))
"""

_SUITE = """
from pathlib import Path

import counting

TERMS = 10


def track_file():
    return len((Path(__file__).parent.parent / "models" / "weights.bin").read_bytes())


def track_table():
    return counting.total(TERMS)


def track_body():
    return counting.total(10)


class Rows:
    params = ["left", "middle"]
    version = "1"

    def track_row(self, row):
        return 5.0
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a repository whose suite reads a file beside its folder, with one commit."""
    files = {"counting.py": _CODE, "suite/sums.py": _SUITE, "models/weights.bin": "x" * 100}
    root = asv_project(tmp_path / "project", files)
    commit_all(root, "Count")
    git("tag", "base", cwd=root)
    return root


def rewrite(project: Path, *changes: tuple[str, str], more: str = "") -> None:
    """Commit another suite."""
    text = _SUITE
    for old, new in changes:
        text = edited(text, old, new)
    (project / "suite" / "sums.py").write_text(text + more, encoding="utf-8")
    commit_all(project, "Change the suite")


def of(report: dict[str, Any], name: str) -> dict[str, Any]:
    """Return what a report says of one benchmark."""
    (found,) = (each for each in report["changes"] if each["benchmark"] == name)
    return dict(found)


def test_file_and_table_beside_a_benchmark_are_each_sides_own(bench_models: Run, project: Path) -> None:
    """A model nine times as large, a table and a row fewer: the benchmarks have the same version, and all is judged."""
    (project / "models" / "weights.bin").write_text("x" * 900, encoding="utf-8")
    rewrite(project, ("TERMS = 10", "TERMS = 20"), ('"left", "middle"', '"left", "right"'))
    status, report, printed = check(bench_models, project, "base")
    assert (status, report["rewritten"], report["added"]) == (1, [], []), printed
    for name, base, head in (("sums.track_file", 100, 900), ("sums.track_table", 45, 190)):
        assert (of(report, name)["verdict"], of(report, name)["base"], of(report, name)["head"]) == (
            "regressed",
            base,
            head,
        )
    found = verdicts(report)
    assert (found["sums.Rows.track_row 'left'"], found["sums.Rows.track_row 'right'"]) == ("unchanged", "new")
    assert found["sums.Rows.track_row 'middle'"] not in {"unchanged", "new"}
    assert "Each side ran its own suite." in printed


_SHRUNK = """
import counting

from suite import workload


def track_work():
    return getattr(counting, "size", int)(workload.workload())
"""

_HELPER = """
def workload():
    return {}
"""


def test_helper_that_shrinks_the_work_is_named(bench_models: Run, project: Path) -> None:
    """Code three times as slow on a third of the terms looks unchanged: whoever reads that must learn of the file."""
    (project / "suite" / "work load.py").write_text("", encoding="utf-8")
    (project / "suite" / "workload.py").write_text(_HELPER.format(300), encoding="utf-8")
    (project / "suite" / "more.py").write_text(_SHRUNK, encoding="utf-8")
    commit_all(project, "Add a helper")
    git("tag", "helped", cwd=project)
    (project / "counting.py").write_text(f"{_CODE}\n\ndef size(count):\n    return 3 * count\n", encoding="utf-8")
    commit_all(project, "Slow down")
    status, report, printed = check(bench_models, project, "helped", "--bench", "work")
    assert (status, report["suite_changes"]) == (1, []), printed
    assert "Files of the suite differ" not in printed

    (project / "suite" / "workload.py").write_text(_HELPER.format(100), encoding="utf-8")
    (project / "suite" / "work load.py").unlink()
    (project / "outside.py").write_text("", encoding="utf-8")
    commit_all(project, "Shrink the work")
    status, report, printed = check(bench_models, project, "helped", "--bench", "work")
    assert (status, verdicts(report)["more.track_work"]) == (0, "unchanged"), printed
    assert report["suite_changes"] == ["suite/work load.py", "suite/workload.py"]
    said = (
        "Files of the suite differ (suite/work load.py, suite/workload.py): each side ran its own, so a change of what "
        "they measure is part of the verdict."
    )
    assert said in printed
    assert said in (project / "results" / "check" / "report.md").read_text(encoding="utf-8")


def test_changed_benchmark_runs_from_heads_file_beside_bases_files(bench_models: Run, project: Path) -> None:
    """Its change is no slow-down, which the report says; what it reads beside the suite is still BASE's."""
    (project / "models" / "weights.bin").write_text("x" * 900, encoding="utf-8")
    rewrite(project, ("return len((", "return 2 * len(("), ("total(10)", "total(20)"))
    status, report, printed = check(bench_models, project, "base", "--bench", "file|body")
    assert (status, report["rewritten"]) == (1, ["sums.track_file", "sums.track_body"]), printed
    assert (of(report, "sums.track_file")["base"], of(report, "sums.track_file")["head"]) == (200, 1800)
    assert verdicts(report)["sums.track_body"] == "unchanged"
    assert "The benchmark itself changed in sums.track_file, sums.track_body" in printed
    assert "differ (suite/sums.py): each side ran its own, but for the benchmarks above, so" in printed


_MORE = f"{edited(_CODE, 'range(count)', 'range(count + 9)')}\n\ndef later():\n    return 3\n"
_ADDED = """

def track_added():
    return counting.total(30)


def track_later():
    return counting.later()



class Prepared:
    def setup_cache(self):
        return counting.later()

    def track_prepared(self, cache):
        return cache
"""


def test_benchmark_that_base_lacks_is_tried_there_and_new_where_it_fails(bench_models: Run, project: Path) -> None:
    """Where it works it is compared; what BASE has in another form, and cannot run from HEAD's file, fails."""
    (project / "counting.py").write_text(_MORE, encoding="utf-8")
    rewrite(project, ("return counting.total(10)", "return counting.later()"), more=_ADDED)
    status, report, printed = check(bench_models, project, "base", "--bench", "body|added|later|prepared")
    assert set(report["added"]) == {"sums.track_added", "sums.track_later", "sums.Prepared.track_prepared"}
    assert report["rewritten"] == ["sums.track_body"]
    found = verdicts(report)
    assert (found["sums.track_added"], of(report, "sums.track_added")["base"]) == ("regressed", 435), printed
    assert (found["sums.track_later"], found["sums.Prepared.track_prepared"], status) == ("new", "new", 1)
    (body,) = (each for each in read(project / "results" / "check").measurements if "body" in each.benchmark.name)
    assert isinstance(body.base, Failed)
    assert ("no attribute 'later'" in body.base.error, body.head) == (True, None)


@pytest.mark.parametrize(
    ("attribute", "said"),
    [("margin = 500.0", "margin was 3.0 and is 500.0"), ('better = "higher"', "better was lower and is higher")],
)
def test_terms_that_head_makes_milder_are_said_and_do_not_count(
    bench_models: Run, project: Path, attribute: str, said: str
) -> None:
    """They are no part of asv's version, and stand beside the regression that they would hide."""
    rewrite(project, ("TERMS = 10", "TERMS = 20"), more=f"\n\ntrack_table.{attribute}\n")
    status, report, printed = check(bench_models, project, "base", "--bench", "table")
    assert (status, verdicts(report)) == (1, {"sums.track_table": "regressed"}), printed
    assert report["redescribed"] == [f"sums.track_table: {said}"]
    assert "BASE's terms counted" in printed


def test_numbers_in_another_unit_are_not_compared(bench_models: Run, project: Path) -> None:
    """Somebody has to accept that they are others now."""
    rewrite(project, ("TERMS = 10", "TERMS = 3"), more='\n\ntrack_table.unit = "pairs"\n')
    status, report, printed = check(bench_models, project, "base", "--bench", "table")
    assert (status, verdicts(report)) == (1, {"sums.track_table": "lost"}), printed
    assert "its unit was 'unit' and is 'pairs'" in of(report, "sums.track_table")["reason"]


_DEAD = """

def track_dead():
    raise ValueError("{}")
"""


def test_version_of_heads_that_works_nowhere_hides_nothing(bench_models: Run, project: Path) -> None:
    """It fails on both sides or is skipped on both, as it runs on both: BASE's own version says what that costs."""
    rewrite(project, more=_DEAD.format("long dead"))
    git("tag", "dead", cwd=project)
    changes = ("return counting.total(10)", "return None"), ("return counting.total(TERMS)", "return counting.gone()")
    rewrite(project, *changes, more=_DEAD.format("still dead"))
    status, report, printed = check(bench_models, project, "dead", "--bench", "body|table|dead|file")
    assert status == 1, printed
    assert verdicts(report) == {
        "sums.track_body": "lost",
        "sums.track_table": "regressed",
        "sums.track_dead": "fails on both",
        "sums.track_file": "unchanged",
    }
    assert of(report, "sums.track_dead")["reason"] == "ValueError: still dead; on BASE: ValueError: long dead"


def test_suite_that_cannot_be_imported_in_bases_tree_ends_no_check(bench_models: Run, project: Path) -> None:
    """What has the same version runs from each side's own file, and what is new is new."""
    (project / "counting.py").write_text(_CODE + "\n\nLATER = 3\n", encoding="utf-8")
    rewrite(project, ("TERMS = 10", "TERMS = counting.LATER + 7"), more="\n\ndef track_added():\n    return 1\n")
    status, report, printed = check(bench_models, project, "base", "--bench", "track_table|track_added")
    assert (status, verdicts(report)) == (0, {"sums.track_table": "unchanged", "sums.track_added": "new"}), printed


@pytest.mark.parametrize("written", ["1", "1.10", "['1']"])
def test_version_that_is_not_a_string_is_one_sentence(bench_models: Run, project: Path, written: str) -> None:
    """It names the benchmark and the value, and nothing was measured."""
    rewrite(project, ('version = "1"', f"version = {written}"))
    status, report, printed = check(bench_models, project, "base")
    assert (status, report) == (2, {})
    value = str(eval(written))  # noqa: S307  # one of the three above
    assert f'sums.Rows.track_row: version is a string, such as "1", not {value}' in printed
    assert "Traceback" not in printed


def test_own_suites_are_no_option_any_more(bench_models: Run, project: Path) -> None:
    """There is nothing left that it would do."""
    done = bench_models("check", "base", "--own-suites", cwd=project)
    assert (done.returncode, "No such option '--own-suites'" in done.stderr) == (2, True)
