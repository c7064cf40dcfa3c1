"""zizmor and GitHub's schema, as tox -e workflows runs them, find what is planted."""

import subprocess
import sysconfig
from pathlib import Path

import pytest
from support import REPOSITORY

_PROGRAMS = Path(sysconfig.get_path("scripts"))
_TESTS = (REPOSITORY / ".github" / "workflows" / "tests.yml").read_text(encoding="utf-8")


def zizmor(folder: Path) -> "subprocess.CompletedProcess[str]":
    """Look for weak spots in a folder; nothing is asked of any server."""
    command = [str(_PROGRAMS / "zizmor"), "--offline", "--strict-collection", "--no-progress", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def schema(kind: str, *files: Path) -> "subprocess.CompletedProcess[str]":
    """Hold files against one of GitHub's schemas, which comes with the program."""
    command = [str(_PROGRAMS / "check-jsonschema"), "--builtin-schema", f"vendor.github-{kind}", *map(str, files)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    """Return where a workflow is planted."""
    (tmp_path / ".github" / "workflows").mkdir(parents=True)
    return tmp_path / ".github" / "workflows" / "tests.yml"


def test_nothing_is_found_in_our_own() -> None:
    """Workflows and actions."""
    found = zizmor(REPOSITORY / ".github")
    assert found.returncode == 0, found.stdout + found.stderr
    for kind, files in (("workflows", "workflows/*.yml"), ("actions", "actions/*/action.yml")):
        held = schema(kind, *(REPOSITORY / ".github").glob(files))
        assert held.returncode == 0, held.stdout + held.stderr


@pytest.mark.parametrize(
    ("old", "new", "audit"),
    [
        ("@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2", "@v6", "unpinned-uses"),
        ("          persist-credentials: false\n", "          fetch-depth: 0\n", "artipacked"),
        ('tox -e "$ENVIRONMENT"', "tox -e ${{ github.event.pull_request.title }}", "template-injection"),
        ("  pull_request:\n", "  pull_request_target:\n", "dangerous-triggers"),
    ],
)
def test_weak_spot_is_found(planted: Path, old: str, new: str, audit: str) -> None:
    """By zizmor, without a network."""
    assert old in _TESTS
    planted.write_text(_TESTS.replace(old, new), encoding="utf-8")
    found = zizmor(planted.parents[1])
    assert found.returncode != 0
    assert f"[{audit}]" in found.stdout


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    timeout-minutes: 30\n", "    timeout-minutes: soon\n"),
        ("    runs-on: ubuntu-24.04\n", "    runs-upon: ubuntu-24.04\n"),
        ("  contents: read\n", "  contents: sometimes\n"),
        ("jobs:\n", "job:\n"),
    ],
)
def test_word_that_github_does_not_know_is_found(planted: Path, old: str, new: str) -> None:
    """By its schema."""
    assert old in _TESTS
    planted.write_text(_TESTS.replace(old, new), encoding="utf-8")
    assert schema("workflows", planted).returncode != 0


def test_action_without_steps_is_found(tmp_path: Path) -> None:
    """By the schema of actions."""
    (tmp_path / "action.yml").write_text("name: x\ndescription: y\nruns: {using: composite}\n", encoding="utf-8")
    assert schema("actions", tmp_path / "action.yml").returncode != 0
