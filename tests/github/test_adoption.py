"""Another repository adopts the check with the ten lines of docs/service.md."""

import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from support import REPOSITORY
from support.expressions import value
from support.rehearsal import Job, Rehearsal, bare
from support.small_suite import LARGER, change, pull_request, write_project
from support.tiny_project import commit_all

DOCUMENT = (REPOSITORY / "docs" / "service.md").read_text(encoding="utf-8")
(LINES,) = re.findall(r"```yaml\n(.*?)```", DOCUMENT, re.DOTALL)
ACTION = "OWNER/bench_models/.github/actions/check"


def rehearsed(tmp_path: Path, inputs: dict[str, str], code: str) -> Job:
    """Rehearse the ten lines, with inputs of the action, in a repository that has nothing else of this one."""
    project = write_project(tmp_path / "project")
    workflow: dict[Any, Any] = yaml.safe_load(LINES)
    workflow["jobs"]["check"]["steps"][-1]["with"] |= inputs
    file = project / ".github" / "workflows" / "check.yml"
    file.parent.mkdir(parents=True)
    # YAML takes the word `on` for true.
    file.write_text(yaml.safe_dump({"on": workflow.pop(True), **workflow}), encoding="utf-8")
    commit_all(project, "Adopt the check")
    head = change(project, code)
    rehearsal = Rehearsal(
        remote=bare(project, tmp_path),
        scratch=tmp_path / "rehearsal",
        event_name="pull_request",
        event={"action": "opened", "pull_request": pull_request(project)},
        sha=head,
        satisfied=("Install bench-models",),
        actions={ACTION: REPOSITORY / ".github" / "actions" / "check"},
    )
    (job,) = rehearsal.workflow(".github/workflows/check.yml")["check"]
    return job


def test_ten_lines_are_ten() -> None:
    """And the last one is our action."""
    lines = LINES.splitlines()
    assert len(lines) == 10
    assert lines[-1].strip().startswith(f"- {{uses: {ACTION}@COMMIT, ")


def test_workflow_has_the_name_that_the_comment_listens_to() -> None:
    """GitHub calls one without a name by its path, and nothing would follow it."""
    comment: dict[Any, Any] = yaml.safe_load((REPOSITORY / ".github/workflows/comment.yml").read_text(encoding="utf-8"))
    # YAML takes the word `on` for true.
    assert comment[True]["workflow_run"]["workflows"] == [yaml.safe_load(LINES)["name"]]


def test_variable_of_the_repository_reaches_pip() -> None:
    """An action cannot read it: the ten lines hand it over, to the installation and to asv's environments."""
    step = yaml.safe_load(LINES)["jobs"]["check"]["steps"][-1]
    assert step["with"] == {"extra-index-url": "${{ vars.PIP_EXTRA_INDEX_URL }}"}
    action = yaml.safe_load((REPOSITORY / ".github/actions/check/action.yml").read_text(encoding="utf-8"))
    for given, job, heard in (("", "of the job", "of the job"), ("given", "of the job", "given"), ("", "", "")):
        contexts = {"inputs": {"extra-index-url": given}, "env": {"PIP_EXTRA_INDEX_URL": job}}
        steps = {each["name"]: each.get("env", {}) for each in action["runs"]["steps"]}
        for installs in ("Install bench-models", "Measure"):
            assert value(steps[installs]["PIP_EXTRA_INDEX_URL"], contexts) == heard


def test_inputs_of_the_action_are_all_described() -> None:
    """In the table, with their defaults."""
    action = yaml.safe_load((REPOSITORY / ".github/actions/check/action.yml").read_text(encoding="utf-8"))
    rows = [line.split("|") for line in DOCUMENT.splitlines() if line.startswith("| `")]
    described = {name: cells[3] for cells in rows for name in re.findall(r"`([\w-]+)`", cells[1])}
    assert described.keys() == action["inputs"].keys()
    for name in ("config", "python", "all", "strict", "threads", "most-shards", "part"):
        assert action["inputs"][name]["default"] == described[name].strip().strip("`")


