"""What our workflows promise, and neither zizmor nor GitHub's schema looks at; each rule is seen to fail."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from support import REPOSITORY

WORKFLOWS = sorted((REPOSITORY / ".github" / "workflows").glob("*.yml"))
ACTIONS = sorted((REPOSITORY / ".github" / "actions").glob("*/action.yml"))
_PINNED = re.compile(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+(\.\d+)+$")
_EXPRESSION = "${{"


def broken_rules(text: str) -> list[str]:
    """Return the rules that a workflow or action breaks."""
    return sorted({*_unpinned(text), *_of_jobs(_loaded(text)), *_of_steps(_loaded(text))})


def _loaded(text: str) -> dict[Any, Any]:
    loaded: dict[Any, Any] = yaml.safe_load(text)
    return loaded


def _unpinned(text: str) -> Iterator[str]:
    for line in text.splitlines():
        used = re.search(r"uses: .*", line)
        if used and not used[0].startswith("uses: ./") and not _PINNED.search(used[0]):
            yield "an action is not pinned by a commit with its version beside it"


def _of_jobs(loaded: dict[Any, Any]) -> Iterator[str]:
    if "jobs" not in loaded:  # an action has none
        return
    if "permissions" not in loaded:
        yield "there are no top-level permissions"
    elif any(level == "write" for level in _levels(loaded["permissions"])):
        yield "a token may write in every job"
    if "concurrency" not in loaded:
        yield "there is no concurrency group"
    for job in loaded["jobs"].values():
        if "timeout-minutes" not in job:
            yield "a job has no timeout"
        # YAML takes the word `on` for true.
        if "pull_request" in loaded[True] and any(level == "write" for level in _levels(job.get("permissions", {}))):
            yield "a pull request's code runs beside a token that may write"
        # Any fork's open pull request sets these off.
        if "workflow_run" in loaded[True] and _may_write_contents(job.get("permissions", {})):
            yield "a stranger sets off what may write to a branch"


def _may_write_contents(permissions: object) -> bool:
    return permissions.get("contents") == "write" if isinstance(permissions, dict) else permissions == "write-all"


def _levels(permissions: object) -> list[str]:
    if isinstance(permissions, dict):
        return list(permissions.values())
    return ["write"] if permissions == "write-all" else []


def _steps(loaded: dict[Any, Any]) -> list[dict[str, Any]]:
    jobs = loaded.get("jobs", {}).values()
    return [*(step for job in jobs for step in job["steps"]), *loaded.get("runs", {}).get("steps", ())]


def _of_steps(loaded: dict[Any, Any]) -> Iterator[str]:
    for step in _steps(loaded):
        if _EXPRESSION in step.get("run", ""):
            yield "an expression stands inside a script"
        if len(step.get("run", "").strip().splitlines()) > 3:
            yield "a script has more than three lines"
        if "actions/checkout@" in step.get("uses", "") and step.get("with", {}).get("persist-credentials") is not False:
            yield "a checkout leaves its token behind"


@pytest.mark.parametrize("file", [*WORKFLOWS, *ACTIONS], ids=lambda file: f"{file.parent.name}/{file.name}")
def test_every_rule_is_kept(file: Path) -> None:
    """In all workflows and actions."""
    assert broken_rules(file.read_text(encoding="utf-8")) == []


def test_workflows_are_found() -> None:
    """An empty list would keep every rule."""
    assert {"check.yml", "comment.yml", "tests.yml"} <= {file.name for file in WORKFLOWS}
    assert [file.parent.name for file in ACTIONS] == ["check"]


def test_pull_requests_find_what_main_cached() -> None:
    """A cache is found under its key and its path together, so all that shares a key's beginning shares a path."""
    loaded = [_loaded(file.read_text(encoding="utf-8")) for file in (*WORKFLOWS, *ACTIONS)]
    caches = [step["with"] for each in loaded for step in _steps(each) if "actions/cache/" in step.get("uses", "")]
    paths = {given["path"] for given in caches if not given["key"].startswith("record-")}
    assert paths == {"${{ runner.temp }}/bench-models-home"}


def test_lint_names_every_workflow() -> None:
    """Tox knows no wildcards."""
    text = (REPOSITORY / "tox.ini").read_text(encoding="utf-8")
    assert {str(file.relative_to(REPOSITORY)) for file in (*WORKFLOWS, *ACTIONS)} == set(
        re.findall(r"\.github/\S+\.yml", text)
    )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2", "@v6", "an action is not pinned"),
        (" # v6.0.2", "", "an action is not pinned"),
        ("permissions:\n  contents: read\n", "", "no top-level permissions"),
        ("permissions:\n  contents: read\n", "permissions: write-all\n", "may write in every job"),
        ("  contents: read\n", "  contents: write\n", "may write in every job"),
        ("concurrency:\n  group: tests-${{ github.ref }}\n  cancel-in-progress: true\n", "", "no concurrency group"),
        ("    timeout-minutes: 30\n", "", "no timeout"),
        ("    timeout-minutes: 30\n", "    timeout-minutes: 30\n    permissions: {issues: write}\n", "runs beside"),
        ('tox -e "$ENVIRONMENT"', "tox -e ${{ matrix.environment }}", "inside a script"),
        ("          persist-credentials: false\n", "          fetch-depth: 0\n", "leaves its token"),
        ('tox -e "$ENVIRONMENT"', "|\n          a\n          b\n          c\n          d", "more than three lines"),
    ],
)
def test_each_rule_is_seen_to_fail(old: str, new: str, said: str) -> None:
    """A workflow that breaks it, and that alone."""
    text = (REPOSITORY / ".github" / "workflows" / "tests.yml").read_text(encoding="utf-8")
    assert old in text
    (broken,) = broken_rules(text.replace(old, new))
    assert said in broken


@pytest.mark.parametrize("level", ["{contents: write}", "write-all"])
def test_stranger_writes_to_no_branch(level: str) -> None:
    """In the workflow that follows the check of any fork's pull request."""
    text = (REPOSITORY / ".github" / "workflows" / "comment.yml").read_text(encoding="utf-8")
    (granted,) = re.findall(r"    permissions:\n(?:      .*\n)+", text)
    assert broken_rules(text.replace(granted, f"    permissions: {level}\n")) == [
        "a stranger sets off what may write to a branch"
    ]
