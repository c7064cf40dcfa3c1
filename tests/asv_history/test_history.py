"""The newest commits without results are measured, missed ones later, and never a whole history at once."""

import json
from pathlib import Path

import pytest
from support.publishers import measure, remote_with
from support.tiny_project import commit_all, git

from bench_models.asv.history import LOOK_BACK, plan
from bench_models.asv.results import knows_machine, name_machine
from bench_models.errors import BenchModelsError
from bench_models.machine import this_machine
from bench_models.results_branch.records import LONGEST_REASON
from bench_models.results_branch.sync import ATTEMPTS
from bench_models.stats.change_points import LASTING, SCATTERS


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Return a clone with six commits."""
    _, (made,) = remote_with(tmp_path, 1)
    for number in range(5):
        (made / "notes.txt").write_text(str(number), encoding="utf-8")
        commit_all(made, f"Change {number}")
    return made


def commits(clone: Path) -> list[str]:
    """Return the hashes of main, newest first."""
    return git("rev-list", "main", cwd=clone).split()


def test_first_run_measures_the_newest_commit_alone(clone: Path) -> None:
    """The history before it would take days."""
    assert plan(clone, 3).now == (commits(clone)[0],)
    assert plan(clone, 3).later == ()


def test_new_and_missed_commits_are_measured_newest_first(clone: Path) -> None:
    """A job that was killed left a gap; what is older than all results is let go."""
    newest, second, third, missed, oldest, _ = commits(clone)
    for commit in (third, oldest):
        measure(clone, commit, {"suite.time_it": 1.0})

    assert (plan(clone, 2).now, plan(clone, 2).later) == ((newest, second), (missed,))


def test_nothing_new_is_nothing_to_do(clone: Path) -> None:
    """Also when another machine measured it."""
    measure(clone, commits(clone)[0], {"suite.time_it": 1.0}, machine="other")
    assert plan(clone, 2).now == ()


def test_newest_commit_is_tried_again_where_a_benchmark_failed(clone: Path) -> None:
    """Asv then skips what succeeded."""
    newest = commits(clone)[0]
    file = measure(clone, newest, {"suite.time_it": 1.0, "suite.time_broken": 2.0})
    data = json.loads(file.read_text(encoding="utf-8"))
    data["results"]["suite.time_broken"][0] = None
    file.write_text(json.dumps(data), encoding="utf-8")

    assert plan(clone, 2).now == (newest,)


def test_commits_of_long_ago_are_let_go(clone: Path) -> None:
    """However many were never measured."""
    measure(clone, commits(clone)[-1], {"suite.time_it": 1.0})
    for number in range(LOOK_BACK):
        (clone / "notes.txt").write_text(f"again {number}", encoding="utf-8")
        commit_all(clone, f"Again {number}")
    planned = plan(clone, 2)
    assert len(planned.now) + len(planned.later) == 1


def test_branch_that_the_clone_does_not_have_is_one_sentence(clone: Path) -> None:
    """With what to do."""
    git("switch", "--quiet", "--detach", cwd=clone)
    git("branch", "--quiet", "--delete", "--force", "main", cwd=clone)
    with pytest.raises(BenchModelsError, match=r"branch main, which this clone does not have.*fetch-depth: 0"):
        plan(clone, 2)


def test_machine_is_named_by_its_processor_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hosts that come and go share a name; one that its owner named keeps it."""
    monkeypatch.setenv("HOME", str(tmp_path))
    cores = this_machine().cores
    assert not knows_machine()

    name = name_machine()

    assert name.endswith(f"-{cores}-cores")
    assert name == name.lower().strip("-")
    file = tmp_path / ".asv-machine.json"
    told = json.loads(file.read_text(encoding="utf-8"))
    assert told[name]["cpu"] == this_machine().cpu
    file.write_text(json.dumps({"mine": told[name] | {"machine": "mine"}, "version": 1}), encoding="utf-8")
    assert name_machine() == "mine"


def test_page_about_publishing_quotes_what_the_code_says() -> None:
    """Prose that drifts from the code is worse than none."""
    page = " ".join((Path(__file__).parents[2] / "docs" / "publishing.md").read_text(encoding="utf-8").split())
    words: dict[float, str] = {3: "three"}
    assert f"none older than {LOOK_BACK} commits" in page
    assert f"the pull requests of the newest {LOOK_BACK} commits" in page
    assert f"It tries {ATTEMPTS} times" in page
    assert f"at most {LONGEST_REASON} visible characters" in page
    assert f"lasted for {words[LASTING]} measured commits" in page
    assert f"more than {words[SCATTERS]} standard deviations" in page