@pytest.mark.parametrize(
    ("page", "workflow", "step", "count"),
    [("service", "comment", "Install bench-models", 1), ("publishing", "publish", "Install", 3)],
)
def test_adopted_workflow_installs_from_the_chosen_commit(page: str, workflow: str, step: str, count: int) -> None:
    """The line to put in has the options of the one that it replaces, and the page counts its places."""
    text = (REPOSITORY / "docs" / f"{page}.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"```sh\n *(.*?)\n *```", text)
    *options, constraints, wanted = shlex.split(line)
    assert constraints == "https://raw.githubusercontent.com/OWNER/bench_models/COMMIT/constraints.txt"
    assert Requirement(wanted).url == "git+https://github.com/OWNER/bench_models@COMMIT"
    jobs = yaml.safe_load((REPOSITORY / f".github/workflows/{workflow}.yml").read_text(encoding="utf-8"))["jobs"]
    runs = [each["run"] for job in jobs.values() for each in job["steps"] if "pip install" in each.get("run", "")]
    core = f"{shlex.join(options)} constraints.txt ."
    # Here the job `site` knows suites of models; the page says what to write for that.
    assert [run.replace('".[models]"', ".") for run in runs] == [core] * count
    assert ('".[models]"' in "".join(runs)) == ("`bench-models[models] @`" in text)
    assert f"`{step}`" in text
    assert {1: "one step", 3: "three steps"}[count] in text


def test_page_counts_where_the_branch_stands() -> None:
    """Another default branch takes the place of each."""
    text = (REPOSITORY / ".github/workflows/publish.yml").read_text(encoding="utf-8")
    assert (text.count("ref: main\n"), text.count("branches: [main]\n"), len(re.findall(r"\bmain\]?\n", text))) == (
        3,
        1,
        4,
    )
    page = (REPOSITORY / "docs" / "publishing.md").read_text(encoding="utf-8")
    assert "`main` three times in `ref: main` and once in" in page


@pytest.mark.slow
def test_ten_lines_turn_a_regression_red(tmp_path: Path) -> None:
    """As they stand: both commits in an environment that asv makes, in one job, with the report as artifacts."""
    job = rehearsed(tmp_path, {}, LARGER)
    assert job.status == "failure", job.log
    assert "regressed" in job.summary
    assert "track_size" in job.summary
    handed_over = {folder.name for folder in (tmp_path / "rehearsal" / "artifacts").iterdir()}
    assert handed_over == {"bench-models-shard-1-of-1", "bench-models-report", "bench-models-report-for-people"}


@pytest.mark.parametrize(("name", "step"), [("strict", "Judge"), ("all", "Measure")])
def test_switch_of_the_action_becomes_an_option(name: str, step: str) -> None:
    """Whatever is not true is no option, and never a word of the script."""
    action = yaml.safe_load((REPOSITORY / ".github/actions/check/action.yml").read_text(encoding="utf-8"))
    (described,) = (each for each in action["runs"]["steps"] if each["name"] == step)
    assert f" ${name.upper()} " in described["run"]
    default = action["inputs"][name]["default"]
    for said, option in (("true", f"--{name}"), ("false", ""), ("; ls", ""), (default, "")):
        assert value(described["env"][name.upper()], {"inputs": {name: said}}) == option


@pytest.mark.parametrize(
    ("extras", "installed"), [("", "."), ("models", ".[models]"), ("onnx,models", ".[onnx,models]")]
)
def test_action_installs_the_core_or_what_it_is_told(extras: str, installed: str) -> None:
    """The last word of its line, as bash reads it."""
    action = yaml.safe_load((REPOSITORY / ".github/actions/check/action.yml").read_text(encoding="utf-8"))
    assert action["inputs"]["extras"]["default"] == ""
    (described,) = (each for each in action["runs"]["steps"] if each["name"] == "Install bench-models")
    (line,) = (line for line in described["run"].splitlines() if "pip install" in line)
    shell = ["bash", "-euc", f"printf %s {line.split()[-1]}"]
    environment = {"SOURCE": ".", "EXTRAS": value(described["env"]["EXTRAS"], {"inputs": {"extras": extras}})}
    assert subprocess.run(shell, env=environment, capture_output=True, text=True, check=True).stdout == installed


@pytest.mark.slow
def test_inputs_reach_the_check(tmp_path: Path) -> None:
    """Also what a shell would run, if it were a part of the script."""
    job = rehearsed(tmp_path, {"python": "same", "bench": "track_size; $(touch planted) `touch planted`"}, LARGER)
    assert job.status == "failure"
    assert "no benchmark matches 'track_size; $(touch planted) `touch planted`'" in job.log
    assert job.workspace is not None
    assert not (job.workspace / "planted").exists()
