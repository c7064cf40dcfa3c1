"""Recording what is known not to matter, in a repository that has an asv suite and knows nothing of this project."""

import json
import re
from pathlib import Path

import pytest
from support.checking import Run
from support.tiny_project import asv_project, commit_all, edited

from bench_models.check.record import read
from bench_models.stats.sequential import LOOKS, SAME_REPEATS

pytestmark = pytest.mark.slow

_CODE = '''
def total(count):
    """Add numbers up."""
    found = 0
    for number in range(count):
        found += number
    return found
'''

_SUITE = """
import counting


def time_total():
    counting.total(20_000)


time_total.margin = 20.0


def track_total():
    return counting.total(100)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a repository with a module, an asv suite and one commit."""
    root = asv_project(tmp_path / "project", {"counting.py": _CODE, "suite/sums.py": _SUITE})
    commit_all(root, "Count")
    return root


def change(project: Path, old: str, new: str) -> None:
    """Commit a change of the module."""
    file = project / "counting.py"
    file.write_text(edited(file.read_text(encoding="utf-8"), old, new), encoding="utf-8")
    commit_all(project, "Change it")


def report(folder: Path) -> dict[str, dict[str, object]]:
    """Return what a report says of each benchmark."""
    changes = json.loads((folder / "report.json").read_text(encoding="utf-8"))["changes"]
    return {each["benchmark"]: each for each in changes}


def test_recording_is_of_whole_rounds_and_its_verdict_that_of_a_check(project: Path, bench_models: Run) -> None:
    """So that `replay` has as many pairs as a check may take, and the report those that it would have taken."""
    done = bench_models("record", "--python", "same", cwd=project)

    assert done.returncode == 0, done.stderr
    assert "0 of 1 checks of HEAD against itself were red" in done.stdout
    folder = project / "results" / "record" / "01"
    pairs = {str(each.benchmark): len(each.pairs) for each in read(folder).measurements}
    assert pairs == {"sums.time_total": LOOKS[-1], "sums.track_total": SAME_REPEATS}
    assert report(folder)["sums.time_total"]["verdict"] == "unchanged"
    assert int(str(report(folder)["sums.time_total"]["pairs"])) < LOOKS[-1]

    replayed = bench_models("replay", str(folder), "--times", "20", cwd=project)
    assert replayed.returncode == 0, replayed.stderr
    assert re.search(r"^\* 0\.00% of checks red; allowed are 1%; ", replayed.stdout, re.MULTILINE)
    assert "No interval can be given" in replayed.stdout


def test_harmless_commit_is_green_and_a_slower_one_is_red(project: Path, bench_models: Run) -> None:
    """Both are said to do the same; for the second that is wrong, and status 1."""
    change(project, '"""Add numbers up."""', '"""Add up numbers."""')
    options = ("--python", "same", "--bench", "time")
    harmless = bench_models("record", "HEAD~1", "HEAD", *options, cwd=project)
    assert harmless.returncode == 0, harmless.stderr
    assert "0 of 1 checks of HEAD against HEAD~1 were red" in harmless.stdout

    change(project, "range(count)", "range(2 * count)")
    slower = bench_models("record", "HEAD~1", "HEAD", *options, cwd=project)
    assert slower.returncode == 1, slower.stderr
    assert "1 of 1 checks of HEAD against HEAD~1 were red" in slower.stdout
    folders = {number: project / "results" / "record" / number for number in ("01", "02")}
    assert {number: report(folder)["sums.time_total"]["verdict"] for number, folder in folders.items()} == {
        "01": "unchanged",
        "02": "regressed",
    }

    replayed = bench_models("replay", str(project / "results" / "record" / "01"), cwd=project)
    assert replayed.returncode == 2
    assert "give records of a commit against itself" in replayed.stderr


def test_record_of_a_commit_with_itself_twice_names_what_to_do(project: Path, bench_models: Run) -> None:
    """As `check` does; one name is enough."""
    done = bench_models("record", "main", "main", "--python", "same", cwd=project)
    assert done.returncode == 2
    assert "are the same commit" in done.stderr
