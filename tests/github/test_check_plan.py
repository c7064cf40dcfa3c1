"""The plan of a check: where the pull request began, how many machines share the work, what is cached."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from support.small_suite import HARMLESS, change, pull_request, write_project
from support.tiny_project import commit_all, git

from bench_models.cli.ci import cache_key
from bench_models.errors import BenchModelsError
from bench_models.github.actions import event_of
from bench_models.github.check_job import Plan, plan


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a repository with two benchmarks and a change, and work in it."""
    folder = write_project(tmp_path / "project")
    change(folder, HARMLESS)
    monkeypatch.chdir(folder)
    return folder


def planned(project: Path, *, bench: str = "", most: int = 8, each: int = 60) -> Plan:
    """Plan the check of what is checked out."""
    event = event_of({"pull_request": pull_request(project)})
    return plan(event, config=Path("asv.conf.json"), bench=bench, most=most, each=each)


def test_base_is_where_the_pull_request_left_its_branch(project: Path) -> None:
    """What the branch gained since is no work of the author."""
    parting = git("rev-parse", "main", cwd=project).strip()
    head = git("rev-parse", "HEAD", cwd=project).strip()
    git("checkout", "--quiet", "main", cwd=project)
    (project / "other.py").write_text("x = 1\n", encoding="utf-8")
    commit_all(project, "Go on")
    git("checkout", "--quiet", "change", cwd=project)
    found = planned(project)
    assert (found.base, found.head) == (parting, head)


def test_pull_request_that_was_merged_has_nothing_to_compare(project: Path) -> None:
    """A label on it would compare its commit with itself, which is green whatever it changed."""
    git("checkout", "--quiet", "main", cwd=project)
    git("merge", "--quiet", "--ff-only", "change", cwd=project)
    with pytest.raises(BenchModelsError, match="there is nothing to compare: was the pull request merged"):
        planned(project)


@pytest.mark.parametrize(
    ("most", "each", "bench", "shards"),
    [
        (8, 60, "", ("1/1",)),
        (8, 1, "", ("1/2", "2/2")),
        (1, 1, "", ("1/1",)),
        (8, 1, "track", ("1/1",)),
        (8, 1, "nothing is called so", ("1/1",)),
    ],
)
def test_shards_follow_the_number_of_benchmarks(
    project: Path, most: int, each: int, bench: str, shards: tuple[str, ...]
) -> None:
    """As many as there is work for, and never none: the check itself says what is wrong."""
    assert planned(project, bench=bench, most=most, each=each).shards == shards


def test_outputs_are_a_matrix(project: Path) -> None:
    """A shard's name may be part of an artifact's name, its share may not."""
    rows = json.loads(planned(project, each=1).outputs["shards"])
    assert rows == [{"share": "1/2", "name": "1-of-2"}, {"share": "2/2", "name": "2-of-2"}]


def test_nothing_is_imported_here(project: Path) -> None:
    """The suite is a stranger's code, and runs in a process of its own."""
    planned(project)
    assert not {"counting", "benchmarks.rotten_tomatoes"} & {
        name for name, module in sys.modules.items() if str(project) in str(getattr(module, "__file__", ""))
    }


def test_module_that_cannot_be_imported_is_named_and_the_others_count(
    project: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It may only lack a library here."""
    (project / "benchmarks" / "other.py").write_text("import no_such_library\n", encoding="utf-8")
    assert planned(project, each=1).benchmarks == 2
    assert "benchmarks.other cannot be imported here" in caplog.text


def test_shallow_clone_is_one_sentence(project: Path) -> None:
    """It says which option of the checkout is missing."""
    head = git("rev-parse", "HEAD", cwd=project).strip()
    event = event_of({"pull_request": {"number": 7, "base": {"sha": "0" * 40}, "head": {"sha": head}}})
    with pytest.raises(BenchModelsError, match="fetch-depth: 0"):
        plan(event, config=Path("asv.conf.json"), bench="", most=1, each=1)


def test_wrong_expression_is_one_sentence(project: Path) -> None:
    """As `check` says it."""
    with pytest.raises(BenchModelsError, match=r"--bench '\(' is not a regular expression"):
        planned(project, bench="(")


@pytest.mark.parametrize("event", [{}, {"pull_request": None}, {"pull_request": {"base": {}}}])
def test_event_without_a_pull_request_is_one_sentence(project: Path, event: dict[str, Any]) -> None:
    """A push has none."""
    assert project.is_dir()
    with pytest.raises(BenchModelsError, match="run this on `pull_request`"):
        plan(event_of(event), config=Path("asv.conf.json"), bench="", most=1, each=1)


def test_cache_key_follows_the_recipes(tiny_suite: Path) -> None:
    """Another learning rate trains other weights; another budget does not."""
    first = cache_key([str(tiny_suite)])
    text = tiny_suite.read_text(encoding="utf-8")
    tiny_suite.write_text(text.replace("min_size_reduction_pct=-5.0", "min_size_reduction_pct=-6.0"), encoding="utf-8")
    same = cache_key([str(tiny_suite)])
    tiny_suite.write_text(text.replace("learning_rate=1e-2", "learning_rate=2e-2"), encoding="utf-8")
    assert first.startswith("bench-models-")
    assert cache_key([]) == ""
    assert same == first
    assert cache_key([str(tiny_suite)]) != first
